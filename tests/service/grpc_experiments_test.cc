#include "service/grpc_experiments.h"

#include <cstdlib>

#include "gtest/gtest.h"

namespace paracle::service {
namespace {

constexpr char kVariable[] = "GRPC_EXPERIMENTS";

TEST(GrpcExperimentsTest, TheOneThatLetsAPeerEndTheProcessIsOff) {
  for (const char* given : {"", static_cast<const char*>(nullptr)}) {
    given == nullptr ? unsetenv(kVariable) : setenv(kVariable, given, 1);
    SwitchOffHarmfulExperiments();
    EXPECT_STREQ(getenv(kVariable), "-tcp_read_chunks");
  }
}

TEST(GrpcExperimentsTest, TheOperatorHasTheLastWord) {
  setenv(kVariable, "tcp_read_chunks,tcp_rcv_lowat", 1);
  SwitchOffHarmfulExperiments();
  EXPECT_STREQ(getenv(kVariable), "-tcp_read_chunks,tcp_read_chunks,tcp_rcv_lowat") << "gRPC goes from left to right";
}

}  // namespace
}  // namespace paracle::service
