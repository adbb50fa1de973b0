#include "cachecore/redis/slot.h"

#include <array>

#include "absl/strings/numbers.h"

namespace paracle::cachecore::redis {
namespace {

constexpr std::array<uint16_t, 256> MakeTable() {
  std::array<uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    uint16_t crc = static_cast<uint16_t>(byte << 8);
    for (int bit = 0; bit < 8; ++bit) crc = static_cast<uint16_t>((crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0));
    table[byte] = crc;
  }
  return table;
}

uint16_t Crc16(absl::string_view bytes) {
  static constexpr std::array<uint16_t, 256> kTable = MakeTable();
  uint16_t crc = 0;
  for (unsigned char byte : bytes) crc = static_cast<uint16_t>((crc << 8) ^ kTable[(crc >> 8) ^ byte]);
  return crc;
}

// Takes "<sign><number>\r\n" off the front.
std::optional<size_t> TakeCount(absl::string_view& wire, char sign) {
  const size_t end = wire.find("\r\n");
  size_t count = 0;
  if (end == absl::string_view::npos || wire.empty() || wire[0] != sign) return std::nullopt;
  if (!absl::SimpleAtoi(wire.substr(1, end - 1), &count)) return std::nullopt;
  wire.remove_prefix(end + 2);
  return count;
}

bool IsWithoutKey(absl::string_view name) {
  for (absl::string_view known : {"PING", "INFO", "SCAN", "ECHO", "CLIENT", "CLUSTER", "CONFIG", "ROLE"}) {
    if (name == known) return true;
  }
  return false;
}

}  // namespace

int SlotOf(absl::string_view key) {
  if (const size_t open = key.find('{'); open != absl::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != absl::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return Crc16(key) % kSlots;
}

std::optional<absl::string_view> ArgumentOf(absl::string_view wire, int n) {
  const std::optional<size_t> count = TakeCount(wire, '*');
  if (!count || static_cast<size_t>(n) >= *count) return std::nullopt;
  for (int i = 0;; ++i) {
    const std::optional<size_t> size = TakeCount(wire, '$');
    if (!size || *size + 2 > wire.size()) return std::nullopt;
    if (i == n) return wire.substr(0, *size);
    wire.remove_prefix(*size + 2);
  }
}

std::optional<absl::string_view> KeyOf(absl::string_view wire) {
  const std::optional<absl::string_view> name = ArgumentOf(wire, 0);
  if (!name || IsWithoutKey(*name)) return std::nullopt;
  if (*name != "EVAL" && *name != "EVALSHA") return ArgumentOf(wire, 1);
  if (ArgumentOf(wire, 2) == "0") return std::nullopt;
  return ArgumentOf(wire, 3);
}

}  // namespace paracle::cachecore::redis
