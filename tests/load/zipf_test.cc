#include "bench/load/zipf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace paracle::load {
namespace {

struct ZipfCase {
  const char* why;
  int64_t n;
  double exponent;
};

class ZipfTest : public testing::TestWithParam<ZipfCase> {};

// Chi-squared against the definition itself; the bound is the mean plus six standard deviations.
TEST_P(ZipfTest, RanksComeAsOftenAsTheDefinitionSays) {
  const auto [why, n, exponent] = GetParam();
  constexpr int kDraws = 400'000;
  std::vector<double> expected;
  double sum = 0;
  for (int64_t k = 1; k <= n; ++k) sum += expected.emplace_back(std::pow(static_cast<double>(k), -exponent));
  std::vector<int64_t> seen(static_cast<size_t>(n));
  const Zipf zipf(n, exponent);
  Random random(42);
  for (int i = 0; i < kDraws; ++i) {
    const int64_t rank = zipf.Draw(random);
    ASSERT_GE(rank, 0);
    ASSERT_LT(rank, n);
    ++seen[static_cast<size_t>(rank)];
  }
  double chi_squared = 0;
  int bins = 0;
  for (size_t k = 0; k < seen.size(); ++k) {
    const double want = expected[k] / sum * kDraws;
    if (want < 5) continue;
    chi_squared += std::pow(static_cast<double>(seen[k]) - want, 2) / want;
    ++bins;
  }
  EXPECT_LT(chi_squared, bins + 6 * std::sqrt(2.0 * bins)) << why;
}

INSTANTIATE_TEST_SUITE_P(Cases, ZipfTest,
                         testing::Values(ZipfCase{"the usual one", 1000, 0.99},
                                         ZipfCase{"the formula's own singularity", 1000, 1.0},
                                         ZipfCase{"uniform", 100, 0}, ZipfCase{"steep", 1000, 2.5},
                                         ZipfCase{"flat", 500, 0.2}, ZipfCase{"one key", 1, 0.99},
                                         ZipfCase{"two keys", 2, 1.2}));

TEST(ZipfSequenceTest, SameSeedSameSequence) {
  const Zipf zipf(100'000'000, 0.99);
  Random left(3), right(3);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(zipf.Draw(left), zipf.Draw(right));
}

}  // namespace
}  // namespace paracle::load
