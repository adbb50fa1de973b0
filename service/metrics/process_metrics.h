// What the system knows of this process, under the names that every Prometheus client library uses.
#ifndef PARACLE_SERVICE_METRICS_PROCESS_METRICS_H_
#define PARACLE_SERVICE_METRICS_PROCESS_METRICS_H_

#include "service/metrics/families.h"

namespace paracle::service {

// Reads /proc; what it does not tell is left out.
void CollectProcess(Families& families);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_PROCESS_METRICS_H_
