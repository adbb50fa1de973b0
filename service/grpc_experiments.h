// What gRPC ships switched on and must not be.
#ifndef PARACLE_SERVICE_GRPC_EXPERIMENTS_H_
#define PARACLE_SERVICE_GRPC_EXPERIMENTS_H_

namespace paracle::service {

// Switches off, by gRPC's own variable GRPC_EXPERIMENTS, what lets a peer end the process. What the operator has put
// there stays, and has the last word. Not thread-safe: call it before there are threads, and before gRPC is used.
void SwitchOffHarmfulExperiments();

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_GRPC_EXPERIMENTS_H_
