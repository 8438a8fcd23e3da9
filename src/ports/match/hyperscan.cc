#include <hs/hs.h>

#include <algorithm>
#include <mutex>

#include "ports/match/matcher.h"

namespace healer {
namespace {

// No UTF8 flag: logs hold any bytes, and it would make the match of an invalid text undefined.
constexpr unsigned kFlags = HS_FLAG_SINGLEMATCH | HS_FLAG_MULTILINE | HS_FLAG_ALLOWEMPTY;

struct DatabaseFree {
  void operator()(hs_database_t* database) const { hs_free_database(database); }
};
using Database = std::unique_ptr<hs_database_t, DatabaseFree>;

int on_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* out) {
  static_cast<std::vector<std::uint32_t>*>(out)->push_back(id);
  return 0;
}

class Hyperscan final : public Matcher {
 public:
  explicit Hyperscan(Database database) : database_(std::move(database)) {}
  ~Hyperscan() override {
    for (hs_scratch_t* scratch : free_) hs_free_scratch(scratch);
  }

  std::vector<std::uint32_t> scan(std::string_view text) const override {
    std::vector<std::uint32_t> out;
    hs_scratch_t* scratch = take();
    if (scratch == nullptr) return out;
    hs_scan(database_.get(), text.data(), static_cast<unsigned>(text.size()), 0, scratch, on_match,
            &out);
    give(scratch);
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

 private:
  // Scratch belongs to one scan at a time; as many are made as threads scan at once.
  hs_scratch_t* take() const {
    {
      std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        hs_scratch_t* out = free_.back();
        free_.pop_back();
        return out;
      }
    }
    hs_scratch_t* made = nullptr;
    return hs_alloc_scratch(database_.get(), &made) == HS_SUCCESS ? made : nullptr;
  }
  void give(hs_scratch_t* scratch) const {
    std::lock_guard lock(mutex_);
    free_.push_back(scratch);
  }

  Database database_;
  mutable std::mutex mutex_;
  mutable std::vector<hs_scratch_t*> free_;
};

Result<Database> compile(const std::vector<Pattern>& patterns, const hs_platform_info_t* platform) {
  std::vector<const char*> expressions;
  std::vector<unsigned> ids, flags;
  for (const auto& pattern : patterns) {
    if (auto captures = Captures::compile(pattern.expression); !captures)
      return std::unexpected(captures.error());
    expressions.push_back(pattern.expression.c_str());
    ids.push_back(pattern.id);
    flags.push_back(kFlags);
  }
  hs_database_t* made = nullptr;
  hs_compile_error_t* error = nullptr;
  if (patterns.empty()) return Database();
  if (hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                       static_cast<unsigned>(patterns.size()), HS_MODE_BLOCK, platform, &made,
                       &error) != HS_SUCCESS) {
    std::string message = error->message;
    if (error->expression >= 0)
      message = patterns[static_cast<std::size_t>(error->expression)].expression + ": " + message;
    hs_free_compile_error(error);
    return fail(Errc::invalid_input, "Hyperscan refuses " + message);
  }
  return Database(made);
}

class Nothing final : public Matcher {
 public:
  std::vector<std::uint32_t> scan(std::string_view) const override { return {}; }
};

}  // namespace

Result<std::unique_ptr<Matcher>> compile_matcher(const std::vector<Pattern>& patterns) {
  Database database = TRY(compile(patterns, nullptr));
  if (!database) return std::make_unique<Nothing>();
  return std::make_unique<Hyperscan>(std::move(database));
}

Result<std::string> serialize_database(const std::vector<Pattern>& patterns) {
  const hs_platform_info_t generic{HS_TUNE_FAMILY_GENERIC, 0, 0, 0};
  const Database database = TRY(compile(patterns, &generic));
  if (!database) return std::string();
  char* bytes = nullptr;
  std::size_t size = 0;
  if (hs_serialize_database(database.get(), &bytes, &size) != HS_SUCCESS)
    return fail(Errc::internal, "cannot serialize the database");
  std::string out(bytes, size);
  std::free(bytes);
  return out;
}

Result<std::unique_ptr<Matcher>> load_matcher(std::string_view bytes) {
  if (bytes.empty()) return std::make_unique<Nothing>();
  hs_database_t* made = nullptr;
  const hs_error_t code = hs_deserialize_database(bytes.data(), bytes.size(), &made);
  if (code == HS_DB_VERSION_ERROR || code == HS_DB_PLATFORM_ERROR)
    return fail(Errc::unsupported, "the pattern database was made for another library or machine");
  if (code != HS_SUCCESS) return fail(Errc::corrupt, "the pattern database is damaged");
  return std::make_unique<Hyperscan>(Database(made));
}

}  // namespace healer
