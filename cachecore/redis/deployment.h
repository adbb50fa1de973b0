// Deployment says which servers there are, as an operator writes it:
//
//   redis://..., rediss://..., unix://...                       one server (url.h)
//   redis://[[user]:password@]host:port,host:port,...           a Cluster, of which these are some nodes
//   redis+cluster://[[user]:password@]host[:port][,...]         the same, also when one name stands for all of them
//   redis+sentinel://[[user]:password@]host[:26379][,...]/master-name[/db]
//                                                               whichever server these Sentinels call that master
//
// and with rediss instead of redis over TLS, Sentinels included. User and password are those of the servers; Sentinels
// are given them too, and are asked without when they refuse them.
#ifndef PARACLE_CACHECORE_REDIS_DEPLOYMENT_H_
#define PARACLE_CACHECORE_REDIS_DEPLOYMENT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/redis/url.h"

namespace paracle::cachecore::redis {

struct Deployment {
  enum class Kind { kServer, kCluster, kSentinel };

  Kind kind = Kind::kServer;
  std::vector<Url> servers = {Url()};  // One; or some nodes; or the Sentinels. Never empty.
  std::string master;                  // Of kSentinel: its name there.

  // INVALID_ARGUMENT, saying what would be accepted; never repeats the password.
  static absl::StatusOr<Deployment> Parse(absl::string_view text);

  // For logs: as above, without user and password.
  std::string ToString() const;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_DEPLOYMENT_H_
