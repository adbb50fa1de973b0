#include "cachecore/internal/ledger_names.h"

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cachecore/internal/ledger_row.h"
#include "gtest/gtest.h"
#include "tests/cachecore/sealing_keys.h"

namespace paracle::cachecore::internal {
namespace {

std::string Row(absl::string_view ns, absl::string_view model) { return absl::StrCat(RowPrefix(ns), model); }

TEST(LedgerNamesTest, WithoutKeysNamesAreStoredAsTheyAre) {
  const LedgerNames names(nullptr);
  EXPECT_EQ(names.Store(Row("team", "gpt-4")).name, "4:teamgpt-4");
  EXPECT_EQ(names.Store(Row("team", "gpt-4")).prefix_size, 6u);
  EXPECT_EQ(names.Read("4:teamgpt-4"), "4:teamgpt-4");
}

TEST(LedgerNamesTest, SealedNamesComeBackAtAnyReplica) {
  const LedgerNames one(SomeKeys()), other(SomeKeys());
  for (const std::string& row : {Row("team", "gpt-4"), Row("team", ""), Row("a", "b"), Row(std::string(128, 'n'), "m"),
                                 Row("team", std::string(256, 'm')), std::string(kOverflowRow)}) {
    EXPECT_EQ(other.Read(one.Store(row).name), row);
    EXPECT_EQ(one.Store(row).name, other.Store(row).name) << "or they would count in two rows";
  }
}

TEST(LedgerNamesTest, RowsOfANamespaceBeginAlikeAndWithNoOther) {
  const LedgerNames names(SomeKeys());
  const LedgerNames::Stored team = names.Store(RowPrefix("team"));
  EXPECT_EQ(team.prefix_size, team.name.size());
  for (const char* model : {"gpt-4", "other", ""}) {
    const LedgerNames::Stored row = names.Store(Row("team", model));
    EXPECT_EQ(row.prefix_size, team.name.size());
    EXPECT_TRUE(absl::StartsWith(row.name, team.name));
  }
  EXPECT_FALSE(absl::StartsWith(names.Store(Row("teams", "gpt-4")).name, team.name));
}

TEST(LedgerNamesTest, NothingCanBeReadOrCompared) {
  const LedgerNames names(SomeKeys());
  const std::string row = names.Store(Row("canary-namespace", "canary-model")).name;
  EXPECT_FALSE(absl::StrContains(row, "canary"));
  // The same model in two namespaces is not seen to be the same.
  const LedgerNames::Stored a = names.Store(Row("a", "gpt-4")), b = names.Store(Row("b", "gpt-4"));
  EXPECT_NE(a.name.substr(a.prefix_size), b.name.substr(b.prefix_size));
  std::set<size_t> sizes;
  for (size_t size = 1; size < 60; ++size) sizes.insert(names.Store(Row("team", std::string(size, 'm'))).name.size());
  EXPECT_EQ(sizes.size(), 1u);
}

TEST(LedgerNamesTest, WhatAnotherKeyHasStoredIsNoRowAndIsKept) {
  const LedgerNames names(SomeKeys()), other(KeysOf(KeyLine("key-1", 'a'), 'm')), plain(nullptr);
  std::string changed = names.Store(Row("team", "gpt-4")).name;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  for (const std::string& stored : {other.Store(Row("team", "gpt-4")).name, plain.Store(Row("team", "gpt-4")).name,
                                    changed, std::string("x"), std::string("x\xff"), std::string()}) {
    const std::string read = names.Read(stored);
    EXPECT_EQ(read, "?" + stored);
    EXPECT_EQ(names.Store(read).name, stored);
    LedgerSnapshot snapshot;
    FillSnapshot({{read, RowCounts{1}}}, "", snapshot);
    EXPECT_TRUE(snapshot.rows.empty());
  }
}

}  // namespace
}  // namespace paracle::cachecore::internal
