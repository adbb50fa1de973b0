// RequestWriter writes the gRPC frames of a load test's requests. What does not change from request to request is
// encoded once; a request is then a copy with 32 bytes, or a question's number, filled in.
//
// Immutable after construction, so thread-safe.
#ifndef PARACLE_BENCH_LOAD_REQUEST_WRITER_H_
#define PARACLE_BENCH_LOAD_REQUEST_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "bench/load/payloads.h"

namespace paracle::load {

class RequestWriter {
 public:
  // `payloads` must outlive it.
  RequestWriter(const std::string& name_space, uint64_t seed, absl::Duration ttl, const Payloads* payloads);

  // By digest. Keys with the same number have the same digest.
  void Get(uint64_t key, std::string& frame) const;
  void Set(uint64_t key, std::string& frame) const;
  void BatchGet(const std::vector<uint64_t>& keys, std::string& frame) const;
  void BatchSet(const std::vector<uint64_t>& keys, std::string& frame) const;

  // By CacheKey: a chat completion whose messages are 4 KiB of JSON, the server derives the digest.
  void GetQuestion(uint64_t question, std::string& frame) const;
  void SetQuestion(uint64_t question, std::string_view fill_token, std::string& frame) const;

 private:
  // An encoded message with a hole for what differs.
  struct Template {
    std::string bytes;
    size_t hole = 0;

    Template(std::string encoded, std::string_view placeholder)
        : bytes(std::move(encoded)), hole(bytes.find(placeholder)) {}
  };

  void AppendWithDigest(const Template& form, uint64_t key, std::string& out) const;
  void AppendPayload(uint64_t key, std::string& out) const;
  static void AppendQuestion(const Template& form, uint64_t question, std::string& out);

  uint64_t seed_;
  const Payloads* payloads_;
  Template get_;        // GetRequest
  Template batch_get_;  // BatchGetRequest of one entry
  Template set_;        // SetRequest up to the payload
  Template get_question_;
  Template set_question_;  // SetRequest up to the fill token
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_REQUEST_WRITER_H_
