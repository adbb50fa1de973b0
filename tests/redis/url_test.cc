// Url::Parse: what an operator may write, and that a refusal never shows the password.
#include "cachecore/redis/url.h"

#include <gmock/gmock.h>

namespace paracle::cachecore::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Accepted {
  const char* why;
  const char* text;
  Url::Kind kind;
  const char* host;
  int port;
  const char* path;
  const char* user;
  const char* password;
  int db;
  const char* printed;
};

constexpr auto kTcp = Url::Kind::kTcp;
constexpr auto kTls = Url::Kind::kTls;
constexpr auto kUnix = Url::Kind::kUnix;

const Accepted kAccepted[] = {
    {"host alone", "redis://h", kTcp, "h", 6379, "", "", "", 0, "redis://h:6379/0"},
    {"port and db", "redis://h:7000/3", kTcp, "h", 7000, "", "", "", 3, "redis://h:7000/3"},
    {"final slash", "redis://h/", kTcp, "h", 6379, "", "", "", 0, "redis://h:6379/0"},
    {"TLS", "rediss://cache.example:6380", kTls, "cache.example", 6380, "", "", "", 0, "rediss://cache.example:6380/0"},
    {"password only", "redis://:secret@h", kTcp, "h", 6379, "", "", "secret", 0, "redis://h:6379/0"},
    {"user and password", "redis://bob:secret@h", kTcp, "h", 6379, "", "bob", "secret", 0, "redis://h:6379/0"},
    {"percent-encoded", "redis://b%40b:s%2Fe%3a%25@h", kTcp, "h", 6379, "", "b@b", "s/e:%", 0, "redis://h:6379/0"},
    {"the last @ counts", "redis://:a@b@h", kTcp, "h", 6379, "", "", "a@b", 0, "redis://h:6379/0"},
    {"a colon in the password", "redis://u:a:b@h", kTcp, "h", 6379, "", "u", "a:b", 0, "redis://h:6379/0"},
    {"IPv4", "redis://127.0.0.1:1", kTcp, "127.0.0.1", 1, "", "", "", 0, "redis://127.0.0.1:1/0"},
    {"IPv6", "redis://[::1]:7/1", kTcp, "::1", 7, "", "", "", 1, "redis://[::1]:7/1"},
    {"IPv6 without port", "rediss://:p@[fe80::1]", kTls, "fe80::1", 6379, "", "", "p", 0, "rediss://[fe80::1]:6379/0"},
    {"unix", "unix:///run/redis.sock", kUnix, "localhost", 6379, "/run/redis.sock", "", "", 0,
     "unix:///run/redis.sock"},
    {"unix with db", "unix:///s?db=2", kUnix, "localhost", 6379, "/s", "", "", 2, "unix:///s?db=2"},
    {"unix with user", "unix://bob:pw@/s", kUnix, "localhost", 6379, "/s", "bob", "pw", 0, "unix:///s"},
};

TEST(UrlTest, AcceptsWhatIsDocumented) {
  for (const Accepted& c : kAccepted) {
    SCOPED_TRACE(c.why);
    const auto url = Url::Parse(c.text);
    ASSERT_TRUE(url.ok()) << url.status();
    EXPECT_EQ(url->kind, c.kind);
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->path, c.path);
    EXPECT_EQ(url->user, c.user);
    EXPECT_EQ(url->password, c.password);
    EXPECT_EQ(url->db, c.db);
    EXPECT_EQ(url->ToString(), c.printed);
  }
}

TEST(UrlTest, RefusesEverythingElseAndKeepsThePasswordToItself) {
  constexpr struct {
    const char* why;
    const char* text;
  } kRefused[] = {
      {"nothing", ""},
      {"no scheme", "localhost:6379"},
      {"another scheme", "http://:sesame@h"},
      {"no host", "redis://"},
      {"no host before the port", "redis://:6379"},
      {"no host before the db", "redis://:sesame@/0"},
      {"a user without a password", "redis://sesame@h"},
      {"a user with an empty password", "redis://sesame:@h"},
      {"a slash in the password", "redis://:ses/ame@h"},
      {"broken percent-encoding", "redis://:sesame%2@h"},
      {"broken percent-encoding in the middle", "redis://:sesame%zz1@h"},
      {"port 0", "redis://:sesame@h:0"},
      {"port too large", "redis://h:65536"},
      {"port missing", "redis://h:"},
      {"port signed", "redis://h:+1"},
      {"db negative", "redis://h/-1"},
      {"db no number", "redis://h/main"},
      {"db signed", "redis://h/+1"},
      {"db beyond an int", "redis://h/4294967296"},
      {"query", "redis://:sesame@h/0?timeout=1"},
      {"a list of hosts", "redis://a,b"},
      {"a space in the host", "redis://a b"},
      {"IPv6 without an end", "redis://[::1"},
      {"something behind IPv6", "redis://[::1]x:1"},
      {"bare IPv6", "redis://::1"},
      {"relative socket", "unix://run/redis.sock"},
      {"no socket", "unix://"},
      {"another query of a socket", "unix:///s?base=1"},
      {"user without password for a socket", "unix://sesame@/s"},
  };
  for (const auto& c : kRefused) {
    SCOPED_TRACE(c.why);
    const auto url = Url::Parse(c.text);
    EXPECT_EQ(url.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(url.status().message(), Not(HasSubstr("sesame")));
    EXPECT_THAT(url.status().message(), HasSubstr("accepted are redis://"));
  }
}

TEST(UrlTest, RefusesAZeroByteAndAnEndlessSocketPath) {
  EXPECT_FALSE(Url::Parse(absl::string_view("redis://h\0x", 11)).ok());
  EXPECT_TRUE(Url::Parse("unix:///" + std::string(106, 'x')).ok());
  EXPECT_FALSE(Url::Parse("unix:///" + std::string(107, 'x')).ok());
}

}  // namespace
}  // namespace paracle::cachecore::redis
