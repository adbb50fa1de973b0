// What CallMeter counted, as metrics: ours by operation, and those of every gRPC server by method.
#ifndef PARACLE_SERVICE_METRICS_CALL_COLLECTOR_H_
#define PARACLE_SERVICE_METRICS_CALL_COLLECTOR_H_

#include "service/metrics/call_meter.h"
#include "service/metrics/families.h"

namespace paracle::service {

void CollectCalls(const CallMeter& meter, Families& families);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_CALL_COLLECTOR_H_
