#include "bench/load/zipf.h"

#include <algorithm>
#include <cmath>

namespace paracle::load {
namespace {

// (exp(x) - 1) / x and log(1 + x) / x, which tend to 1 at 0: they carry the formulas over exponent 1.
double ExpRatio(double x) { return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2; }
double LogRatio(double x) { return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2; }

}  // namespace

Zipf::Zipf(int64_t n, double exponent) : n_(n), exponent_(exponent) {
  low_ = Integral(1.5) - 1;
  high_ = Integral(static_cast<double>(n) + 0.5);
  shift_ = 2 - InverseIntegral(Integral(2.5) - Weight(2));
}

double Zipf::Weight(double x) const { return std::exp(-exponent_ * std::log(x)); }

double Zipf::Integral(double x) const {
  const double log_x = std::log(x);
  return ExpRatio((1 - exponent_) * log_x) * log_x;
}

double Zipf::InverseIntegral(double y) const {
  // Rounding may push the argument of the logarithm below its domain.
  const double t = std::max(y * (1 - exponent_), -1.0);
  return std::exp(LogRatio(t) * y);
}

int64_t Zipf::Draw(Random& random) const {
  if (exponent_ == 0) return static_cast<int64_t>(random.Below(static_cast<uint64_t>(n_)));
  while (true) {
    const double u = high_ + random.NextDouble() * (low_ - high_);
    const double x = InverseIntegral(u);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(n_));
    if (rank - x <= shift_ || u >= Integral(rank + 0.5) - Weight(rank)) return static_cast<int64_t>(rank) - 1;
  }
}

}  // namespace paracle::load
