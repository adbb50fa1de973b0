#include "cachecore/internal/lru_list.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paracle::cachecore::internal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LruListTest : public testing::Test {
 protected:
  LruListTest() {
    for (uint32_t i = 0; i < 4; ++i) {
      nodes_[i].stamp = i + 1;
      list_.PushNewest(&nodes_[i]);
    }
  }

  // Stamps from the newest to the oldest; 0 is a bookmark.
  std::vector<uint32_t> Order() {
    std::vector<uint32_t> stamps;
    for (LruNode* node = list_.Newest(); node != nullptr; node = list_.Below(node)) stamps.push_back(node->stamp);
    return stamps;
  }

  LruNode nodes_[4];
  LruNode bookmark_;
  LruList list_;
};

TEST_F(LruListTest, TheLastPushedIsTheNewest) {
  EXPECT_THAT(Order(), ElementsAre(4, 3, 2, 1));
  EXPECT_EQ(list_.Oldest(), &nodes_[0]);
}

TEST_F(LruListTest, MovesFromAnyPlaceToTheFront) {
  list_.MoveToNewest(&nodes_[0]);
  EXPECT_THAT(Order(), ElementsAre(1, 4, 3, 2));
  list_.MoveToNewest(&nodes_[0]);
  EXPECT_THAT(Order(), ElementsAre(1, 4, 3, 2));
  list_.MoveToNewest(&nodes_[2]);
  EXPECT_THAT(Order(), ElementsAre(3, 1, 4, 2));
}

TEST_F(LruListTest, RemovesUntilNothingIsLeft) {
  list_.Remove(&nodes_[1]);
  EXPECT_THAT(Order(), ElementsAre(4, 3, 1));
  list_.Remove(&nodes_[0]);
  EXPECT_EQ(list_.Oldest(), &nodes_[2]);
  list_.Remove(&nodes_[3]);
  list_.Remove(&nodes_[2]);
  EXPECT_THAT(Order(), IsEmpty());
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(list_.Oldest(), nullptr);
}

TEST_F(LruListTest, ABookmarkKeepsItsPlaceAndIsNeverTheOldest) {
  list_.InsertBelow(&nodes_[0], &bookmark_);
  EXPECT_THAT(Order(), ElementsAre(4, 3, 2, 1, 0));
  EXPECT_EQ(list_.Oldest(), &nodes_[0]);
  list_.Remove(&nodes_[0]);
  EXPECT_EQ(list_.Oldest(), &nodes_[1]);
  for (LruNode* node : {&nodes_[1], &nodes_[2], &nodes_[3]}) list_.Remove(node);
  EXPECT_EQ(list_.Oldest(), nullptr) << "only the bookmark is left";
}

}  // namespace
}  // namespace paracle::cachecore::internal
