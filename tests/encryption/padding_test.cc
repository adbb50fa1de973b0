#include "cachecore/encryption/padding.h"

#include <set>

#include "gtest/gtest.h"

namespace paracle::cachecore::encryption {
namespace {

TEST(PaddingTest, ShortTextsHaveSizesInSteps) {
  EXPECT_EQ(PaddedSize(0), 256u) << "nothing at all is not told from a little";
  EXPECT_EQ(PaddedSize(1), 256u);
  EXPECT_EQ(PaddedSize(256), 256u);
  EXPECT_EQ(PaddedSize(257), 512u);
  EXPECT_EQ(PaddedSize(4096), 4096u);
  EXPECT_EQ(PaddedSize(4097), 4352u);
}

TEST(PaddingTest, LongTextsGrowByLittle) {
  for (size_t size = 4096; size < (size_t{1} << 32); size += size / 97) {
    const size_t padded = PaddedSize(size);
    ASSERT_GE(padded, size);
    ASSERT_LE(static_cast<double>(padded - size), 0.0625 * static_cast<double>(size)) << size;
    ASSERT_EQ(PaddedSize(padded), padded) << size;
  }
}

TEST(PaddingTest, SizesAreFew) {
  for (size_t power = 4096; power < (size_t{1} << 24); power *= 2) {
    std::set<size_t> sizes;
    const size_t step = power / 4096;
    for (size_t size = power; size < 2 * power; size += step) sizes.insert(PaddedSize(size));
    EXPECT_LE(sizes.size(), 33u) << power;
  }
}

}  // namespace
}  // namespace paracle::cachecore::encryption
