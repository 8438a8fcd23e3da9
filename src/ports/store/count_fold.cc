#include "ports/store/count_fold.h"

#include <algorithm>
#include <cstring>

namespace healer {

namespace {

constexpr char kFormat = 1;

void put_u64(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>((value >> shift) & 0xff);
}

void put_text(std::string& out, const std::string& text) {
  put_u64(out, text.size());
  out += text;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  bool bad() const { return bad_; }

  std::uint64_t u64() {
    if (rest_.size() < 8) return fail_at_end();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
    }
    rest_.remove_prefix(8);
    return value;
  }
  std::string text() {
    const std::uint64_t size = u64();
    if (bad_ || size > rest_.size()) return fail_at_end(), std::string();
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }

 private:
  std::uint64_t fail_at_end() {
    bad_ = true;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool bad_ = false;
};

}  // namespace

void CountFold::add(const CountDelta& delta) {
  add(CountKey{delta.fingerprint, bucket_of(delta.at), delta.instance, delta.version}, delta.n);
}

void CountFold::add(const CountKey& key, std::int64_t n) {
  std::int64_t& sum = sums_[key];
  if (__builtin_add_overflow(sum, n, &sum)) sum = n > 0 ? INT64_MAX : INT64_MIN;
}

std::string CountFold::encode() const {
  std::string out(1, kFormat);
  for (const auto& [key, n] : sums_) {
    put_u64(out, key.fingerprint);
    put_u64(out, static_cast<std::uint64_t>(key.bucket));
    put_u64(out, static_cast<std::uint64_t>(n));
    put_text(out, key.instance);
    put_text(out, key.version);
  }
  return out;
}

Result<void> CountFold::decode(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != kFormat) {
    return fail(Errc::corrupt, "store: a row of count_delta has a format this release cannot read");
  }
  Reader reader(bytes.substr(1));
  while (!reader.done()) {
    CountKey key;
    key.fingerprint = reader.u64();
    key.bucket = static_cast<UnixMs>(reader.u64());
    const auto n = static_cast<std::int64_t>(reader.u64());
    key.instance = reader.text();
    key.version = reader.text();
    if (reader.bad()) return fail(Errc::corrupt, "store: a row of count_delta is cut short");
    add(key, n);
  }
  return {};
}

void merge_into(std::vector<CountSum>& sums, const CountKey& key, std::int64_t n) {
  auto it = std::find_if(sums.begin(), sums.end(), [&](const CountSum& sum) {
    return sum.instance == key.instance && sum.version == key.version;
  });
  if (it == sums.end()) {
    sums.push_back({key.instance, key.version, n, key.bucket, key.bucket});
    return;
  }
  it->n += n;
  it->first_bucket = std::min(it->first_bucket, key.bucket);
  it->last_bucket = std::max(it->last_bucket, key.bucket);
}

void merge_into(std::map<std::uint64_t, FingerprintSum>& sums, const CountKey& key,
                std::int64_t n) {
  auto [it, fresh] =
      sums.try_emplace(key.fingerprint, FingerprintSum{key.fingerprint, 0, key.bucket, key.bucket});
  it->second.n += n;
  it->second.first_bucket = std::min(it->second.first_bucket, key.bucket);
  it->second.last_bucket = std::max(it->second.last_bucket, key.bucket);
}

}  // namespace healer
