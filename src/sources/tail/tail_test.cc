#include "sources/tail/tail.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/limits.h"
#include "base/metrics.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

class TailTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "healer-tail-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(std::string_view name) const { return (folder_ / name).string(); }
  void append(std::string_view name, std::string_view text) const {
    std::ofstream(path(name), std::ios::app | std::ios::binary) << text;
  }

  // `saved` is what a store would hold: the checkpoints of all that was taken.
  Tail make(UnixMs first_start = 0) {
    std::vector<Checkpoint> saved;
    for (const auto& [key, bytes] : saved_) saved.push_back(Checkpoint::from_bytes(bytes).value());
    return Tail(
        {.globs = {path("*.log")}, .own = own_, .first_start = first_start}, std::move(saved),
        clock_,
        [this](RawPayload payload, Checkpoint after) {
          if (busy_) return SinkAnswer::busy;
          got_ += payload.bytes;
          saved_[after.key()] = after.bytes();
          sources_.push_back(payload.source);
          return SinkAnswer::taken;
        },
        [this](std::string_view key) {
          saved_.erase(std::string(key));
          ++finished_;
        });
  }
  std::string take() { return std::exchange(got_, {}); }

  fs::path folder_;
  FakeClock clock_;
  std::string got_;
  std::map<std::string, std::string> saved_;
  std::vector<std::string> sources_;
  std::vector<int> own_;
  bool busy_ = false;
  int finished_ = 0;
};

TEST_F(TailTest, HandsOnWholeLinesOnly) {
  append("a.log", "one\ntw");
  Tail tail = make();
  EXPECT_TRUE(tail.poll_once());
  EXPECT_EQ(take(), "one\n");
  EXPECT_FALSE(tail.poll_once());
  append("a.log", "o\nthree\n");
  tail.poll_once();
  EXPECT_EQ(take(), "two\nthree\n");
  EXPECT_EQ(sources_.back(), path("a.log"));
}

TEST_F(TailTest, AFileOlderThanTheFirstStartBeginsAtItsEnd) {
  append("a.log", "old\nold, unended");
  {
    Tail tail = make(INT64_MAX);
    tail.poll_once();
    EXPECT_EQ(take(), "");
    EXPECT_EQ(saved_.size(), 1U);  // so that the next start goes on from here
    append("b.log", "new file\n");
    tail.poll_once();
    EXPECT_EQ(take(), "new file\n");
  }
  append("a.log", " rest\nwhile away\n");
  Tail tail = make(INT64_MAX);
  tail.poll_once();
  EXPECT_EQ(take(), "while away\n");
}

TEST_F(TailTest, GoesOnFromItsCheckpoint) {
  append("a.log", "one\ntwo\n");
  {
    Tail tail = make();
    tail.poll_once();
  }
  take();
  append("a.log", "three\n");
  Tail tail = make();
  tail.poll_once();
  EXPECT_EQ(take(), "three\n");
}

