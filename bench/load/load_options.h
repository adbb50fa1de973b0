// LoadOptions says what a load test does. A plain struct: fill it in, Validate() it, hand it to RunLoadTest.
#ifndef PARACLE_BENCH_LOAD_LOAD_OPTIONS_H_
#define PARACLE_BENCH_LOAD_LOAD_OPTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/threshold.h"
#include "bench/load/value_sizes.h"

namespace paracle::load {

// What one operation is.
enum class LoadMode {
  // A Get or a Set (or a batch of them) by digest.
  kMix,
  // What a miss adds to a model call: Get of a question never asked before, sent as a CacheKey that the server derives
  // the key of, then the Set of its answer. One operation, one latency for both.
  kMissPath,
};

// Shares of Sets and Gets; `1:10` is one Set for every ten Gets.
struct SetGetRatio {
  int sets = 1;
  int gets = 10;

  // Reads "SETS:GETS". INVALID_ARGUMENT says what is accepted.
  static absl::StatusOr<SetGetRatio> Parse(std::string_view text);
  std::string ToString() const;
};

struct LoadOptions {
  // --- Where to.
  std::string endpoint = "localhost:50051";  // HOST:PORT, dns:///HOST:PORT or unix:/path.
  std::string token;                         // Bearer token; empty: none is sent.
  bool tls = false;                          // Also on when any of the three files is given.
  std::string ca_cert_file;                  // PEM; empty: the system's.
  std::string client_cert_file;              // PEM; needs client_key_file.
  std::string client_key_file;               // PEM; needs client_cert_file.

  // --- What. The namespace must be empty before and is cleared afterwards; empty text: one that nobody else uses.
  std::string name_space;
  LoadMode mode = LoadMode::kMix;
  SetGetRatio ratio;
  ValueSizes value_sizes = ValueSizes::Fixed(4096);
  int64_t keyspace = 500;       // Keys stored before the test. More than the server holds lowers the hit ratio.
  double zipf_exponent = 0.99;  // How uneven the keys are asked for, 0 (all alike) to 5.
  double hit_ratio = 1.0;       // Share of Gets aimed at stored keys, 0 to 1; the others ask what was never stored.
  int batch_size = 1;           // Over 1: BatchGet and BatchSet of that many entries, at most 256.
  bool check_payloads = true;   // False: count hits without looking at them, for servers that answer nonsense fast.
  uint64_t seed = 1;            // Same seed, same sequence of keys, sizes and kinds.

  // --- How hard.
  int connections = 4;                                // 1 to 1,000.
  int concurrency = 50;                               // Calls in flight in all; at least one per connection.
  double rate = 0;                                    // Operations per second, open loop; 0: closed loop.
  absl::Duration call_timeout = absl::Seconds(5);     // Deadline of each call, 1 ms to 1 h.
  absl::Duration connect_timeout = absl::Seconds(5);  // Without any connection for so long, the test gives up.

  // --- How long. Exactly one of `requests` and `duration` is positive; both zero means 10,000 requests.
  int64_t requests = 0;
  absl::Duration duration = absl::ZeroDuration();
  absl::Duration warmup = absl::ZeroDuration();  // Same load before it, not counted.

  // --- What must hold.
  std::vector<Threshold> thresholds;

  // Text that the report repeats, to tell runs apart.
  std::string name;

  // INVALID_ARGUMENT naming the option, its value and what is accepted. Calls nobody, reads no file.
  absl::Status Validate() const;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_LOAD_OPTIONS_H_
