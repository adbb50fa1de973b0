#include "tests/support/fault_proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/redis_process.h"

namespace paracle::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::Duration kShort = absl::Milliseconds(200);

class FaultProxyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(ServerKind::kRedis);
    redis_ = std::make_unique<RedisProcess>();
    proxy_ = std::make_unique<FaultProxy>(redis_->Port());
  }

  BlockingRedis Client(absl::Duration timeout = absl::Seconds(5)) {
    return BlockingRedis::Tcp(proxy_->Port(), timeout);
  }
  void Meet(Fault::Kind kind) {
    Fault fault;
    fault.kind = kind;
    proxy_->Set(fault);
  }

  std::unique_ptr<RedisProcess> redis_;
  std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(FaultProxyTest, IsNotNoticedWithoutAFault) {
  BlockingRedis client = Client();
  for (int i = 0; i < 1000; ++i) client.Append({"ECHO", std::to_string(i)});
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.Read().ToString(), std::to_string(i));
  EXPECT_EQ(client.Command({"EVAL", "return {1,{2,{3,'four'}},false}", "0"}).ToString(), "[1, [2, [3, four]], (nil)]");
  EXPECT_EQ(proxy_->counters().requests, 1001);
  EXPECT_EQ(proxy_->counters().replies, 1001);
}

TEST_F(FaultProxyTest, StreamsValuesOfAnySize) {
  const std::string large(48 << 20, 'x');
  BlockingRedis client = Client(absl::Seconds(60));
  EXPECT_EQ(client.Command({"SET", "k", large}).ToString(), "OK");
  EXPECT_TRUE(client.Command({"GET", "k"}).text == large);
  EXPECT_EQ(client.Command({"PING"}).ToString(), "PONG");
}

TEST_F(FaultProxyTest, DelaysEveryReplyInItsOrder) {
  BlockingRedis client = Client();
  proxy_->Set(Fault::Delay(absl::Milliseconds(100), absl::Milliseconds(50)));
  const absl::Time start = absl::Now();
  for (int i = 0; i < 50; ++i) client.Append({"ECHO", std::to_string(i)});
  for (int i = 0; i < 50; ++i) ASSERT_EQ(client.Read().ToString(), std::to_string(i));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(100));
  EXPECT_LE(absl::Now() - start, absl::Seconds(2));
  EXPECT_EQ(proxy_->counters().delayed, 50);
}

TEST_F(FaultProxyTest, SwallowsRepliesOfOneCommand) {
  BlockingRedis client = Client();
  Fault fault;
  fault.kind = Fault::Kind::kDrop;
  fault.command = "GET";
  proxy_->Set(fault);
  client.Append({"GET", "k"});
  client.Append({"ECHO", "next"});
  EXPECT_EQ(client.Read().ToString(), "next");
  EXPECT_EQ(proxy_->counters().dropped, 1);
}

TEST_F(FaultProxyTest, SwallowsAShareOfTheReplies) {
  BlockingRedis client = Client(kShort);
  Fault fault;
  fault.kind = Fault::Kind::kDrop;
  fault.probability = 0.25;
  proxy_->Set(fault);
  for (int i = 0; i < 400; ++i) client.Append({"PING"});
  while (!client.Read().broken()) {
  }
  EXPECT_NEAR(static_cast<double>(proxy_->counters().dropped), 100, 40);
}

TEST_F(FaultProxyTest, ResetsTheConnectionAtItsNextRequest) {
  BlockingRedis client = Client();
  Meet(Fault::Kind::kReset);
  EXPECT_THAT(client.Command({"PING"}).ToString(), HasSubstr("reset by peer"));
  EXPECT_EQ(proxy_->counters().reset, 1);
  proxy_->Heal();
  EXPECT_EQ(Client().Command({"PING"}).ToString(), "PONG");
}

TEST_F(FaultProxyTest, SwallowsEverythingAsABlackHoleAndAnswersWhenHealed) {
  BlockingRedis patient = Client();
  BlockingRedis before = Client(kShort);
  Meet(Fault::Kind::kBlackhole);
  EXPECT_TRUE(before.Command({"PING"}).broken());
  BlockingRedis after = Client(kShort);
  EXPECT_TRUE(after.connected());
  EXPECT_TRUE(after.Command({"PING"}).broken());
  proxy_->Heal();
  EXPECT_EQ(patient.Command({"PING"}).ToString(), "PONG");
}

TEST_F(FaultProxyTest, RefusesAndListensAgainOnTheSamePort) {
  BlockingRedis client = Client();
  Meet(Fault::Kind::kRefuse);
  EXPECT_TRUE(client.Command({"PING"}).broken());
  EXPECT_THAT(Client().Command({"PING"}).ToString(), HasSubstr("refused"));
  proxy_->Heal();
  EXPECT_EQ(Client().Command({"PING"}).ToString(), "PONG");
}

