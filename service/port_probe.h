// Finds out why an address cannot be listened on: gRPC itself does not say.
#ifndef PARACLE_SERVICE_PORT_PROBE_H_
#define PARACLE_SERVICE_PORT_PROBE_H_

#include <string>

#include "service/listen_address.h"

namespace paracle::service {

// For people, as "Address already in use". REQUIRES: it has just failed.
std::string WhyNotBindable(const ListenAddress& address);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_PORT_PROBE_H_
