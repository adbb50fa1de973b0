#include "service/settings.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "service/available_cores.h"
#include "service/command_line.h"
#include "service/setting_values.h"

namespace paracle::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Variables = std::map<std::string, std::string>;

struct Outcome {
  absl::Status status;
  Config config;
  std::vector<Setting> settings;

  const Setting& Named(absl::string_view name) const {
    for (const Setting& setting : settings) {
      if (setting.spec->name == name) return setting;
    }
    abort();
  }
};

// From the command line on, as main does it.
Outcome Read(std::vector<const char*> arguments, const Variables& variables = {}) {
  arguments.insert(arguments.begin(), "paracle-cache-server");
  const auto command_line = ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
  if (!command_line.ok()) return {command_line.status(), {}, {}};
  const auto settings = CollectSettings(command_line->flags, [&](const char* name) -> const char* {
    const auto it = variables.find(name);
    return it == variables.end() ? nullptr : it->second.c_str();
  });
  if (!settings.ok()) return {settings.status(), {}, {}};
  const auto config = ToConfig(*settings);
  if (!config.ok()) return {config.status(), {}, *settings};
  return {absl::OkStatus(), *config, *settings};
}

class ConfigFile {
 public:
  explicit ConfigFile(absl::string_view text) : path_("/tmp/paracle-settings-test-XXXXXX") {
    close(mkstemp(path_.data()));
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { unlink(path_.c_str()); }
  const char* path() const { return path_.c_str(); }

 private:
  std::string path_;
};

TEST(SettingsTest, DefaultsAreThoseOfTheDesign) {
  const Outcome outcome = Read({});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  const Config& config = outcome.config;
  EXPECT_TRUE(config.enabled);
  EXPECT_EQ(config.backend, "memory");
  EXPECT_EQ(config.ttl, absl::Hours(1));
  EXPECT_EQ(config.max_ttl, absl::Hours(24 * 30));
  EXPECT_EQ(config.max_size, 1000);
  EXPECT_EQ(config.max_bytes, 256 << 20);
  EXPECT_EQ(config.max_entry_bytes, 3 << 20);
  ASSERT_EQ(config.listen.size(), 1u);
  EXPECT_EQ(config.listen[0].ToString(), "127.0.0.1:50051");
  EXPECT_EQ(config.max_in_flight, 1024);
  EXPECT_EQ(config.max_streams, 10'000);
  EXPECT_EQ(config.max_metadata_bytes, 16 << 10);
  EXPECT_EQ(config.max_connection_age, absl::Minutes(30));
  EXPECT_EQ(config.drain_delay, absl::ZeroDuration());
  EXPECT_EQ(config.drain_timeout, absl::Seconds(10));
  EXPECT_TRUE(config.reflection);
  EXPECT_GE(config.threads, 1);
  EXPECT_EQ(config.MaxMessageBytes(), 4 << 20);
  for (const Setting& setting : outcome.settings) EXPECT_EQ(setting.source, SettingSource::kDefault);
}

TEST(SettingsTest, FlagWinsOverEnvironmentWinsOverFile) {
  const ConfigFile file("max-size = 1\nmax_bytes = \"1MiB\"\nttl = \"10s\"\n");
  const Outcome outcome = Read({"--config", file.path(), "--max-size", "3"},
                               {{"PARACLE_CACHE_MAX_SIZE", "2"}, {"PARACLE_CACHE_MAX_BYTES", "9MiB"}});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.config.max_size, 3);
  EXPECT_EQ(outcome.Named("MAX_SIZE").source, SettingSource::kFlag);
  EXPECT_EQ(outcome.config.max_bytes, 9 << 20);
  EXPECT_EQ(outcome.Named("MAX_BYTES").source, SettingSource::kEnvironment);
  EXPECT_EQ(outcome.config.ttl, absl::Seconds(10));
  EXPECT_EQ(outcome.Named("TTL").source, SettingSource::kFile);
  EXPECT_EQ(outcome.Named("MAX_TTL").source, SettingSource::kDefault);
}

TEST(SettingsTest, FileMayBeNamedByTheEnvironmentAndEmptyVariablesAreUnset) {
  const ConfigFile file("listen = [\"127.0.0.1:1\", \"unix:/tmp/x\"]\n");
  const Outcome outcome =
      Read({}, {{"PARACLE_CACHE_CONFIG", file.path()}, {"PARACLE_CACHE_LISTEN", ""}, {"PARACLE_CACHE_TTL", ""}});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.config.listen.size(), 2u);
}

