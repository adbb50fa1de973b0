// Command's bytes, and what error replies stand for.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cachecore/redis/circuit_breaker.h"
#include "cachecore/redis/command.h"
#include "cachecore/redis/reply.h"

namespace paracle::cachecore::redis {
namespace {

TEST(CommandTest, IsAnArrayOfBulkStrings) {
  EXPECT_EQ((Command{"SET", "key", "value"}.wire()), "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n");
  EXPECT_EQ(Command{"PING"}.wire(), "*1\r\n$4\r\nPING\r\n");
}

TEST(CommandTest, ArgumentsAreBytes) {
  const std::string bytes("\0\r\n%s\xff", 6);
  EXPECT_EQ((Command{"ECHO", bytes}.wire()), "*2\r\n$4\r\nECHO\r\n$6\r\n" + bytes + "\r\n");
  EXPECT_EQ((Command{"ECHO", ""}.wire()), "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n");
  EXPECT_EQ((Command{"ECHO", absl::string_view()}.wire()), "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n");
}

TEST(CommandTest, TakesManyArguments) {
  const std::vector<absl::string_view> keys(1000, "k");
  std::string wire = "*1000\r\n";
  for (int i = 0; i < 1000; ++i) wire += "$1\r\nk\r\n";
  EXPECT_EQ(Command(keys).wire(), wire);
}

TEST(CommandTest, MovingLeavesNothingBehind) {
  Command from{"PING"};
  const Command to = std::move(from);
  EXPECT_EQ(to.wire(), "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(from.wire(), "");  // NOLINT(bugprone-use-after-move): promised.
}

Reply Error(std::string text) { return {.type = Reply::Type::kError, .text = std::move(text)}; }

TEST(ReplyTest, ErrorsHaveAStatusAndSayWhetherTheServerIsSick) {
  using Code = absl::StatusCode;
  const struct {
    const char* text;
    Code code;
    bool sick;
  } kCases[] = {
      {"LOADING Redis is loading the dataset in memory", Code::kUnavailable, true},
      {"MASTERDOWN Link with MASTER is down", Code::kUnavailable, true},
      {"CLUSTERDOWN The cluster is down", Code::kUnavailable, true},
      {"BUSY Redis is busy running a script", Code::kUnavailable, true},
      {"TRYAGAIN Multiple keys request during rehashing of slot", Code::kUnavailable, false},
      {"READONLY You can't write against a read only replica.", Code::kUnavailable, false},
      {"MISCONF Redis is configured to save RDB snapshots", Code::kUnavailable, false},
      {"OOM command not allowed when used memory > 'maxmemory'.", Code::kResourceExhausted, false},
      {"NOAUTH Authentication required.", Code::kPermissionDenied, true},
      {"WRONGPASS invalid username-password pair", Code::kPermissionDenied, true},
      {"NOPERM this user has no permissions", Code::kPermissionDenied, true},
      {"NOSCRIPT No matching script.", Code::kNotFound, false},
      {"WRONGTYPE Operation against a key", Code::kInternal, false},
      {"ERR unknown command", Code::kInternal, false},
      {"BUSYGROUP is another word", Code::kInternal, false},
      {"", Code::kInternal, false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(StatusOf(Error(c.text)), absl::Status(c.code, c.text));
    EXPECT_EQ(IsSickness(Error(c.text)), c.sick);
  }
}

TEST(ReplyTest, WhatIsNoErrorIsOk) {
  EXPECT_TRUE(StatusOf({}).ok());
  const Reply string{.type = Reply::Type::kString, .text = "OOM is what somebody stored"};
  EXPECT_TRUE(StatusOf(string).ok());
  EXPECT_FALSE(IsSickness({.type = Reply::Type::kString, .text = "LOADING"}));
  EXPECT_FALSE((Reply{.type = Reply::Type::kString, .text = "OK"}.is_ok()));
  EXPECT_TRUE((Reply{.type = Reply::Type::kStatus, .text = "OK"}.is_ok()));
}

}  // namespace
}  // namespace paracle::cachecore::redis
