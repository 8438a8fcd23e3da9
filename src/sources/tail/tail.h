#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "stages/ingest/payload.h"

namespace healer {

// How far a file has been read. The head tells a reused inode or a truncated and rewritten file.
struct ReadMark {
  std::uint64_t offset = 0;
  std::uint64_t head_bytes = 0;  // how many first bytes `head_hash` covers
  std::uint64_t head_hash = 0;
};

// Kept by the caller, and only after what it covers is committed.
struct Checkpoint : ReadMark {
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool skipping = false;  // offset is inside a line that was cut: skip to its end
  ReadMark truncated;     // what it was when the file was truncated last: tells the copy of that

  std::string key() const;                          // one per file: "tail:DEVICE:INODE"
  Checkpoint before(std::size_t held_bytes) const;  // the same, that many bytes earlier

  std::string bytes() const;  // versioned
  static Result<Checkpoint> from_bytes(std::string_view bytes);
};

// What a glob of TailOptions names now; packed files are left out.
std::vector<std::string> files_of_glob(const std::string& glob);

struct TailOptions {
  std::vector<std::string> globs;  // of files; `*` and `?` in any part
  std::vector<int> own;    // descriptors that healer's own log goes to: their files are left out
  UnixMs first_start = 0;  // healer's first start ever: files born before it begin at their end
  Millis rescan{1000};     // how often globs are looked at where inotify says nothing
};

enum class SinkAnswer { taken, busy };

// Follows files through rotation by rename and copytruncate. `sink` gets whole lines only, each
// payload with the checkpoint that is right once it is committed (a payload may be empty: then only
// its checkpoint counts); on `busy` the same bytes are offered again at the next poll. Keep one
// StreamState per Checkpoint::key(). `deleted` gets the key of a file that is gone and fully read.
class Tail {
 public:
  using Sink = std::function<SinkAnswer(RawPayload payload, Checkpoint after)>;
  using Finished = std::function<void(std::string_view key)>;

  // `saved`: what the store has. A file in it goes on from there; also one renamed meanwhile.
  Tail(TailOptions options, std::vector<Checkpoint> saved, const Clock& clock, Sink sink,
       Finished finished = {});
  ~Tail();

  // Looks at globs and files once and hands on all that is there. True if anything was read.
  bool poll_once();

  // Polls until stop() from any thread, waiting for inotify or options.rescan in between.
  void run();
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace healer