TEST(SettingsTest, WhatKubernetesInjectsIsNotRead) {
  const Outcome outcome = Read({}, {{"PARACLE_CACHE_PORT", "tcp://10.0.0.1:50051"},
                                    {"PARACLE_CACHE_SERVICE_HOST", "10.0.0.1"},
                                    {"PARACLE_CACHE_SERVICE_PORT", "50051"}});
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.config.listen[0].ToString(), "127.0.0.1:50051");
}

TEST(SettingsTest, BadValuesStopTheStartWithOneLineThatSaysWhatIsAccepted) {
  const struct {
    const char* why;
    std::vector<const char*> flags;
    Variables variables;
    const char* want;
  } kCases[] = {
      {"a word for a number",
       {"--max-size", "many"},
       {},
       "PARACLE_CACHE_MAX_SIZE: \"many\" (flag) is not accepted; want a whole number from 0 (no limit by number)"},
      {"below zero", {"--max-size=-1"}, {}, "PARACLE_CACHE_MAX_SIZE: \"-1\" (flag) is not accepted; want"},
      {"from the environment",
       {},
       {{"PARACLE_CACHE_TTL", "0"}},
       "PARACLE_CACHE_TTL: \"0\" (environment) is not accepted; want a duration over 0"},
      {"too few bytes", {"--max-bytes", "10KiB"}, {}, "PARACLE_CACHE_MAX_BYTES: \"10KiB\" (flag) is not accepted; "},
      {"unknown unit", {"--max-bytes", "10MiBs"}, {}, "PARACLE_CACHE_MAX_BYTES: \"10MiBs\" (flag) is not accepted; "},
      {"backend of another kind",
       {"--backend", "memcached"},
       {},
       "PARACLE_CACHE_BACKEND: \"memcached\" (flag) is not accepted; want memory, redis or valkey"},
      {"URL of another kind",
       {"--redis-url", "http://:hunter2@db"},
       {},
       "PARACLE_CACHE_REDIS_URL: \"***\" (flag) is not accepted; want redis://"},
      {"two passwords",
       {"--redis-url", "redis://:hunter2@db", "--redis-password", "hunter3"},
       {},
       "PARACLE_CACHE_REDIS_PASSWORD: \"***\" (flag) is a second one: PARACLE_CACHE_REDIS_URL has a password, too"},
      {"a user without a password",
       {"--redis-user", "me"},
       {},
       "PARACLE_CACHE_REDIS_USER: \"me\" (flag) needs PARACLE_CACHE_REDIS_PASSWORD beside it"},
      {"the line break of a file",
       {},
       {{"PARACLE_CACHE_REDIS_PASSWORD", "hunter2\n"}},
       "PARACLE_CACHE_REDIS_PASSWORD: \"***\" (environment) is not accepted; want up to 4096 bytes without line breaks"},
      {"no time for an operation", {"--redis-timeout", "0"}, {}, "PARACLE_CACHE_REDIS_TIMEOUT: \"0\" (flag) is not"},
      {"a CA that is not there", {"--redis-cacert", "/nonexistent.pem"}, {}, "PARACLE_CACHE_REDIS_CACERT: \"/none"},
      {"a certificate without its key",
       {"--redis-cert", "/dev/null"},
       {},
       "PARACLE_CACHE_REDIS_CERT: \"/dev/null\" (flag) needs PARACLE_CACHE_REDIS_KEY beside it"},
      {"a CA for a connection without TLS",
       {"--backend=redis", "--redis-cacert=/dev/null"},
       {},
       "PARACLE_CACHE_REDIS_URL: \"redis://localhost:6379/0\" (default) has no TLS"},
      {"switch that is neither",
       {"--enabled=maybe"},
       {},
       "PARACLE_CACHE_ENABLED: \"maybe\" (flag) is not accepted; want true or false"},
      {"port that is none", {"--listen", "127.0.0.1:99999"}, {}, "PARACLE_CACHE_LISTEN: \"127.0.0.1:99999\" (flag) is"},
      {"every interface unsaid", {"--listen", ":50051"}, {}, "PARACLE_CACHE_LISTEN: \":50051\" (flag) is not"},
      {"open to everybody",
       {"--listen", "0.0.0.0:50051"},
       {},
       "PARACLE_CACHE_LISTEN: \"0.0.0.0:50051\" (flag) would serve 0.0.0.0:50051 to other machines without TLS"},
      {"entry larger than the cache",
       {"--max-bytes", "1MiB"},
       {},
       "PARACLE_CACHE_MAX_ENTRY_BYTES: \"3MiB\" (default) is more than PARACLE_CACHE_MAX_BYTES, 1MiB"},
      {"life longer than the longest",
       {"--ttl", "40d"},
       {},
       "PARACLE_CACHE_TTL: \"40d\" (flag) is longer than PARACLE_CACHE_MAX_TTL, 30d"},
      {"tokens in the clear",
       {"--listen", "0.0.0.0:50051", "--tokens-file", "/x"},
       {},
       "PARACLE_CACHE_LISTEN: \"0.0.0.0:50051\" (flag) would serve 0.0.0.0:50051 to other machines with tokens in the "
       "clear; want PARACLE_CACHE_TLS_CERT and _TLS_KEY"},
      {"a certificate without its key",
       {"--tls-cert", "/x"},
       {},
       "PARACLE_CACHE_TLS_CERT: \"/x\" (flag) needs PARACLE_CACHE_TLS_KEY beside it"},
      {"a key without its certificate",
       {"--tls-key", "/x"},
       {},
       "PARACLE_CACHE_TLS_KEY: \"/x\" (flag) needs PARACLE_CACHE_TLS_CERT beside it"},
      {"a CA of clients without TLS",
       {"--tls-client-ca", "/x"},
       {},
       "PARACLE_CACHE_TLS_CLIENT_CA: \"/x\" (flag) needs PARACLE_CACHE_TLS_CERT and _TLS_KEY beside it"},
      {"a certificate that is not there",
       {"--tls-cert", "/nonexistent.crt", "--tls-key", "/x"},
       {},
       "PARACLE_CACHE_TLS_CERT: \"/nonexistent.crt\" cannot be read: No such file"},
      {"tokens that are not there",
       {},
       {{"PARACLE_CACHE_TOKENS_FILE", "/nonexistent"}},
       "PARACLE_CACHE_TOKENS_FILE: \"/nonexistent\" (environment) cannot be read: No such file"},
      {"a tokens file that names nobody",
       {"--tokens-file", "/dev/null"},
       {},
       "PARACLE_CACHE_TOKENS_FILE: \"/dev/null\" (flag) cannot be read: it is no file"},
      {"metrics on a socket that nothing scrapes",
       {"--admin-listen", "unix:/run/m"},
       {},
       "PARACLE_CACHE_ADMIN_LISTEN: "},
      {"an address without a port", {"--admin-listen", "localhost"}, {}, "PARACLE_CACHE_ADMIN_LISTEN: "},
      {"braces in the prefix", {"--prefix", "a{b}"}, {}, "PARACLE_CACHE_PREFIX: "},
      {"consistency of another kind", {"--consistency", "eventual"}, {}, "PARACLE_CACHE_CONSISTENCY: "},
      {"log level of another kind", {"--log-level", "loud"}, {}, "PARACLE_CACHE_LOG_LEVEL: "},
      {"flag that is not there", {"--max-sizes", "1"}, {}, "The following argument"},
      {"flag without its value", {"--max-size"}, {}, "--max-size"},
      {"a stray word", {"serve"}, {}, "The following argument"},
      {"file that is not there",
       {"--config", "/nonexistent.toml"},
       {},
       "configuration file /nonexistent.toml: cannot be read"},
  };
  for (const auto& c : kCases) {
    const absl::Status status = Read(c.flags, c.variables).status;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.why;
    EXPECT_THAT(std::string(status.message()), StartsWith(c.want)) << c.why;
    EXPECT_EQ(status.message().find('\n'), absl::string_view::npos) << c.why;
  }
}

