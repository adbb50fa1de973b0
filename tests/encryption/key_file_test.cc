#include "cachecore/encryption/key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace paracle::cachecore::encryption {
namespace {

std::string GoodText() {
  return absl::StrCat("names ", absl::Base64Escape(std::string(32, 'n')), "\na ",
                      absl::Base64Escape(std::string(32, 'a')), "\n");
}

class KeyFileTest : public testing::Test {
 protected:
  std::string Write(const std::string& text, mode_t mode = 0600) {
    const std::string path = absl::StrCat(testing::TempDir(), "/keys-", getpid(), "-", ++files_);
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }

  int files_ = 0;
};

TEST_F(KeyFileTest, IsReadByItsOwner) {
  const auto ring = ReadKeyFile(Write(GoodText()));
  ASSERT_TRUE(ring.ok()) << ring.status();
  EXPECT_EQ((*ring)->SealerOf("default").id, "a");
  EXPECT_TRUE(ReadKeyFile(Write(GoodText(), 0400)).ok());
}

TEST_F(KeyFileTest, ThatOthersMayReadOrWriteIsRefused) {
  for (const mode_t mode : {0604, 0602, 0620, 0644, 0666}) {
    const auto ring = ReadKeyFile(Write(GoodText(), mode));
    ASSERT_EQ(ring.status().code(), absl::StatusCode::kInvalidArgument) << std::oct << mode;
    EXPECT_TRUE(absl::StrContains(ring.status().message(), "chmod 600")) << ring.status();
  }
  EXPECT_FALSE(ReadKeyFile(Write(GoodText(), 0640)).ok()) << "root needs no group, and no one else has files of root";
}

TEST_F(KeyFileTest, WhatIsNoFileOrTooLongIsRefused) {
  for (const std::string& path : {absl::StrCat(testing::TempDir(), "/not-there"), testing::TempDir(),
                                  Write(std::string(300 << 10, '#')), std::string("/dev/null")}) {
    const auto ring = ReadKeyFile(path);
    ASSERT_EQ(ring.status().code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_TRUE(absl::StrContains(ring.status().message(), "cannot be read")) << ring.status();
  }
}

TEST_F(KeyFileTest, ABadLineIsNamed) {
  const auto ring = ReadKeyFile(Write(absl::StrCat(GoodText(), "b short\n")));
  EXPECT_TRUE(absl::StrContains(ring.status().message(), "line 3")) << ring.status();
}

TEST_F(KeyFileTest, ALinkIsFollowedToAFileThatIsJudged) {
  const std::string file = Write(GoodText()), link = file + "-link";
  ASSERT_EQ(symlink(file.c_str(), link.c_str()), 0);
  EXPECT_TRUE(ReadKeyFile(link).ok()) << "so Kubernetes mounts secrets";
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  EXPECT_FALSE(ReadKeyFile(link).ok());
}

}  // namespace
}  // namespace paracle::cachecore::encryption
