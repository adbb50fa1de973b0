// What a key costs beside SHA-256 alone on the same bytes, in the same run. All refusals are checked.
//
// Sizes are those of the raw JSON of `messages`. "text" is prose with few escapes; "code" has every sixth character
// escaped. BM_Key/… over BM_Sha256/… of the same arguments is the figure that is claimed.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "cachecore/cache_key.h"
#include "cachecore/internal/sha256.h"

namespace paracle::cachecore {
namespace {

enum Kind : int64_t { kText, kCode };

// Conversation of `size` bytes, members in the order in which SDKs write them: role first.
std::string Messages(int64_t size, Kind kind) {
  const std::string piece = kind == kText ? "Tell me how a cache of answers is kept honest when models change. "
                                          : "  if (a[i] == \\\"x\\\") {\\n\\treturn b;\\n  }\\n";
  const std::string begin = R"({"role":"user","content":")";
  const std::string end = "\"}";
  std::string messages = "[";
  while (static_cast<int64_t>(messages.size()) < size) {
    if (messages.size() > 1) messages += ',';
    messages += begin;
    for (size_t i = 0; i < 1500 && static_cast<int64_t>(messages.size() + 3) < size; i += piece.size()) {
      messages += piece;
    }
    messages += end;
  }
  return messages + "]";
}

void SetCounters(benchmark::State& state, size_t bytes) {
  state.SetLabel(state.range(1) == kText ? "text" : "code");
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}

void BM_Sha256(benchmark::State& state) {
  const std::string messages = Messages(state.range(0), static_cast<Kind>(state.range(1)));
  for (auto _ : state) benchmark::DoNotOptimize(internal::Sha256(messages));
  SetCounters(state, messages.size());
}

void BM_Key(benchmark::State& state) {
  const std::string messages = Messages(state.range(0), static_cast<Kind>(state.range(1)));
  const CacheKeyFields fields{.provider = "openai",
                              .endpoint = "/v1/chat/completions",
                              .model = "gpt-4o-mini",
                              .temperature = 0.7,
                              .max_tokens = 1024,
                              .messages_json = messages};
  for (auto _ : state) benchmark::DoNotOptimize(DigestOf(fields));
  SetCounters(state, messages.size());
}

void BM_KeyOfRequestBody(benchmark::State& state) {
  const std::string body = R"({"model":"gpt-4o-mini","temperature":0.7,"max_tokens":1024,"messages":)" +
                           Messages(state.range(0), static_cast<Kind>(state.range(1))) + "}";
  const ProviderRequest request{.provider = "openai", .endpoint = "/v1/chat/completions", .body = body};
  for (auto _ : state) benchmark::DoNotOptimize(DeriveFromRequest(request));
  SetCounters(state, body.size());
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgsProduct({{200, 4096, 102'400}, {kText, kCode}});
}

BENCHMARK(BM_Sha256)->Apply(Sizes);
BENCHMARK(BM_Key)->Apply(Sizes);
BENCHMARK(BM_KeyOfRequestBody)->Apply(Sizes);

}  // namespace
}  // namespace paracle::cachecore

BENCHMARK_MAIN();
