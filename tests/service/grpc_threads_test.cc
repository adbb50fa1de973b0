#include "service/grpc_threads.h"

#include <unistd.h>

#include <functional>
#include <future>
#include <set>

#include "gtest/gtest.h"

namespace paracle::service {
namespace {

int ThreadThatAnswers(void (*ask)(std::function<void()>)) {
  std::promise<int> thread;
  ask([&] { thread.set_value(gettid()); });
  return thread.get_future().get();
}

TEST(GrpcThreadsTest, AnswerOnThreadsOfTheirOwn) {
  const std::set<int> threads{gettid(), ThreadThatAnswers(AskExecutor), ThreadThatAnswers(AskCallbackThreads)};
  EXPECT_EQ(threads.size(), 3);
}

}  // namespace
}  // namespace paracle::service
