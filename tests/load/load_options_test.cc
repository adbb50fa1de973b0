#include "bench/load/load_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "bench/load/endpoint.h"
#include "bench/load/random.h"

namespace paracle::load {
namespace {

TEST(LoadOptionsTest, DefaultsAreValid) { EXPECT_TRUE(LoadOptions().Validate().ok()) << LoadOptions().Validate(); }

TEST(LoadOptionsTest, RefusesWithTheNameOfTheOption) {
  const struct {
    const char* why;
    std::function<void(LoadOptions&)> change;
    const char* says;
  } cases[] = {
      {"no port", [](LoadOptions& o) { o.endpoint = "localhost"; }, "endpoint 'localhost'"},
      {"namespace with a blank", [](LoadOptions& o) { o.name_space = "a b"; }, "namespace 'a b'"},
      {"certificate without key", [](LoadOptions& o) { o.client_cert_file = "c.pem"; }, "cert and key"},
      {"a token that would split the header", [](LoadOptions& o) { o.token = "a\r\nb"; }, "token"},
      {"no keys", [](LoadOptions& o) { o.keyspace = 0; }, "keyspace 0"},
      {"negative exponent", [](LoadOptions& o) { o.zipf_exponent = -1; }, "zipf exponent -1"},
      {"exponent NaN", [](LoadOptions& o) { o.zipf_exponent = std::nan(""); }, "zipf exponent nan"},
      {"hit ratio over 1", [](LoadOptions& o) { o.hit_ratio = 1.5; }, "hit ratio 1.5"},
      {"hit ratio NaN", [](LoadOptions& o) { o.hit_ratio = std::nan(""); }, "hit ratio nan"},
      {"batch over the wire's limit", [](LoadOptions& o) { o.batch_size = 257; }, "batch size 257"},
      {"neither sets nor gets",
       [](LoadOptions& o) {
         o.ratio = {0, 0};
       },
       "ratio 0:0"},
      {"no connection", [](LoadOptions& o) { o.connections = 0; }, "connections 0"},
      {"idle connections", [](LoadOptions& o) { o.concurrency = 3; }, "concurrency 3"},
      {"negative rate", [](LoadOptions& o) { o.rate = -1; }, "rate -1"},
      {"infinite rate", [](LoadOptions& o) { o.rate = INFINITY; }, "rate inf"},
      {"no time to answer", [](LoadOptions& o) { o.call_timeout = absl::ZeroDuration(); }, "call timeout 0"},
      {"never ends", [](LoadOptions& o) { o.duration = absl::InfiniteDuration(); }, "duration inf"},
      {"two ends", [](LoadOptions& o) { o.requests = 1, o.duration = absl::Seconds(1); }, "requests and duration"},
      {"batches of the miss path", [](LoadOptions& o) { o.mode = LoadMode::kMissPath, o.batch_size = 2; },
       "batch size 2"},
      {"more memory than is sane",
       [](LoadOptions& o) { o.value_sizes = ValueSizes::Fixed(64 << 20), o.concurrency = 100; }, "2 GiB"},
  };
  for (const auto& c : cases) {
    LoadOptions options;
    c.change(options);
    const absl::Status status = options.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.why;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(c.says)) << c.why;
  }
}

TEST(SetGetRatioTest, ReadsTwoWholeNumbers) {
  ASSERT_TRUE(SetGetRatio::Parse("1:10").ok());
  EXPECT_EQ(SetGetRatio::Parse("3:7")->sets, 3);
  EXPECT_EQ(SetGetRatio::Parse("0:1")->gets, 1);
  for (const char* bad : {"", "1", "1:", ":1", "0:0", "-1:2", "1:2:3", "a:b", "1.5:2"}) {
    EXPECT_EQ(SetGetRatio::Parse(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(ValueSizesTest, ReadsSizesRangesAndRecorded) {
  EXPECT_EQ(ValueSizes::Parse("4096")->ToString(), "4096");
  EXPECT_EQ(ValueSizes::Parse("4KiB")->max_bytes(), 4096);
  EXPECT_EQ(ValueSizes::Parse("0")->max_bytes(), 0);
  EXPECT_EQ(ValueSizes::Parse("1kB-1MiB")->ToString(), "1000-1048576");
  EXPECT_EQ(ValueSizes::Parse("recorded")->ToString(), "recorded");
  for (const char* bad :
       {"", "x", "-1", "4 KiB", "4Kib", "1-", "-", "9-1", "65MiB", "99999999999999999999", "1e3", "+5"}) {
    EXPECT_EQ(ValueSizes::Parse(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(ValueSizesTest, DrawsWithinTheRangeAndReachesItsEnds) {
  const ValueSizes sizes = *ValueSizes::Parse("10-12");
  std::map<int64_t, int> seen;
  for (uint64_t i = 0; i < 3000; ++i) ++seen[sizes.Size(Mix(i))];
  ASSERT_EQ(seen.size(), 3u);
  for (const auto& [size, count] : seen) {
    EXPECT_TRUE(size >= 10 && size <= 12) << size;
    EXPECT_NEAR(count, 1000, 150) << size;
  }
}

TEST(ValueSizesTest, RecordedSizesHaveTheRecordedQuantiles) {
  const ValueSizes sizes = ValueSizes::Recorded();
  std::vector<int64_t> drawn;
  for (uint64_t i = 0; i < 20'000; ++i) drawn.push_back(sizes.Size(Mix(i)));
  std::sort(drawn.begin(), drawn.end());
  EXPECT_GE(drawn.front(), 130);
  EXPECT_LE(drawn.back(), 238'243);
  EXPECT_NEAR(static_cast<double>(drawn[10'000]), 1074, 60);
  EXPECT_NEAR(static_cast<double>(drawn[18'000]), 7139, 700);
}

TEST(EndpointTest, ReadsWhatGrpcReads) {
  EXPECT_EQ(ParseEndpoint("localhost:50051")->Authority(), "localhost:50051");
  EXPECT_EQ(ParseEndpoint("dns:///cache.example:443")->host, "cache.example");
  EXPECT_EQ(ParseEndpoint("[::1]:80")->host, "::1");
  EXPECT_EQ(ParseEndpoint("[::1]:80")->Authority(), "[::1]:80");
  EXPECT_EQ(ParseEndpoint("unix:/run/cache.sock")->unix_path, "/run/cache.sock");
  EXPECT_EQ(ParseEndpoint("unix:///run/cache.sock")->unix_path, "/run/cache.sock");
  for (const std::string& bad :
       {std::string(), std::string("host"), std::string(":1"), std::string("host:"), std::string("host:0"),
        std::string("host:65536"), std::string("host:x"), std::string("http://host:1"), std::string("::1:80"),
        std::string("unix:"), "unix:/" + std::string(200, 'x')}) {
    EXPECT_EQ(ParseEndpoint(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace paracle::load
