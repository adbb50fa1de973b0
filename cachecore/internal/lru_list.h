// LruList is an intrusive list from the most to the least recently used. It allocates nothing, takes no lock, reads no
// clock and owns nothing.
//
// Besides entries it may hold bookmarks: places where somebody who walks the list in steps goes on later. A bookmark
// is a node whose stamp is 0; entries have other stamps.
#ifndef PARACLE_CACHECORE_INTERNAL_LRU_LIST_H_
#define PARACLE_CACHECORE_INTERNAL_LRU_LIST_H_

#include <cstdint>

namespace paracle::cachecore::internal {

struct LruNode {
  LruNode* newer = nullptr;
  LruNode* older = nullptr;
  uint32_t stamp = 0;  // When it was last used, in whatever ticks the owner counts; 0 for a bookmark.

  bool is_bookmark() const { return stamp == 0; }
};

class LruList {
 public:
  LruList() { ends_.newer = ends_.older = &ends_; }
  LruList(const LruList&) = delete;
  LruList& operator=(const LruList&) = delete;

  bool empty() const { return ends_.older == &ends_; }

  void PushNewest(LruNode* node) { InsertBelow(&ends_, node); }

  void Remove(LruNode* node) {
    node->newer->older = node->older;
    node->older->newer = node->newer;
    node->newer = node->older = nullptr;
  }

  void MoveToNewest(LruNode* node) {
    if (ends_.older == node) return;
    Remove(node);
    PushNewest(node);
  }

  // Puts `node` next to `place`, on its older side.
  void InsertBelow(LruNode* place, LruNode* node) {
    node->newer = place;
    node->older = place->older;
    place->older->newer = node;
    place->older = node;
  }

  // The ends of the list; nullptr when there is none. Bookmarks are passed over by Oldest alone.
  LruNode* Newest() { return NodeOrNull(ends_.older); }
  LruNode* Oldest() {
    LruNode* node = ends_.newer;
    while (node != &ends_ && node->is_bookmark()) node = node->newer;
    return NodeOrNull(node);
  }

  // The next older node, bookmarks included; nullptr at the end.
  LruNode* Below(LruNode* node) { return NodeOrNull(node->older); }

 private:
  LruNode* NodeOrNull(LruNode* node) { return node == &ends_ ? nullptr : node; }

  LruNode ends_;  // ends_.older is the newest, ends_.newer the oldest.
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_LRU_LIST_H_
