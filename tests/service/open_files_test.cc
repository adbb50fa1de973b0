#include "service/open_files.h"

#include <unistd.h>

#include "gtest/gtest.h"

namespace paracle::service {
namespace {

TEST(OpenFilesTest, TheNextFileHasTheLowestFreeNumber) {
  const int before = LowestFreeFile();
  const int file = dup(0);
  EXPECT_EQ(file, before);
  EXPECT_GT(LowestFreeFile(), before);
  close(file);
  EXPECT_EQ(LowestFreeFile(), before);
}

}  // namespace
}  // namespace paracle::service
