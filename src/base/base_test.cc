#include <gtest/gtest.h>

#include <thread>

#include "base/bounded_queue.h"
#include "base/breaker.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/retry.h"
#include "base/time.h"

namespace healer {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(Errc::invalid_input, "odd");
  return value / 2;
}

Result<int> quarter(int value) { return half(TRY(half(value))); }

TEST(Error, TryReturnsTheFirstFailure) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_EQ(Error({Errc::io, "disk", 0}).within("store").message, "store: disk");
}

TEST(Time, Rfc3339RoundTrip) {
  EXPECT_EQ(format_utc(*parse_rfc3339("2026-03-01T12:00:00.123Z")), "2026-03-01T12:00:00.123Z");
  EXPECT_EQ(format_utc(*parse_rfc3339("2024-02-29T23:59:59+01:30")), "2024-02-29T22:29:59.000Z");
  EXPECT_FALSE(parse_rfc3339("2026-13-01T12:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-03-01T12:00:00"));
  EXPECT_FALSE(parse_rfc3339("2026-03-01T12:00:00."));
}

TEST(Time, Durations) {
  EXPECT_EQ(parse_duration("1h30m"), Millis(5'400'000));
  EXPECT_EQ(parse_duration("250ms"), Millis(250));
  EXPECT_FALSE(parse_duration("5"));
  EXPECT_FALSE(parse_duration("-5s"));
  EXPECT_FALSE(parse_duration(""));
  EXPECT_EQ(format_duration(Millis(5'400'000)), "1h30m");
  EXPECT_EQ(format_duration(Millis(0)), "0s");
}

TEST(Ids, Uuid7IsOrderedWithinOneMillisecond) {
  FakeClock clock;
  SystemIds ids(clock);
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    std::string next = ids.uuid7();
    ASSERT_LT(last, next);
    ASSERT_EQ(next[14], '7');
    last = next;
  }
}

TEST(Retry, GrowsAndObeysRetryAfter) {
  const RetryPolicy policy{.attempts_max = 5, .first = Millis(100), .longest = Millis(1000)};
  EXPECT_GE(policy.delay(1, 7), Millis(50));
  EXPECT_LE(policy.delay(1, 7), Millis(100));
  EXPECT_LE(policy.delay(30, 99), Millis(1000));
  EXPECT_EQ(policy.delay(1, 7, Millis(5000)), Millis(5000));
}

TEST(Breaker, RestsLongerEachTimeAndLetsOneTry) {
  const BreakerOptions options{.failures_max = 2, .rest = Millis(100)};
  Breaker breaker;
  EXPECT_FALSE(breaker.failed(options, 0, 7, Millis(0)));
  EXPECT_TRUE(breaker.may_call(options, 1));
  EXPECT_TRUE(breaker.failed(options, 1, 7, Millis(0)));
  EXPECT_FALSE(breaker.may_call(options, 40));
  EXPECT_TRUE(breaker.may_call(options, 101)) << "the trial";
  EXPECT_FALSE(breaker.may_call(options, 102)) << "only one";
  EXPECT_TRUE(breaker.failed(options, 103, 7, Millis(0)));
  EXPECT_FALSE(breaker.may_call(options, 200));
  EXPECT_TRUE(breaker.may_call(options, 303));
  breaker.passed();
  EXPECT_TRUE(breaker.may_call(options, 304));
  EXPECT_TRUE(breaker.may_call(options, 305));
  EXPECT_FALSE(breaker.failed(options, 306, 7, Millis(5000))) << "it asks for time";
  EXPECT_FALSE(breaker.may_call(options, 5305));
  EXPECT_TRUE(breaker.may_call(options, 5306));
}

TEST(BoundedQueue, RefusesWhenFullAndDrainsWhenClosed) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_TRUE(queue.try_push(2));
  EXPECT_FALSE(queue.try_push(3));
  queue.close();
  EXPECT_FALSE(queue.try_push(4));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop_all(), std::vector<int>({2}));
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, PushWaitsForRoom) {
  BoundedQueue<int> queue(1);
  std::jthread producer([&] {
    for (int i = 0; i < 100; ++i) queue.push(int{i});
    queue.close();
  });
  int expected = 0;
  while (auto value = queue.pop()) EXPECT_EQ(*value, expected++);
  EXPECT_EQ(expected, 100);
}

TEST(Hash, IsStableAcrossReleases) {
  EXPECT_EQ(hex16(hash64("healer")), hex16(hash64("healer")));
  EXPECT_EQ(hex16(hash64("")), "ef46db3751d8e999");
}

}  // namespace
}  // namespace healer
