#pragma once
#include <cstddef>

#include "base/time.h"

// Every limit of the program in one place, with its unit in its name. A limit that is hit is
// counted as NAME_limit_hits (base/metrics.h) and said in the answer.
namespace healer::limits {

inline constexpr std::size_t kLineBytesMax = 64 * 1024;    // longer lines are cut and marked
inline constexpr std::size_t kEventBytesMax = 256 * 1024;  // joined lines of one event
inline constexpr std::size_t kEventLinesMax = 500;
inline constexpr std::size_t kTailFilesMax = 4096;  // followed at once
inline constexpr Millis kEventHoldMax{250};         // an open event waits for its next line
inline constexpr std::size_t kBodyBytesMax = 32 * 1024 * 1024;         // HTTP body as sent
inline constexpr std::size_t kInflatedBytesMax = 64 * 1024 * 1024;     // after gzip
inline constexpr std::size_t kJsonBodyBytesMax = 4 * 1024 * 1024;      // of what is no log stream
inline constexpr std::size_t kNoticeBytesMax = 64 * 1024;              // of a flow's notification
inline constexpr std::size_t kHttpBodiesBytesMax = 128 * 1024 * 1024;  // of all open requests
inline constexpr std::size_t kSignalQueueBytesMax = 64 * 1024 * 1024;  // waiting to be mined
inline constexpr std::size_t kHttpConnectionsMax = 1024;
inline constexpr std::size_t kStreamClientsMax = 256;
inline constexpr std::size_t kTemplatesPerServiceMax = 20'000;
inline constexpr std::size_t kIncidentsPerServiceMax = 200;  // opened within …
inline constexpr Millis kIncidentsWindow{600'000};           // … this; further ones are one
inline constexpr std::size_t kIncidentsPerBatchMax = 1000;   // opened in one transaction
inline constexpr std::size_t kInstancesPerHourMax = 10'000;  // hosts and versions counted apart
inline constexpr std::size_t kEvidenceLinesMax = 20;         // kept per incident
inline constexpr std::size_t kEvidenceLineBytesMax = 4 * 1024;
inline constexpr std::size_t kTimelineEntriesMax = 500;
inline constexpr std::size_t kWriteQueueMax = 4096;  // batches waiting for the store writer
inline constexpr std::size_t kStepQueueMax = 10'000;
inline constexpr std::size_t kPageRowsMax = 500;            // of a list, asked for at once
inline constexpr std::size_t kOutputBytesMax = 256 * 1024;  // kept of a process' output
inline constexpr std::size_t kAgentPromptBytesMax = 64 * 1024;
inline constexpr std::size_t kAgentOutputBytesMax = 16 * 1024;
inline constexpr std::size_t kAgentFolderDepthMax = 100;  // of the tree that it leaves
inline constexpr std::size_t kConsultedKept = 10'000;     // answers of a model, by fingerprint
inline constexpr Millis kConsultWaitMax{60'000};          // an incident waits for one model
inline constexpr std::size_t kConsultRepairsMax = 1;      // a model may mend its answer
inline constexpr std::size_t kPromptLinesMax = 8;         // of evidence, shown to a model
inline constexpr std::size_t kPromptLineBytesMax = 1500;
inline constexpr std::size_t kPromptTemplateBytesMax = 3000;
inline constexpr std::size_t kPromptParametersMax = 16;
inline constexpr std::size_t kPromptParameterBytesMax = 200;
inline constexpr std::size_t kPromptAnswerBytesMax = 2000;  // an answer that it shall mend
inline constexpr std::size_t kDiffBytesMax = 64 * 1024;
inline constexpr std::size_t kDiffFilesMax = 10;
inline constexpr std::size_t kRepoFilesMax = 50'000;
inline constexpr std::size_t kRepoFileBytesMax = 2 * 1024 * 1024;
inline constexpr std::size_t kConfigFileBytesMax = 256 * 1024;  // read for its settings
inline constexpr std::size_t kRepoSettingsMax = 1'000'000;
inline constexpr Millis kIdempotencyKept{24 * 3'600'000};
inline constexpr std::size_t kIdempotencyKeyBytesMax = 255;
inline constexpr std::size_t kSliceBytes = 256 * 1024;  // of a body, made records at once
inline constexpr Millis kShutdownMax{10'000};

}  // namespace healer::limits
