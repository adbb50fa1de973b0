#include "cli/client_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>

namespace paracle::cli {
namespace {

using ::testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

absl::StatusOr<ClientOptions> Resolve(const ClientFlags& flags, const Variables& variables) {
  return ResolveClientOptions(flags, [&variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string OriginOf(const ClientOptions& options, const std::string& name) {
  for (const ClientSetting& setting : options.settings) {
    if (setting.name == name) return setting.origin;
  }
  return "";
}

TEST(ClientOptionsTest, HasTheDocumentedDefaults) {
  const absl::StatusOr<ClientOptions> options = Resolve({}, {});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->endpoint, "localhost:50051");
  EXPECT_EQ(options->name_space, "");
  EXPECT_EQ(options->timeout, absl::Milliseconds(500));
  EXPECT_FALSE(options->uses_tls());
  EXPECT_EQ(OriginOf(*options, "PARACLE_CACHE_ENDPOINT"), "default");
}

TEST(ClientOptionsTest, AFlagWinsOverTheEnvironmentAndThatOverTheDefault) {
  const Variables variables = {{"PARACLE_CACHE_ENDPOINT", "a:1"}, {"PARACLE_CACHE_NAMESPACE", "from-env"}};
  const absl::StatusOr<ClientOptions> options = Resolve({.endpoints = {"b:2"}}, variables);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->endpoint, "b:2");
  EXPECT_EQ(options->name_space, "from-env");
  EXPECT_EQ(OriginOf(*options, "PARACLE_CACHE_ENDPOINT"), "flag");
  EXPECT_EQ(OriginOf(*options, "PARACLE_CACHE_NAMESPACE"), "environment");
}

TEST(ClientOptionsTest, AnEmptyVariableIsUnset) {
  const absl::StatusOr<ClientOptions> options = Resolve({}, {{"PARACLE_CACHE_ENDPOINT", ""}});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->endpoint, "localhost:50051");
}

TEST(ClientOptionsTest, ABadValueIsRefusedByTheNameItCameUnder) {
  struct Case {
    const char* why;
    ClientFlags flags = {};
    Variables variables = {};
    const char* want;
  };
  const Case cases[] = {
      {.why = "timeout from the environment",
       .variables = {{"PARACLE_CACHE_TIMEOUT", "fast"}},
       .want = "PARACLE_CACHE_TIMEOUT: \"fast\" is not a positive duration"},
      {.why = "timeout as a flag", .flags = {.timeout = "fast"}, .want = "--timeout: \"fast\" is not a positive"},
      {.why = "endpoint without a port",
       .variables = {{"PARACLE_CACHE_ENDPOINT", "localhost"}},
       .want = "PARACLE_CACHE_ENDPOINT: \"localhost\" is not a server; write host:port"},
      {.why = "an API path without its slash would silently change the key",
       .flags = {.endpoints = {"v1/chat/completions"}},
       .want = "is neither a server"},
      {.why = "two servers", .flags = {.endpoints = {"a:1", "b:2"}}, .want = "two servers: a:1 and b:2"},
      {.why = "two paths", .flags = {.endpoints = {"/a", "/b"}}, .want = "two API paths: /a and /b"},
      {.why = "certificate without its key", .flags = {.cert = "c.pem"}, .want = "--cert and --key"},
      {.why = "token of two lines",
       .variables = {{"PARACLE_CACHE_TOKEN", "a\nb"}},
       .want = "PARACLE_CACHE_TOKEN must hold one token"},
      {.why = "token file that is not there", .flags = {.token_file = "/nonexistent"}, .want = "--token-file: cannot"},
  };
  for (const Case& c : cases) {
    const absl::StatusOr<ClientOptions> options = Resolve(c.flags, c.variables);
    ASSERT_FALSE(options.ok()) << c.why;
    EXPECT_THAT(std::string(options.status().message()), HasSubstr(c.want)) << c.why;
  }
}

TEST(ClientOptionsTest, TheTwoMeaningsOfEndpointAreToldApartInAnyOrder) {
  for (const std::vector<std::string>& values :
       {std::vector<std::string>{"/v1/chat", "host:5"}, std::vector<std::string>{"host:5", "/v1/chat"}}) {
    const absl::StatusOr<EndpointFlags> split = SplitEndpoints(values);
    ASSERT_TRUE(split.ok()) << split.status();
    EXPECT_EQ(split->server, "host:5");
    EXPECT_EQ(split->api_path, "/v1/chat");
  }
}

TEST(ClientOptionsTest, TellsServersFromOtherText) {
  for (const char* server : {"localhost:50051", "127.0.0.1:1", "[::1]:50051", "unix:/run/x.sock", "unix:///run/x.sock",
                             "dns:///cache.internal:443", "dns://8.8.8.8/cache:443", "ipv4:10.0.0.1:5"}) {
    EXPECT_TRUE(IsServerEndpoint(server)) << server;
  }
  for (const char* other : {"", "localhost", "localhost:", "localhost:0", "localhost:65536", ":50051", "unix:", "/v1:1",
                            "[::1:50051", "dns:///", "dns://8.8.8.8"}) {
    EXPECT_FALSE(IsServerEndpoint(other)) << other;
  }
}

TEST(ClientOptionsTest, ATokenNeverLeavesTheMachineInTheClear) {
  const Variables token = {{"PARACLE_CACHE_TOKEN", "s3cret"}};
  for (const char* local : {"localhost:1", "127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "unix:/run/x.sock",
                            "dns:///localhost:1", "ipv4:127.0.0.1:1", "ipv6:[::1]:1"}) {
    const absl::StatusOr<ClientOptions> options = Resolve({.endpoints = {local}}, token);
    ASSERT_TRUE(options.ok()) << local << ": " << options.status();
    EXPECT_EQ(options->token, "s3cret");
  }
  for (const char* remote : {"cache.internal:1", "10.0.0.1:1", "127.0.0.1.example.com:1", "localhost.example.com:1",
                             "dns:///cache:1", "dns://127.0.0.1:53/cache:1", "[2001:db8::1]:1"}) {
    const absl::StatusOr<ClientOptions> options = Resolve({.endpoints = {remote}}, token);
    EXPECT_TRUE(absl::IsFailedPrecondition(options.status())) << remote << ": " << options.status();
    EXPECT_THAT(std::string(options.status().message()), testing::Not(HasSubstr("s3cret")));
  }
  EXPECT_TRUE(Resolve({.endpoints = {"cache.internal:1"}, .cacert = "ca.pem"}, token).ok());
}

TEST(ClientOptionsTest, ATokenFileWinsAndIsMasked) {
  const std::string path = testing::TempDir() + "paracle_client_options_token";
  std::ofstream(path) << "from-file\n";
  const absl::StatusOr<ClientOptions> options =
      Resolve({.token_file = path}, {{"PARACLE_CACHE_TOKEN", "from-environment"}});
  std::remove(path.c_str());
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->token, "from-file");
  EXPECT_EQ(OriginOf(*options, "PARACLE_CACHE_TOKEN"), "flag");
  for (const ClientSetting& setting : options->settings) EXPECT_NE(setting.value, "from-file") << setting.name;
}

}  // namespace
}  // namespace paracle::cli
