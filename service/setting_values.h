// How the values of settings are written: sizes as 256MiB, durations as 50ms, switches as true or false.
//
// Every function returns nullopt for what it does not accept; the caller says what would be. Pure, thread-safe.
#ifndef PARACLE_SERVICE_SETTING_VALUES_H_
#define PARACLE_SERVICE_SETTING_VALUES_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace paracle::service {

// Digits only: 0 to 2^63-1.
std::optional<int64_t> ParseCount(absl::string_view text);

// A number and B, KB, KiB, MB, MiB, GB, GiB, TB or TiB in any case; without a unit, bytes. Fractions are taken with a
// unit ("1.5GiB"). Decimal units are powers of 1000.
std::optional<int64_t> ParseSize(absl::string_view text);

// Numbers with ms, s, m, h, d, as in "50ms", "1h30m", "30d"; without a unit, seconds. Not negative, finite.
std::optional<absl::Duration> ParseDuration(absl::string_view text);

// true, false, yes, no, on, off, 1, 0, in any case.
std::optional<bool> ParseSwitch(absl::string_view text);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_SETTING_VALUES_H_