TEST(SettingsTest, UnknownNamesAndSectionsInTheFileAreNamed) {
  const ConfigFile typo("max-sise = 1\n");
  EXPECT_THAT(std::string(Read({"--config", typo.path()}).status.message()),
              HasSubstr("no setting is named \"max-sise\""));
  const ConfigFile section("[cache]\nmax-size = 1\n");
  EXPECT_THAT(std::string(Read({"--config", section.path()}).status.message()),
              HasSubstr("no setting is named \"cache.max-size\""));
  const ConfigFile nested("config = \"/other\"\n");
  EXPECT_THAT(std::string(Read({"--config", nested.path()}).status.message()), HasSubstr("\"config\""));
}

TEST(SettingsTest, SecretsAreMaskedAndSettingsWithoutEffectWarnedOf) {
  const Outcome outcome = Read({"--redis-url", "redis://:hunter2@db", "--redis-timeout", "10ms"});
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.Named("REDIS_URL").DisplayValue(), "***");
  EXPECT_EQ(Read({"--redis-password", "hunter2"}).Named("REDIS_PASSWORD").DisplayValue(), "***");
  EXPECT_THAT(Warnings(outcome.settings), ElementsAre("PARACLE_CACHE_REDIS_URL has no effect with backend memory",
                                                      "PARACLE_CACHE_REDIS_TIMEOUT has no effect with backend memory"));
  EXPECT_THAT(Warnings(Read({}).settings), ElementsAre());
  EXPECT_THAT(Warnings(Read({"--backend=redis", "--redis-timeout=10ms"}).settings), ElementsAre());
}

