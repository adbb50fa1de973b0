// FaultProxyLink is one client's connection with its connection to Redis, as FaultProxy keeps them.
//
// Used by the proxy's thread alone. Never blocks; reads no more while a peer has 4 MiB to take.
#ifndef PARACLE_TESTS_SUPPORT_FAULT_PROXY_LINK_H_
#define PARACLE_TESTS_SUPPORT_FAULT_PROXY_LINK_H_

#include <deque>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/resp_framer.h"

namespace paracle::support {

class FaultProxyLink {
 public:
  // Takes both sockets, which do not block; `upstream` may still be connecting. The rest must outlive it.
  FaultProxyLink(int client, int upstream, std::mt19937_64* random, FaultCounters* counters);
  ~FaultProxyLink();
  FaultProxyLink(const FaultProxyLink&) = delete;
  FaultProxyLink& operator=(const FaultProxyLink&) = delete;

  int client() const { return client_; }
  int upstream() const { return upstream_; }
  // What to poll for; 0 while nothing may be done.
  short ClientEvents(const Fault& fault, absl::Time now) const;
  short UpstreamEvents(const Fault& fault) const;
  // When bytes that wait may go.
  absl::Time NextDue() const;

  // Does what the sockets allow. `ready`: what poll said.
  void OnClient(short ready, const Fault& fault, absl::Time now);
  void OnUpstream(short ready, const Fault& fault, absl::Time now);
  // Another fault holds now: a reply that waits for its partner goes.
  void OnFaultChange(absl::Time now);
  void Reset();  // RST to the client.
  bool over() const { return over_; }

 private:
  struct Expected {
    std::string command;
    std::string injected;  // Not empty: this is the reply.
    int64_t replies = 1;
  };
  struct Piece {
    std::string bytes;
    absl::Time due;
    size_t sent = 0;
  };

  void TakeRequests(std::string_view bytes, const Fault& fault, absl::Time now);
  void TakeRequestBytes(std::string_view bytes, const Fault& fault);
  void DecideRequest(const Fault& fault);
  void EndRequest(absl::Time now);
  void TakeReplies(std::string_view bytes, const Fault& fault, absl::Time now);
  void TakeReplyBytes(std::string_view bytes, absl::Time now);
  void EndReply(const Fault& fault, absl::Time now);
  void Answer(const std::string& command, std::string reply, const Fault& fault, absl::Time now);
  void Swap(std::string reply, absl::Time now);
  void SendInjected(absl::Time now);
  void Send(std::string bytes, absl::Time due);
  void FlushClient(const Fault& fault, absl::Time now);
  void FlushUpstream();
  bool Applies(const Fault& fault, std::string_view command) const;
  bool Roll(double probability);
  bool IsMessage() const;

  const int client_;
  const int upstream_;
  std::mt19937_64* random_;
  FaultCounters* counters_;
  bool over_ = false;
  bool closing_ = false;  // Over as soon as `to_client_` is sent.

  RespFramer requests_;
  bool decided_ = false;   // What becomes of the request that is being read.
  std::string undecided_;  // Its bytes until then.
  std::string injected_;   // The reply that it gets instead of Redis'.
  std::string to_upstream_;
  std::deque<Expected> expected_;  // In the order of the requests.

  RespFramer replies_;
  std::string reply_;       // What was read of the reply.
  bool streaming_ = false;  // It is too large to keep.
  bool subscribed_ = false;
  std::optional<std::string> waiting_;  // For the reply that overtakes it.
  std::deque<Piece> to_client_;
  size_t to_client_bytes_ = 0;
};

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_FAULT_PROXY_LINK_H_
