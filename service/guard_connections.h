// Guards the connections of a running server, as it is configured: what closes them, and what is logged and counted
// then.
#ifndef PARACLE_SERVICE_GUARD_CONNECTIONS_H_
#define PARACLE_SERVICE_GUARD_CONNECTIONS_H_

#include <memory>

#include "service/config.h"
#include "service/limits/connection_guard.h"
#include "service/metrics/connection_meter.h"
#include "service/server.h"

namespace paracle::service {

// `meter` outlives the guard. REQUIRES: `server` has not been told to drain; it may be gone before the guard is.
std::unique_ptr<ConnectionGuard> GuardConnections(const Config& config, const Server& server, ConnectionMeter* meter);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_GUARD_CONNECTIONS_H_