TEST(SettingsTest, UserAndPasswordBesideTheUrlAreThoseOfEveryServer) {
  const Config config = Read({"--backend=redis", "--redis-url=redis://a:1,b:2"},
                             {{"PARACLE_CACHE_REDIS_USER", "me"}, {"PARACLE_CACHE_REDIS_PASSWORD", "p@ss/%41"}})
                            .config;
  ASSERT_EQ(config.redis_url.servers.size(), 2);
  for (const cachecore::redis::Url& server : config.redis_url.servers) {
    EXPECT_EQ(server.user, "me");
    EXPECT_EQ(server.password, "p@ss/%41") << "as it is";
  }
}

TEST(SettingsTest, AllowInsecureIsASwitchThatOpensEveryInterface) {
  EXPECT_TRUE(Read({"--allow-insecure", "--listen", "0.0.0.0:1"}).status.ok());
  EXPECT_TRUE(Read({"--listen", "[::]:1"}, {{"PARACLE_CACHE_ALLOW_INSECURE", "yes"}}).status.ok());
  EXPECT_FALSE(Read({"--allow-insecure=false", "--listen", "0.0.0.0:1"}).status.ok());
}

TEST(SettingsTest, TheSharedTierIsReadInItsOwnTerms) {
  const Config config = Read({"--backend=valkey", "--redis-url=rediss://me:p%40ss@db:1/2", "--redis-cacert=/dev/null",
                              "--redis-timeout=20ms", "--consistency=strict", "--prefix=x:"})
                            .config;
  EXPECT_TRUE(config.shared());
  const cachecore::redis::Url& url = config.redis_url.servers.front();
  EXPECT_EQ(url.host, "db");
  EXPECT_EQ(url.password, "p@ss");
  EXPECT_EQ(url.db, 2);
  EXPECT_EQ(config.redis_tls.ca, "/dev/null");
  EXPECT_EQ(config.redis_timeout, absl::Milliseconds(20));
  EXPECT_TRUE(config.strict);
  EXPECT_EQ(config.prefix, "x:");
}

TEST(SettingsTest, RaisedEntryLimitRaisesTheMessageLimit) {
  EXPECT_EQ(Read({"--max-entry-bytes", "8MiB"}).config.MaxMessageBytes(), (8 << 20) + (64 << 10));
}

TEST(CommandLineTest, HelpAndVersionArePrintedAndNothingElseHappens) {
  const char* help[] = {"s", "--help"};
  const auto parsed = ParseCommandLine(2, help);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->action, CommandLine::Action::kPrintText);
  for (const SettingSpec& spec : SettingTable()) EXPECT_THAT(parsed->text, HasSubstr(FlagName(spec)));
  EXPECT_THAT(parsed->text, HasSubstr("Examples:"));
  const char* version[] = {"s", "--version"};
  EXPECT_THAT(ParseCommandLine(2, version)->text, StartsWith("paracle-cache-server "));
}

