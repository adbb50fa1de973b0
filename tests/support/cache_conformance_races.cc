// The part of the conformance suite that needs threads: P1 and P3 while everything happens at once.
#include <atomic>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/support/cache_conformance.h"

namespace paracle::cachecore {
namespace {

using Kind = InvalidationTarget::Kind;

constexpr int kQuestions = 8;
constexpr int kTries = 50;

}  // namespace

// As callers are told to: what a shared tier on a busy machine was not told in time is repeated.
bool CacheConformance::Acknowledged(const InvalidationTarget& target) {
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    status = Invalidate(target).status();
    if (!absl::IsUnavailable(status) || GetParam().counts_exactly) break;  // Memory alone has nobody to tell.
  }
  return status.ok();
}

// The truth is a number that grows. A filler takes its token, then reads the truth, then stores it; an invalidator
// first changes the truth and then invalidates. So once an invalidation is acknowledged, no reader may see an older
// number than it stood for.
TEST_P(CacheConformance, P3_NoReaderSeesWhatWasTrueBeforeAnAcknowledgedInvalidation) {
  for (Kind kind : {Kind::kDigest, Kind::kTag, Kind::kModel, Kind::kNamespace}) {
    SCOPED_TRACE(static_cast<int>(kind));
    cache_ = Make({});
    std::atomic<int64_t> truth = 1;
    std::atomic<int64_t> acknowledged = 1;
    std::atomic<int64_t> violations = 0, hits = 0, fills = 0;
    std::atomic<bool> stop = false;
    const auto fill_or_check = [&](int worker) {
      for (int i = worker; !stop; ++i) {
        const int question = i % kQuestions;
        const int64_t at_least = acknowledged.load();
        const GetOutcome outcome = Get(question);
        if (const Hit* hit = std::get_if<Hit>(&outcome)) {
          int64_t seen = 0;
          if (!absl::SimpleAtoi(hit->entry->payload(), &seen) || seen < at_least) ++violations;
          ++hits;
          continue;
        }
        const FillToken token = std::get<Miss>(outcome).fill_token;
        const int64_t answer = truth.load();
        if (i % 3 == 0) std::this_thread::yield();  // Some models are slow.
        if (Set({.question = question, .payload = absl::StrCat(answer), .tags = {"faq"}, .fill_token = token}).ok()) {
          ++fills;
        }
      }
    };
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 3; ++worker) workers.emplace_back(fill_or_check, worker);
    for (int round = 0; round < 400; ++round) {
      const int64_t fills_before = fills, hits_before = hits;  // Before: afterwards, all may be filled already.
      const int64_t now = ++truth;
      InvalidationTarget target{.ns = "default", .kind = kind, .digest = {}, .value = ""};
      if (kind == Kind::kTag) target.value = "faq";
      if (kind == Kind::kModel) target.value = "gpt-4";
      for (int question = 0; question < (kind == Kind::kDigest ? kQuestions : 1); ++question) {
        target.digest = DigestOfQuestion(question);
        if (!Acknowledged(target)) ADD_FAILURE() << "no invalidation is acknowledged any more";
      }
      if (HasFailure()) break;
      acknowledged = now;
      // So that each round stores and reads something.
      while (fills == fills_before || hits == hits_before) std::this_thread::yield();
    }
    stop = true;
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(violations, 0);
    EXPECT_GE(fills, 400);
    EXPECT_GE(hits, 400);
  }
}

// Every payload says whose it is; eviction, replacement and invalidation go on all the while.
TEST_P(CacheConformance, P1_EveryAnswerReadUnderStressIsTheOneAskedFor) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 4'000;
  cache_ = Make({.max_entries = 100, .max_bytes = 1 << 20});
  std::atomic<int64_t> wrong = 0, hits = 0;
  const auto work = [&](int worker) {
    uint32_t state = static_cast<uint32_t>(worker) + 1;
    for (int round = 0; round < kRounds; ++round) {
      state = state * 1'664'525 + 1'013'904'223;
      const int question = static_cast<int>(state >> 16) % 200;
      const std::string ns = (state >> 8) % 2 == 0 ? "a" : "b";
      const std::string name = absl::StrCat(ns, "/", question, "/");
      const GetOutcome outcome = Get(question, ns);
      if (const Hit* hit = std::get_if<Hit>(&outcome)) {
        ++hits;
        const absl::string_view payload = hit->entry->payload();
        if (payload.substr(0, name.size()) != name || payload.back() != '.') ++wrong;
        if (hit->entry->label().ns() != ns || hit->entry->digest() != DigestOfQuestion(question)) ++wrong;
      } else {
        const std::string filler(state % 3000, 'x');
        (void)Set({.ns = ns,
                   .question = question,
                   .payload = absl::StrCat(name, filler, "."),
                   .model = absl::StrCat("m", question % 5),
                   .tags = {absl::StrCat("t", question % 7)},
                   .fill_token = std::get<Miss>(outcome).fill_token});
      }
      InvalidationTarget target{.ns = ns, .kind = Kind::kTag, .digest = {}, .value = absl::StrCat("t", round % 7)};
      if (round % 97 == 0) (void)Invalidate(target, round % 2 == 0);
      if (round % 501 == 0) clock_.Advance(absl::Seconds(1));
    }
  };
  std::vector<std::thread> threads;
  for (int worker = 0; worker < kThreads; ++worker) threads.emplace_back(work, worker);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(hits, kRounds) << "too little was read to tell";
  EXPECT_LE(cache_->GetUsage().entries, 100);
}

}  // namespace paracle::cachecore
