// JsonBuffer is a growable run of bytes that is never zero-filled: canonical text is written into it in place.
// Not thread-safe.
#ifndef PARACLE_CACHECORE_INTERNAL_JSON_BUFFER_H_
#define PARACLE_CACHECORE_INTERNAL_JSON_BUFFER_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"

namespace paracle::cachecore::internal {

class JsonBuffer {
 public:
  char* data() { return bytes_.get(); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  absl::string_view view() const { return {bytes_.get(), size_}; }

  // REQUIRES: size <= capacity().
  void set_size(size_t size) { size_ = size; }

  // Makes room for `more` bytes beyond size(); may move data().
  void Reserve(size_t more) {
    if (capacity_ - size_ < more) Grow(size_ + more);
  }

  void Append(absl::string_view text) {
    Reserve(text.size());
    if (!text.empty()) std::memcpy(bytes_.get() + size_, text.data(), text.size());
    size_ += text.size();
  }

  // Forgets the contents, and gives the memory back if it is more than `keep`.
  void Clear(size_t keep) {
    size_ = 0;
    if (capacity_ <= keep) return;
    bytes_.reset();
    capacity_ = 0;
  }

 private:
  void Grow(size_t wanted) {
    const size_t capacity = wanted < 2 * capacity_ ? 2 * capacity_ : wanted + 256;
    std::unique_ptr<char[]> bytes(new char[capacity]);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_JSON_BUFFER_H_