TEST(SettingValuesTest, Sizes) {
  EXPECT_EQ(ParseSize("0"), 0);
  EXPECT_EQ(ParseSize("123"), 123);
  EXPECT_EQ(ParseSize("256MiB"), 256 << 20);
  EXPECT_EQ(ParseSize("256 mib"), 256 << 20);
  EXPECT_EQ(ParseSize("1.5KiB"), 1536);
  EXPECT_EQ(ParseSize("1GB"), 1'000'000'000);
  EXPECT_EQ(ParseSize("2TiB"), 2LL << 40);
  for (const char* bad : {"", "MiB", "-1", "1e3", "1.5", "1..5MiB", "1M", "inf", "9999999TiB", "0x10"}) {
    EXPECT_EQ(ParseSize(bad), std::nullopt) << bad;
  }
}

TEST(SettingValuesTest, Durations) {
  EXPECT_EQ(ParseDuration("0"), absl::ZeroDuration());
  EXPECT_EQ(ParseDuration("3600"), absl::Hours(1));
  EXPECT_EQ(ParseDuration("0.5"), absl::Milliseconds(500));
  EXPECT_EQ(ParseDuration("50ms"), absl::Milliseconds(50));
  EXPECT_EQ(ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(ParseDuration("30d"), absl::Hours(720));
  EXPECT_EQ(ParseDuration("1d12h"), absl::Hours(36));
  for (const char* bad : {"", "-1s", "+1s", "inf", "soon", "1y", "d", "1d-1h", "1e9", "99999999d"}) {
    EXPECT_EQ(ParseDuration(bad), std::nullopt) << bad;
  }
}

TEST(SettingValuesTest, Switches) {
  for (const char* yes : {"true", "TRUE", "yes", "on", "1"}) EXPECT_EQ(ParseSwitch(yes), true) << yes;
  for (const char* no : {"false", "No", "off", "0"}) EXPECT_EQ(ParseSwitch(no), false) << no;
  for (const char* bad : {"", "t", "2", "enabled"}) EXPECT_EQ(ParseSwitch(bad), std::nullopt) << bad;
}

TEST(ListenAddressTest, AcceptsWhatGrpcWritesAndKnowsWhatIsLocal) {
  const struct {
    const char* text;
    bool loopback;
  } kGood[] = {{"127.0.0.1:50051", true}, {"127.1.2.3:0", true}, {"localhost:1", true}, {"[::1]:50051", true},
               {"unix:/run/x", true},     {"0.0.0.0:1", false},  {"[::]:65535", false}, {"10.0.0.1:1", false},
               {"host.example:1", false}, {"[fe80::1]:1", false}};
  for (const auto& c : kGood) {
    const auto address = ListenAddress::Parse(c.text);
    ASSERT_TRUE(address) << c.text;
    EXPECT_EQ(address->ToString(), c.text);
    EXPECT_EQ(address->IsLoopback(), c.loopback) << c.text;
  }
  const std::string long_path = "unix:/" + std::string(200, 'x');
  for (const char* bad : {"", "50051", ":1", "h:", "h:x", "h:-1", "h:65536", "::1:1", "[::1]", "unix:", "unix:x",
                          "http://h:1", "[127.0.0.1]:1", long_path.c_str()}) {
    EXPECT_FALSE(ListenAddress::Parse(bad)) << bad;
  }
}

TEST(AvailableCoresTest, ReadsTheQuotaOfAContainer) {
  EXPECT_EQ(CoresOfQuota("max 100000"), std::nullopt);
  EXPECT_EQ(CoresOfQuota("200000 100000\n"), 2);
  EXPECT_EQ(CoresOfQuota("250000 100000"), 3);
  EXPECT_EQ(CoresOfQuota("10000 100000"), 1);
  for (const char* bad : {"", "x", "1", "1 2 3", "0 0", "-5 100000", "100000 0"}) {
    EXPECT_EQ(CoresOfQuota(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace paracle::service