TEST_F(FaultProxyTest, EndsTheConnectionInTheMidstOfAReply) {
  BlockingRedis client = Client();
  Meet(Fault::Kind::kTruncate);
  EXPECT_THAT(client.Command({"ECHO", "a reply that is longer than its half"}).ToString(), StartsWith("(broken)"));
  EXPECT_EQ(proxy_->counters().truncated, 1);
}

TEST_F(FaultProxyTest, SlicesRepliesToSingleBytes) {
  BlockingRedis client = Client();
  Meet(Fault::Kind::kSlice);
  const std::string text(5000, 't');
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.Command({"ECHO", text}).ToString(), text);
  EXPECT_EQ(proxy_->counters().sliced, 5);
}

TEST_F(FaultProxyTest, SwapsTwoReplies) {
  BlockingRedis client = Client();
  Meet(Fault::Kind::kWrongOrder);
  client.Append({"ECHO", "first"});
  client.Append({"ECHO", "second"});
  client.Append({"ECHO", "third"});
  EXPECT_EQ(client.Read().ToString(), "second");
  EXPECT_EQ(client.Read().ToString(), "first");
  EXPECT_EQ(client.Read().ToString(), "third");
  EXPECT_EQ(proxy_->counters().swapped, 1);
}

TEST_F(FaultProxyTest, DoublesAReply) {
  BlockingRedis client = Client();
  Meet(Fault::Kind::kDuplicate);
  EXPECT_EQ(client.Command({"ECHO", "first"}).ToString(), "first");
  EXPECT_EQ(client.Command({"ECHO", "second"}).ToString(), "first");
  EXPECT_GE(proxy_->counters().duplicated, 1);
}

TEST_F(FaultProxyTest, AnswersWithErrorsInTheirPlaceAndRedisNeverSeesTheRequest) {
  BlockingRedis client = Client();
  proxy_->Set(Fault::OutOfMemory());
  client.Append({"ECHO", "before"});
  client.Append({"set", "k", "v"});
  client.Append({"ECHO", "after"});
  EXPECT_EQ(client.Read().ToString(), "before");
  EXPECT_THAT(client.Read().ToString(), StartsWith("(error) OOM"));
  EXPECT_EQ(client.Read().ToString(), "after");
  EXPECT_EQ(redis_->CountKeys(), 0);
  EXPECT_EQ(proxy_->counters().errors, 1);
}

TEST_F(FaultProxyTest, KnowsTheErrorsOfASickServer) {
  BlockingRedis client = Client();
  for (const auto& [fault, word] : {std::pair{Fault::Loading(), "LOADING"},
                                    {Fault::Busy(), "BUSY"},
                                    {Fault::NoAuth(), "NOAUTH"},
                                    {Fault::ReadOnly(), "READONLY"}}) {
    proxy_->Set(fault);
    EXPECT_THAT(client.Command({"SET", "k", "v"}).ToString(), StartsWith(std::string("(error) ") + word));
  }
  EXPECT_TRUE(client.Command({"GET", "k"}).nil()) << "READONLY is for writes";
}

TEST_F(FaultProxyTest, LosesAShareOfTheMessagesAndNoReply) {
  BlockingRedis subscriber = Client(kShort);
  subscriber.Append({"SUBSCRIBE", "one", "two"});
  EXPECT_EQ(subscriber.Read().ToString(), "[subscribe, one, 1]");
  EXPECT_EQ(subscriber.Read().ToString(), "[subscribe, two, 2]");
  proxy_->Set(Fault::DropMessages(0.5));
  for (int i = 0; i < 200; ++i) redis_->Command({"PUBLISH", "one", std::to_string(i)});
  EXPECT_EQ(subscriber.Command({"PING"}).ToString().empty(), false);
  int received = 0;
  while (subscriber.Read().kind == RedisReply::Kind::kArray) ++received;
  EXPECT_NEAR(received, 100, 40);
  EXPECT_EQ(proxy_->counters().messages, 200);
  EXPECT_EQ(proxy_->counters().replies, 3) << "two subscriptions, one PING";
}

TEST_F(FaultProxyTest, EndsItsClientsWhenRedisIsGoneAndServesItsReturn) {
  BlockingRedis client = Client();
  EXPECT_EQ(client.Command({"PING"}).ToString(), "PONG");
  redis_->Kill();
  EXPECT_TRUE(client.Command({"PING"}).broken());
  EXPECT_TRUE(Client().Command({"PING"}).broken());
  redis_->Restart();
  EXPECT_EQ(Client().Command({"PING"}).ToString(), "PONG");
}

}  // namespace
}  // namespace paracle::support
