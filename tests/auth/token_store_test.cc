#include "service/auth/token_store.h"

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/auth/temporary_directory.h"

namespace paracle::service::auth {
namespace {

using ::testing::HasSubstr;

std::string LineFor(const std::string& token) {
  return absl::StrCat("id=a sha256=", ToHex(HashOf(token)), " roles=reader namespaces=*\n");
}

class TokenStoreTest : public ::testing::Test {
 protected:
  TokenStoreTest() : store_(*TokenStore::Open(directory_.Write("tokens", LineFor("old")))) {}

  bool Knows(const std::string& token) const { return store_->Current()->FindToken(HashOf(token)) != nullptr; }

  // What a change comes to once it has been looked at twice; nullopt: nothing.
  std::optional<absl::Status> Look() {
    auto first = store_->Poll();
    return first ? first : store_->Poll();
  }

  TemporaryDirectory directory_;
  std::shared_ptr<TokenStore> store_;
};

TEST_F(TokenStoreTest, AChangeHoldsAfterTwoLooks) {
  EXPECT_FALSE(store_->Poll().has_value());
  directory_.Replace("tokens", LineFor("new"));
  EXPECT_FALSE(store_->Poll().has_value()) << "it may be still being written";
  EXPECT_TRUE(Knows("old"));
  ASSERT_TRUE(store_->Poll().has_value());
  EXPECT_TRUE(Knows("new") && !Knows("old"));
  EXPECT_FALSE(Look().has_value()) << "once";
}

TEST_F(TokenStoreTest, AFileThatGrowsIsWaitedFor) {
  std::string text;
  for (int i = 0; i < 10; ++i) {
    directory_.Write("tokens", text += LineFor(absl::StrCat("new-", i)));
    EXPECT_FALSE(store_->Poll().has_value());
  }
  EXPECT_TRUE(Knows("old"));
  EXPECT_TRUE(store_->Poll().has_value());
  EXPECT_TRUE(Knows("new-9"));
}

TEST_F(TokenStoreTest, AWrongFileChangesNothingAndIsToldOnce) {
  for (const std::string& wrong : {std::string("id=a\n"), std::string(), LineFor("new") + "nonsense\n"}) {
    directory_.Replace("tokens", wrong);
    const auto told = Look();
    ASSERT_TRUE(told.has_value() && !told->ok()) << wrong;
    EXPECT_FALSE(store_->last_reload_ok());
    EXPECT_TRUE(Knows("old") && !Knows("new"));
    EXPECT_FALSE(Look().has_value()) << "once for each content";
  }
  directory_.Replace("tokens", LineFor("new"));
  EXPECT_EQ(Look(), absl::OkStatus());
  EXPECT_TRUE(store_->last_reload_ok() && Knows("new"));
}

TEST_F(TokenStoreTest, AFileThatIsGoneChangesNothing) {
  std::filesystem::remove(directory_.Path("tokens"));
  const auto told = Look();
  ASSERT_TRUE(told.has_value());
  EXPECT_THAT(std::string(told->message()), HasSubstr("cannot be read: No such file"));
  EXPECT_TRUE(Knows("old"));
}

TEST_F(TokenStoreTest, AWrongFileThatIsPutBackCountsAsRight) {
  directory_.Replace("tokens", "id=a\n");
  Look();
  directory_.Replace("tokens", LineFor("old"));
  EXPECT_EQ(Look(), absl::OkStatus());
  EXPECT_TRUE(store_->last_reload_ok());
}

// Kubernetes mounts a secret as links: tokens -> ..data/tokens, ..data -> ..2026_1, and swaps ..data.
TEST(TokenStoreLinksTest, ALinkThatIsSwappedIsAChange) {
  TemporaryDirectory directory;
  for (const char* name : {"one", "two"}) {
    std::filesystem::create_directory(directory.Path(name));
    directory.Write(absl::StrCat(name, "/tokens"), LineFor(name));
  }
  std::filesystem::create_symlink("one", directory.Path("..data"));
  std::filesystem::create_symlink("..data/tokens", directory.Path("tokens"));
  const auto store = *TokenStore::Open(directory.Path("tokens"));
  std::filesystem::create_symlink("two", directory.Path("..data_tmp"));
  std::filesystem::rename(directory.Path("..data_tmp"), directory.Path("..data"));
  EXPECT_FALSE(store->Poll().has_value());
  EXPECT_EQ(store->Poll(), absl::OkStatus());
  EXPECT_NE(store->Current()->FindToken(HashOf("two")), nullptr);
}

TEST(TokenStoreOpenTest, RefusesWhatIsNoFileOrEverybodysToWrite) {
  TemporaryDirectory directory;
  EXPECT_THAT(std::string(TokenStore::Open(directory.Path(".")).status().message()), HasSubstr("it is no file"));
  const std::string open = directory.Write("open", LineFor("t"));
  std::filesystem::permissions(open, std::filesystem::perms::others_write, std::filesystem::perm_options::add);
  EXPECT_THAT(std::string(TokenStore::Open(open).status().message()), HasSubstr("want chmod o-w"));
}

}  // namespace
}  // namespace paracle::service::auth
