// Reads answers of Get and BatchGet in place, since building protobuf messages of them would copy every payload.
//
// Knows only the fields that a load test looks at; answer_reader_test holds it against the generated messages.
#ifndef PARACLE_BENCH_LOAD_ANSWER_READER_H_
#define PARACLE_BENCH_LOAD_ANSWER_READER_H_

#include <optional>
#include <string_view>
#include <vector>

namespace paracle::load {

struct LookupAnswer {
  enum class Kind { kHit, kMiss, kOther };
  Kind kind = Kind::kOther;     // kOther: lease, pending, an entry too large for its batch, an entry's error, nothing.
  std::string_view payload;     // Of a hit; a view into the answer.
  std::string_view fill_token;  // Of a miss; likewise.
};

// Reads a GetResponse. nullopt: not a well-formed message.
std::optional<LookupAnswer> ReadGetResponse(std::string_view message);

// Reads a BatchGetResponse into `answers`, one for each result. False: not a well-formed message.
bool ReadBatchGetResponse(std::string_view message, std::vector<LookupAnswer>& answers);

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_ANSWER_READER_H_
