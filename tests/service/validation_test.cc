// Every limit that cache.proto writes down, at its edge and one beyond.
#include "service/validation.h"

#include <functional>
#include <limits>
#include <string>

#include "cachecore/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using ::testing::StartsWith;

constexpr RequestLimits kLimits = {100, absl::Hours(1), absl::Hours(24)};

v1::SetRequest GoodSet() {
  v1::SetRequest request;
  request.mutable_entry()->set_digest(std::string(32, 'd'));
  return request;
}

absl::StatusOr<cachecore::EntrySpec> Resolve(const v1::SetRequest& request, std::vector<std::string>* tags,
                                             size_t payload_size = 0) {
  return ResolveSet(request, payload_size, kLimits, {}, tags);
}

struct SetCase {
  const char* why;
  std::function<void(v1::SetRequest&)> change;
  const char* want;  // The start of the message; empty: accepted.
};

TEST(ValidationTest, SetIsHeldToEveryLimit) {
  const std::string nan_cost = "origin.cost_usd: must be finite and not negative";
  const SetCase kCases[] = {
      {"nothing but what is required", [](auto& r) {}, ""},
      {"no key and no digest", [](auto& r) { r.mutable_entry()->clear_id(); }, "entry.key: is missing"},
      {"no entry", [](auto& r) { r.clear_entry(); }, "entry.key: is missing"},
      {"digest of 31", [](auto& r) { r.mutable_entry()->set_digest(std::string(31, 'd')); }, "entry.digest: is 31"},
      {"digest of 33", [](auto& r) { r.mutable_entry()->set_digest(std::string(33, 'd')); }, "entry.digest: is 33"},
      {"namespace of 128", [](auto& r) { r.mutable_entry()->set_namespace_(std::string(128, 'n')); }, ""},
      {"namespace of 129", [](auto& r) { r.mutable_entry()->set_namespace_(std::string(129, 'n')); },
       "entry.namespace: is 129 bytes; at most 128"},
      {"every kind of namespace character", [](auto& r) { r.mutable_entry()->set_namespace_("aZ09._:/-"); }, ""},
      {"space in a namespace", [](auto& r) { r.mutable_entry()->set_namespace_("a b"); },
       "entry.namespace: has a character outside"},
      {"umlaut in a namespace", [](auto& r) { r.mutable_entry()->set_namespace_("\xc3\xa4"); },
       "entry.namespace: has a character outside"},
      {"model of 256", [](auto& r) { r.mutable_entry()->set_model(std::string(256, 'm')); }, ""},
      {"model of 257", [](auto& r) { r.mutable_entry()->set_model(std::string(257, 'm')); }, "entry.model: is 257"},
      {"provider of 257", [](auto& r) { r.mutable_entry()->set_provider(std::string(257, 'p')); },
       "entry.provider: is 257"},
      {"key without provider", [](auto& r) { r.mutable_entry()->mutable_key(); },
       "entry.key.provider: is 0 bytes; 1 to 256"},
      {"endpoint of 2049",
       [](auto& r) {
         r.mutable_entry()->mutable_key()->set_provider("p");
         r.mutable_entry()->mutable_key()->set_endpoint(std::string(2049, 'e'));
       },
       "entry.key.endpoint: is 2049"},
      {"params that are no JSON",
       [](auto& r) {
         r.mutable_entry()->mutable_key()->set_provider("p");
         r.mutable_entry()->mutable_key()->set_params_json("{");
       },
       "entry.key.params_json: "},
      {"temperature that is no number",
       [](auto& r) {
         r.mutable_entry()->mutable_key()->set_provider("p");
         r.mutable_entry()->mutable_key()->set_temperature(std::numeric_limits<double>::quiet_NaN());
       },
       "entry.key.temperature: "},
      {"content type of 128", [](auto& r) { r.set_content_type(std::string(128, 'c')); }, ""},
      {"content type of 129", [](auto& r) { r.set_content_type(std::string(129, 'c')); }, "content_type: is 129"},
      {"ttl of zero", [](auto& r) { r.mutable_ttl(); }, "ttl: must be a positive duration"},
      {"ttl below zero", [](auto& r) { r.mutable_ttl()->set_nanos(-1); }, "ttl: must be a positive duration"},
      {"ttl of one nanosecond", [](auto& r) { r.mutable_ttl()->set_nanos(1); }, ""},
      {"ttl beyond what a Duration may be", [](auto& r) { r.mutable_ttl()->set_seconds(1LL << 62); },
       "ttl: must be a positive duration"},
      {"ttl of the least integer", [](auto& r) { r.mutable_ttl()->set_seconds(std::numeric_limits<int64_t>::min()); },
       "ttl: must be a positive duration"},
      {"ttl of two signs",
       [](auto& r) {
         r.mutable_ttl()->set_seconds(1);
         r.mutable_ttl()->set_nanos(-1);
       },
       "ttl: must be a positive duration"},
      {"16 tags",
       [](auto& r) {
         for (int i = 0; i < 16; ++i) r.add_tags(std::string(1, 'a' + i));
       },
       ""},
      {"17 tags",
       [](auto& r) {
         for (int i = 0; i < 17; ++i) r.add_tags(std::string(1, 'a' + i));
       },
       "tags: has 17 tags; at most 16"},
      {"empty tag", [](auto& r) { r.add_tags(""); }, "tags[0]: is 0 bytes; 1 to 128"},
      {"tag of 129",
       [](auto& r) {
         r.add_tags("ok");
         r.add_tags(std::string(129, 't'));
       },
       "tags[1]: is 129"},
      {"two tags alike",
       [](auto& r) {
         r.add_tags("t");
         r.add_tags("t");
       },
       "tags[1]: repeats another tag"},
      {"token that is none of ours", [](auto& r) { r.set_fill_token("x"); }, "fill_token: is not a token"},
      {"token of a megabyte", [](auto& r) { r.set_fill_token(std::string(1 << 20, '\1')); },
       "fill_token: is not a token"},
      {"token of ours",
       [](auto& r) {
         r.set_fill_token(cachecore::FillToken{1, 2}.Encode());
       },
       ""},
      {"prompt tokens below zero", [](auto& r) { r.mutable_origin()->set_prompt_tokens(-1); }, "origin.prompt_tokens:"},
      {"completion tokens below zero", [](auto& r) { r.mutable_origin()->set_completion_tokens(-1); },
       "origin.completion_tokens:"},
      {"cost below zero", [](auto& r) { r.mutable_origin()->set_cost_usd(-0.01); }, nan_cost.c_str()},
      {"cost that is no number",
       [](auto& r) { r.mutable_origin()->set_cost_usd(std::numeric_limits<double>::quiet_NaN()); }, nan_cost.c_str()},
      {"cost without end", [](auto& r) { r.mutable_origin()->set_cost_usd(std::numeric_limits<double>::infinity()); },
       nan_cost.c_str()},
      {"latency below zero", [](auto& r) { r.mutable_origin()->mutable_latency()->set_seconds(-1); },
       "origin.latency:"},
  };
  for (const SetCase& c : kCases) {
    v1::SetRequest request = GoodSet();
    c.change(request);
    std::vector<std::string> tags;
    const auto spec = Resolve(request, &tags);
    if (*c.want == '\0') {
      EXPECT_TRUE(spec.ok()) << c.why << ": " << spec.status();
      continue;
    }
    EXPECT_EQ(spec.status().code(), absl::StatusCode::kInvalidArgument) << c.why;
    EXPECT_THAT(std::string(spec.status().message()), StartsWith(c.want)) << c.why;
    EXPECT_FALSE(cachecore::ReasonOf(spec.status()).empty()) << c.why;
    const std::string field = cachecore::FieldOf(spec.status());
    EXPECT_THAT(std::string(c.want), StartsWith(field)) << c.why;
    EXPECT_FALSE(field.empty()) << c.why;
  }
}

