#include "service/audit_log.h"

#include <fcntl.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/service/auth_server.h"
#include "tests/support/fake_clock.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class AuditLogTest : public ::testing::Test {
 protected:
  std::vector<std::string> Lines() const {
    return absl::StrSplit(auth::TemporaryDirectory::Read(directory_.Path("audit")), '\n', absl::SkipEmpty());
  }

  AuditLine Refusal(const std::string& caller, absl::string_view result = "PERMISSION_DENIED") const {
    AuditLine line;
    line.caller = caller;
    line.method = "Set";
    line.ns = "acme";
    line.result = result;
    line.peer = "ipv4:10.0.0.1:1234";
    return line;
  }

  auth::TemporaryDirectory directory_;
  cachecore::FakeClock clock_;
  std::unique_ptr<AuditLog> log_ = *AuditLog::Open(directory_.Path("audit"), &clock_);
};

TEST_F(AuditLogTest, ALineSaysWhoDidWhatWhereAndHowItEnded) {
  AuditLine line = Refusal("ops");
  line.method = "Invalidate";
  line.target = "tag";
  line.count = 3;
  line.result = "OK";
  line.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  log_->Done(line);
  EXPECT_THAT(Lines(), ElementsAre(R"({"time":"2023-11-14T22:13:21.000Z","level":"audit","message":"done",)"
                                   R"("caller":"ops","method":"Invalidate","namespace":"acme","target":"tag",)"
                                   R"("count":3,"result":"OK","peer":"ipv4:10.0.0.1:1234",)"
                                   R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"})"));
}

TEST_F(AuditLogTest, WhatACallerChoosesCannotEndALine) {
  log_->Refused(Refusal("a\"b\n{\"forged\":1}"));
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr(R"("caller":"a\"b\u000a{\"forged\":1}")")));
}

TEST_F(AuditLogTest, AFloodOfRefusalsIsCountedNotWritten) {
  for (int i = 0; i < 1000; ++i) log_->Refused(Refusal("greedy"));
  log_->Refused(Refusal("other"));
  log_->Refused(Refusal("greedy", "UNAUTHENTICATED"));
  EXPECT_THAT(Lines(), SizeIs(AuditLog::kRefusalsPerMinute + 2)) << "others are heard";
  log_->Flush();
  EXPECT_THAT(Lines(), SizeIs(AuditLog::kRefusalsPerMinute + 2)) << "the minute is not over";
  clock_.Advance(absl::Minutes(1));
  log_->Flush();
  ASSERT_THAT(Lines(), SizeIs(AuditLog::kRefusalsPerMinute + 3));
  EXPECT_THAT(Lines().back(), AllOf(HasSubstr("left out"), HasSubstr("\"count\":990"), HasSubstr("greedy")));
  log_->Refused(Refusal("greedy"));
  EXPECT_THAT(Lines(), SizeIs(AuditLog::kRefusalsPerMinute + 4)) << "a new minute";
}

TEST_F(AuditLogTest, WithoutACallerItIsTheMachineThatCounts) {
  for (int port = 0; port < 1000; ++port) {
    AuditLine line = Refusal("", "UNAUTHENTICATED");
    line.peer = absl::StrCat("ipv4:10.0.0.1:", port);
    log_->Refused(line);
  }
  EXPECT_THAT(Lines(), SizeIs(AuditLog::kRefusalsPerMinute));
}

TEST_F(AuditLogTest, ManyCallersAreBounded) {
  for (size_t i = 0; i < AuditLog::kMaxRefused + 500; ++i) log_->Refused(Refusal(absl::StrCat("caller-", i)));
  EXPECT_THAT(Lines(), SizeIs(AuditLog::kMaxRefused + AuditLog::kRefusalsPerMinute)) << "the rest counts as one";
}

TEST(AuditLogOpenTest, SaysWhyItCannotBeOpened) {
  const auto log = AuditLog::Open("/nowhere/audit", cachecore::Clock::System());
  EXPECT_THAT(std::string(log.status().message()), HasSubstr("cannot be opened: No such file"));
}

// Through the server: what is noted, and what is not.
TEST(AuditedServerTest, AdminCallsInvalidationsAndRefusalsAreNoted) {
  auth::TemporaryDirectory directory;
  AuthServer server(Overrides{{"AUDIT_LOG", directory.Path("audit")}});
  v1::InvalidateRequest invalidate;
  invalidate.set_namespace_("acme");
  invalidate.set_tag("secret-tag");
  v1::InvalidateResponse removed;
  auto traced = With(server.invalidator.secret);
  traced->AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  ASSERT_TRUE(server.server->cache().Invalidate(traced.get(), invalidate, &removed).ok());
  v1::GetRequest get;
  *get.mutable_entry() = RefOf('a', "elsewhere");
  v1::GetResponse answer;
  server.server->cache().Get(With(server.reader.secret).get(), get, &answer);
  *get.mutable_entry() = RefOf('a', "acme");
  ASSERT_TRUE(server.server->cache().Get(With(server.reader.secret).get(), get, &answer).ok());
  server.server->cache().Get(With("paracle_guessed").get(), get, &answer);
  v1::GetConfigResponse config;
  ASSERT_TRUE(server.server->admin().GetConfig(With(server.reader.secret).get(), {}, &config).ok());
  ASSERT_TRUE(server.server->admin().GetConfig(With(server.admin.secret).get(), {}, &config).ok());

  const std::string text = auth::TemporaryDirectory::Read(directory.Path("audit"));
  const std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  EXPECT_THAT(
      lines,
      ElementsAre(AllOf(HasSubstr(R"("caller":"invalidator","method":"Invalidate","namespace":"acme","target":"tag",)"
                                  R"("count":0,"result":"OK","peer":"ipv4:127.0.0.1:)"),
                        HasSubstr(R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736")")),
                  AllOf(HasSubstr(R"("message":"refused","caller":"reader","method":"Get","namespace":"elsewhere",)"
                                  R"("result":"PermissionDenied")")),
                  AllOf(HasSubstr(R"("message":"refused","method":"Get","result":"Unauthenticated")")),
                  HasSubstr(R"("caller":"admin","method":"GetConfig with settings","result":"OK")")));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("secret-tag")), Not(HasSubstr("guessed")), Not(HasSubstr("paracle_"))));
}

}  // namespace
}  // namespace paracle::service
