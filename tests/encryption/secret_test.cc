#include "cachecore/encryption/secret.h"

#include <fstream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace paracle::cachecore::encryption {
namespace {

std::string Ramp(char from) {
  std::string bytes(Secret::kSize, '\0');
  for (char& byte : bytes) byte = from++;
  return bytes;
}

// What the kernel says of the mapping at that address: "VmFlags: rd mr mw me dd ...".
std::string FlagsOf(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const std::string begin = absl::StrCat(absl::Hex(reinterpret_cast<uintptr_t>(address)), "-");
  std::string line;
  bool here = false;
  while (std::getline(maps, line)) {
    if (absl::StrContains(line.substr(0, 20), "-")) here = absl::StartsWith(line, begin);
    if (here && absl::StartsWith(line, "VmFlags:")) return line + " ";
  }
  return "";
}

TEST(SecretTest, TakesTheBytesAndLeavesNone) {
  std::string bytes = Ramp('a');
  const auto secret = Secret::Take(absl::MakeSpan(bytes));
  ASSERT_NE(secret, nullptr);
  EXPECT_EQ(secret->bytes(), Ramp('a'));
  EXPECT_EQ(bytes, std::string(Secret::kSize, '\0'));
}

TEST(SecretTest, IsNoPartOfACoreDumpAndCannotBeWritten) {
  std::string bytes = Ramp('a');
  const auto secret = Secret::Take(absl::MakeSpan(bytes));
  const std::string flags = FlagsOf(secret->bytes().data());
  if (flags.empty()) GTEST_SKIP() << "the kernel does not tell";
  EXPECT_TRUE(absl::StrContains(flags, " dd ")) << flags;
  EXPECT_FALSE(absl::StrContains(flags, " wr ")) << flags;
}

TEST(SecretTest, ComparesWithOthers) {
  std::string a = Ramp('a'), b = Ramp('a'), c = Ramp('b');
  const auto first = Secret::Take(absl::MakeSpan(a));
  EXPECT_TRUE(first->SameAs(*Secret::Take(absl::MakeSpan(b))));
  EXPECT_FALSE(first->SameAs(*Secret::Take(absl::MakeSpan(c))));
}

TEST(SecretTest, CannotBeCopied) {
  EXPECT_FALSE(std::is_copy_constructible_v<Secret>);
  EXPECT_FALSE(std::is_copy_assignable_v<Secret>);
  EXPECT_FALSE(std::is_copy_constructible_v<WipedBytes<32>>);
}

TEST(SecretTest, WipingLeavesZeros) {
  std::string bytes = Ramp('a');
  Wipe(absl::MakeSpan(bytes));
  EXPECT_EQ(bytes, std::string(Secret::kSize, '\0'));
}

}  // namespace
}  // namespace paracle::cachecore::encryption