TEST(ValidationTest, PayloadIsHeldToTheOperatorsLimit) {
  std::vector<std::string> tags;
  EXPECT_TRUE(Resolve(GoodSet(), &tags, 100).ok());
  const absl::Status status = Resolve(GoodSet(), &tags, 101).status();
  EXPECT_EQ(status.message(), "payload: is 101 bytes; at most 100 are accepted");
  EXPECT_EQ(cachecore::ReasonOf(status), "ENTRY_TOO_LARGE");
}

TEST(ValidationTest, TtlIsTheDefaultWhenUnsetAndCutToTheMaximum) {
  std::vector<std::string> tags;
  v1::SetRequest request = GoodSet();
  EXPECT_EQ(Resolve(request, &tags)->ttl, absl::Hours(1));
  request.mutable_ttl()->set_seconds(7 * 86400);
  EXPECT_EQ(Resolve(request, &tags)->ttl, absl::Hours(24));
}

TEST(ValidationTest, TokensSaturateAndMinusZeroDollarsAreNone) {
  std::vector<std::string> tags;
  v1::SetRequest request = GoodSet();
  request.mutable_origin()->set_prompt_tokens(std::numeric_limits<int64_t>::max());
  request.mutable_origin()->set_completion_tokens(1LL << 32);
  request.mutable_origin()->set_cost_usd(-0.0);
  const auto spec = Resolve(request, &tags);
  EXPECT_EQ(spec->origin.prompt_tokens, 4'294'967'295u);
  EXPECT_EQ(spec->origin.completion_tokens, 4'294'967'295u);
  EXPECT_FALSE(std::signbit(spec->origin.cost_usd));
}

TEST(ValidationTest, NamesOfAKeyWinOverThoseBesideIt) {
  v1::EntryRef ref;
  ref.set_provider("beside");
  ref.set_model("beside");
  ref.mutable_key()->set_provider("openai");
  ref.mutable_key()->set_model("gpt-4");
  const auto entry = ResolveEntry(ref, {}, "entry");
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(entry->provider, "openai");
  EXPECT_EQ(entry->model, "gpt-4");
  EXPECT_EQ(entry->id.ns, "default");
}

TEST(ValidationTest, FieldsOfABatchNameTheirElement) {
  v1::EntryRef ref;
  ref.set_namespace_("a b");
  EXPECT_THAT(std::string(ResolveEntry(ref, {"entries", 7}, "").status().message()),
              StartsWith("entries[7].namespace: has a character"));
  ref.set_namespace_("");
  ref.mutable_key()->set_provider("p");
  ref.mutable_key()->set_messages_json("{}");
  EXPECT_THAT(std::string(ResolveEntry(ref, {"entries", 7}, "").status().message()),
              StartsWith("entries[7].key.messages_json"));
  v1::SetRequest set;
  std::vector<std::string> tags;
  EXPECT_THAT(std::string(ResolveSet(set, 0, kLimits, {"entries", 7}, &tags).status().message()),
              StartsWith("entries[7].entry.key: is missing"));
}

TEST(ValidationTest, InvalidateNeedsOneGoodTarget) {
  using Kind = cachecore::InvalidationTarget::Kind;
  v1::InvalidateRequest request;
  EXPECT_THAT(std::string(ResolveTarget(request).status().message()), StartsWith("target: is missing"));
  request.set_everything(false);
  EXPECT_EQ(ResolveTarget(request).status().message(), "everything: must be true");
  request.set_everything(true);
  EXPECT_EQ(ResolveTarget(request)->kind, Kind::kNamespace);
  EXPECT_EQ(ResolveTarget(request)->ns, "default");
  request.set_tag("");
  EXPECT_THAT(std::string(ResolveTarget(request).status().message()), StartsWith("tag: is 0 bytes; 1 to 128"));
  request.set_tag("t");
  EXPECT_EQ(ResolveTarget(request)->kind, Kind::kTag);
  EXPECT_EQ(ResolveTarget(request)->value, "t");
  request.set_model(std::string(257, 'm'));
  EXPECT_THAT(std::string(ResolveTarget(request).status().message()), StartsWith("model: is 257 bytes; 1 to 256"));
  request.set_model("m");
  EXPECT_EQ(ResolveTarget(request)->kind, Kind::kModel);
  request.set_digest("x");
  EXPECT_THAT(std::string(ResolveTarget(request).status().message()), StartsWith("digest: is 1 bytes"));
  request.mutable_key()->set_provider("");
  EXPECT_THAT(std::string(ResolveTarget(request).status().message()), StartsWith("key.provider: is 0 bytes"));
  request.mutable_key()->set_provider("p");
  EXPECT_EQ(ResolveTarget(request)->kind, Kind::kDigest);
  request.set_namespace_("a b");
  EXPECT_THAT(std::string(ResolveTarget(request).status().message()), StartsWith("namespace: has a character"));
}

}  // namespace
}  // namespace paracle::service