TEST_F(TailTest, FollowsARename) {
  append("a.log", "one\n");
  Tail tail = make();
  tail.poll_once();
  append("a.log", "two\n");
  fs::rename(path("a.log"), path("a.log.1"));
  append("a.log", "new one\n");
  append("a.log.1", "late");
  tail.poll_once();
  const std::string got = take();
  EXPECT_NE(got.find("two\n"), std::string::npos);
  EXPECT_NE(got.find("new one\n"), std::string::npos);
  EXPECT_EQ(got.find("late"), std::string::npos);
  tail.poll_once();
  EXPECT_EQ(finished_, 0);
  clock_.advance(Millis(11'000));
  tail.poll_once();
  EXPECT_EQ(take(), "late");  // its last line never ended
  tail.poll_once();
  clock_.advance(Millis(11'000));
  tail.poll_once();
  EXPECT_EQ(finished_, 1);
  EXPECT_EQ(saved_.size(), 1U);
}

TEST_F(TailTest, ARenameWhileAwayLosesNothing) {
  append("a.log", "one\n");
  {
    Tail tail = make();
    tail.poll_once();
  }
  take();
  append("a.log", "two\n");
  fs::rename(path("a.log"), path("a.log.1"));
  append("a.log", "new one\n");
  Tail tail = make();
  tail.poll_once();
  const std::string got = take();
  EXPECT_NE(got.find("two\n"), std::string::npos);
  EXPECT_NE(got.find("new one\n"), std::string::npos);
  EXPECT_EQ(got.find("one\n"), got.find("new one\n") + 4) << got;  // "one" is not read again
}

TEST_F(TailTest, FollowsCopyAndTruncate) {
  append("a.log", "one\ntwo\n");
  Tail tail = make();
  tail.poll_once();
  take();
  fs::copy_file(path("a.log"), path("a.log.1.log"));
  fs::resize_file(path("a.log"), 0);
  append("a.log", "3\n");
  tail.poll_once();
  EXPECT_EQ(take(), "3\n");  // and the copy is known for what it is
}

TEST_F(TailTest, ACopyThatIsStillBeingMadeIsNotReadAgain) {
  for (const std::string name : {"a.log.1.log", "a-20260131.log", "a.2.log"}) {
    const std::string lines = name + "\n" + std::string(600, 'x') + "\nlast\n";
    append("a.log", lines);
    Tail tail = make();
    tail.poll_once();
    EXPECT_EQ(take(), lines);
    append(name, "");
    tail.poll_once();
    append(name, lines.substr(0, 100));
    clock_.advance(Millis(5'000));
    tail.poll_once();
    append(name, lines.substr(100));
    fs::resize_file(path("a.log"), 0);
    clock_.advance(Millis(5'000));
    tail.poll_once();
    append("a.log", "next\n");
    tail.poll_once();
    EXPECT_EQ(take(), "next\n") << name;
    fs::resize_file(path("a.log"), 0);
    tail.poll_once();
  }
}

TEST_F(TailTest, ACopyMadeWhileAwayIsNotReadAgain) {
  append("b.log", "one\ntwo\n");
  {
    Tail tail = make();
    tail.poll_once();
  }
  take();
  append("b.log", "three\n");
  fs::copy_file(path("b.log"), path("b-1.log"));
  fs::resize_file(path("b.log"), 0);
  append("b.log", "4\n");
  Tail tail = make();
  tail.poll_once();
  const std::string got = take();
  EXPECT_TRUE(got == "three\n4\n" || got == "4\nthree\n") << got;
}

TEST_F(TailTest, ACopyMadeJustBeforeTheEndIsNotReadAgain) {
  append("a.log", "one\ntwo\n");
  {
    Tail tail = make();
    tail.poll_once();
    fs::copy_file(path("a.log"), path("elsewhere"));
    fs::resize_file(path("a.log"), 0);
    append("a.log", "3\n");
    tail.poll_once();  // the truncation is seen, the copy is not
  }
  take();
  fs::rename(path("elsewhere"), path("a.1.log"));
  append("a.log", "4\n");
  Tail tail = make();
  tail.poll_once();
  EXPECT_EQ(take(), "4\n");
}

TEST_F(TailTest, AFileOfItsOwnWithTheNameOfACopyIsReadWhole) {
  append("a.log", "banner\none\ntwo\nthree\n");
  Tail tail = make();
  tail.poll_once();
  take();
  append("a-2.log", "banner\n");  // so far it could be a copy in the making
  tail.poll_once();
  EXPECT_EQ(take(), "");
  clock_.advance(Millis(1'100));
  tail.poll_once();
  EXPECT_EQ(take(), "banner\n");
  append("a-3.log", "banner\nother lines than those of a.log\n");
  tail.poll_once();
  EXPECT_EQ(take(), "banner\nother lines than those of a.log\n");
}

TEST_F(TailTest, AnotherDeviceNumberIsTheSameFile) {
  append("a.log", "one\n");
  {
    Tail tail = make();
    tail.poll_once();
  }
  take();
  auto moved = Checkpoint::from_bytes(saved_.begin()->second).value();
  saved_.clear();
  moved.device += 7;
  saved_[moved.key()] = moved.bytes();
  append("a.log", "two\n");
  Tail tail = make();
  tail.poll_once();
  EXPECT_EQ(take(), "two\n");
  ASSERT_EQ(saved_.size(), 1U);  // under its new number alone
  EXPECT_NE(saved_.begin()->first, moved.key());
}

TEST_F(TailTest, AVolumeThatIsNotThereYetLosesNoCheckpoint) {
  fs::create_directory(path("volume"));
  append("volume/a.log", "one\n");
  const auto tail_of_volume = [&] {
    std::vector<Checkpoint> saved;
    for (const auto& [key, bytes] : saved_) saved.push_back(Checkpoint::from_bytes(bytes).value());
    return Tail(
        {.globs = {path("volume/*.log")}}, std::move(saved), clock_,
        [this](RawPayload payload, const Checkpoint& after) {
          got_ += payload.bytes;
          saved_[after.key()] = after.bytes();
          return SinkAnswer::taken;
        },
        [this](std::string_view) { ++finished_; });
  };
  {
    Tail tail = tail_of_volume();
    tail.poll_once();
  }
  EXPECT_EQ(take(), "one\n");
  fs::rename(path("volume"), path("elsewhere"));
  Tail tail = tail_of_volume();
  tail.poll_once();
  EXPECT_EQ(finished_, 0);
  fs::rename(path("elsewhere"), path("volume"));
  append("volume/a.log", "two\n");
  tail.poll_once();
  EXPECT_EQ(take(), "two\n");
}

TEST_F(TailTest, ADirectoryNamedAsALogIsReported) {
  fs::create_directory(path("logs"));
  auto& counter = Metrics::counter("tail_unreadable_files");
  const auto before = counter.load();
  Tail tail({.globs = {path("logs")}}, {}, clock_,
            [](const RawPayload&, const Checkpoint&) { return SinkAnswer::taken; });
  tail.poll_once();
  tail.poll_once();
  EXPECT_EQ(counter.load(), before + 1);
}

TEST_F(TailTest, ATruncatedFileThatGrewPastItsOffsetIsRecognised) {
  append("a.log", "one\n");
  Tail tail = make();
  tail.poll_once();
  take();
  fs::resize_file(path("a.log"), 0);
  append("a.log", "another first line\nand more\n");
  tail.poll_once();
  EXPECT_EQ(take(), "another first line\nand more\n");
}

TEST_F(TailTest, ABusySinkLosesNothing) {
  append("a.log", "one\n");
  Tail tail = make();
  busy_ = true;
  EXPECT_FALSE(tail.poll_once());
  append("a.log", "two\n");
  EXPECT_FALSE(tail.poll_once());
  EXPECT_TRUE(saved_.empty());
  busy_ = false;
  tail.poll_once();
  EXPECT_EQ(take(), "one\ntwo\n");
}

TEST_F(TailTest, AGiantLineIsCutAndTheNextIsWhole) {
  append("a.log", std::string(10'000'000, 'x'));
  Tail tail = make();
  while (tail.poll_once()) {
  }
  EXPECT_EQ(got_.size(), limits::kLineBytesMax + 2);
  take();
  append("a.log", "xxx\nnext\n");
  {
    Tail restarted = make();
    while (restarted.poll_once()) {
    }
  }
  EXPECT_EQ(take(), "next\n");
}

TEST_F(TailTest, UnreadableFilesAreReportedOnceAndTriedAgain) {
  if (::geteuid() == 0) {
    // Root reads everything: a link to itself cannot be opened by anyone.
    fs::create_symlink(path("a.log"), path("a.log"));
  } else {
    append("a.log", "secret\n");
    ::chmod(path("a.log").c_str(), 0);
  }
  auto& counter = Metrics::counter("tail_unreadable_files");
  const auto before = counter.load();
  Tail tail = make();
  tail.poll_once();
  tail.poll_once();
  EXPECT_EQ(counter.load(), before + 1);
  fs::remove(path("a.log"));
  append("a.log", "open now\n");
  tail.poll_once();
  EXPECT_EQ(take(), "open now\n");
}

TEST_F(TailTest, OddThingsAmongTheFilesHoldNothingUp) {
  ASSERT_EQ(::mkfifo(path("fifo.log").c_str(), 0600), 0);
  fs::create_directory(path("folder.log"));
  append("packed.log.gz", "x\n");
  append("a.log", "one\n");
  Tail tail = make();
  tail.poll_once();
  EXPECT_EQ(take(), "one\n");
}

TEST_F(TailTest, WhatHealerItselfWritesIsLeftOut) {
  own_ = {::open(path("healer.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  append("healer.log", "error: said by healer\n");
  append("a.log", "one\n");
  Tail tail = make();
  tail.poll_once();
  EXPECT_EQ(take(), "one\n");
  ::close(own_.front());
}

TEST_F(TailTest, RunsUntilStopped) {
  append("a.log", "one\n");
  Tail* running = nullptr;
  Tail tail({.globs = {path("*.log")}, .rescan = Millis(60'000)}, {}, clock_,
            [&](RawPayload payload, const Checkpoint&) {
              got_ += payload.bytes;
              if (got_ == "one\n") append("a.log", "two\n");  // inotify, not the rescan, sees this
              if (got_ == "one\ntwo\n") running->stop();
              return SinkAnswer::taken;
            });
  running = &tail;
  tail.run();
  EXPECT_EQ(got_, "one\ntwo\n");
}

TEST(Checkpoint, SurvivesItsBytes) {
  Checkpoint one;
  one.path = "/var/log/a b.log";
  one.device = 1;
  one.inode = 2;
  one.offset = 3;
  one.head_bytes = 4;
  one.head_hash = 5;
  one.skipping = true;
  one.truncated = {.offset = 6, .head_bytes = 7, .head_hash = 8};
  const auto two = Checkpoint::from_bytes(one.bytes());
  ASSERT_TRUE(two);
  EXPECT_EQ(two->path, one.path);
  EXPECT_EQ(two->bytes(), one.bytes());
  EXPECT_EQ(two->key(), "tail:1:2");
  EXPECT_EQ(one.before(2).offset, 1U);
  EXPECT_EQ(one.before(99).offset, 0U);
  for (const char* bad :
       {"", "1 2 3", "2 1 2 3 4 5 0 6 7 8 /x", "1 a 2 3 4 5 0 6 7 8 /x", "1 1 2 3 4 5 7 6 7 8 /x"})
    EXPECT_EQ(Checkpoint::from_bytes(bad).error().code, Errc::corrupt) << bad;
}

}  // namespace
}  // namespace healer
