#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "ports/store/rows.h"

namespace healer {

// Records of one instance and version of a fingerprint in a span of time.
struct CountSum {
  std::string instance, version;
  std::int64_t n = 0;
  UnixMs first_bucket = 0, last_bucket = 0;  // begin of the first and last bucket with a record
};

struct FingerprintSum {
  std::uint64_t fingerprint = 0;
  std::int64_t n = 0;
  UnixMs first_bucket = 0, last_bucket = 0;
};

// Blocking, thread-safe reads of what is committed about counts; they survive kill -9 and are kept
// 24 h. A bucket is in [from, to) if it overlaps it.
class CountReader {
 public:
  virtual ~CountReader() = default;
  virtual Result<std::vector<CountSum>> counts(std::uint64_t fingerprint, UnixMs from,
                                               UnixMs to) = 0;
  // Every fingerprint with a record in [from, to).
  virtual Result<std::vector<FingerprintSum>> active_fingerprints(UnixMs from, UnixMs to) = 0;
  virtual Millis bucket_length() const = 0;
};

// Blocking, thread-safe reads of what must be found again after a restart.
class LookupReader {
 public:
  virtual ~LookupReader() = default;
  virtual Result<std::vector<TemplateRow>> templates() = 0;
  virtual Result<std::vector<CheckpointRow>> checkpoints() = 0;
  virtual Result<std::optional<std::string>> checkpoint(const std::string& source) = 0;
  // The stored response, unless it has expired.
  virtual Result<std::optional<std::string>> idempotent(const std::string& route,
                                                        const std::string& key) = 0;
  virtual Result<std::optional<std::string>> value(const std::string& space,
                                                   const std::string& key) = 0;
};

}  // namespace healer
