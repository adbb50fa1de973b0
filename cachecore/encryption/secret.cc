#include "cachecore/encryption/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cassert>
#include <cstring>
#include <new>

#include "cachecore/encryption/hmac.h"

namespace paracle::cachecore::encryption {
namespace {

// Behind the key, which leaves them aligned.
HmacPads* PadsIn(char* page) { return std::launder(reinterpret_cast<HmacPads*>(page + Secret::kSize)); }

size_t PageSize() {
  static const size_t kSize = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return kSize;
}

}  // namespace

std::shared_ptr<const Secret> Secret::Take(absl::Span<char> bytes) {
  assert(bytes.size() == kSize);
  void* const page = mmap(nullptr, PageSize(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  madvise(page, PageSize(), MADV_DONTDUMP);
  mlock(page, PageSize());  // Containers allow little of it, often nothing: then it is not locked.
  std::memcpy(page, bytes.data(), kSize);
  HmacPads pads = HmacPadsOf({bytes.data(), bytes.size()});
  new (static_cast<char*>(page) + kSize) HmacPads(pads);
  Wipe({reinterpret_cast<char*>(&pads), sizeof(pads)});
  Wipe(bytes);
  mprotect(page, PageSize(), PROT_READ);
  return std::shared_ptr<const Secret>(new Secret(static_cast<char*>(page)));
}

Secret::~Secret() {
  mprotect(page_, PageSize(), PROT_READ | PROT_WRITE);
  Wipe({page_, kSize + sizeof(HmacPads)});
  munmap(page_, PageSize());
}

const HmacPads& Secret::pads() const { return *PadsIn(page_); }

bool Secret::SameAs(const Secret& other) const { return CRYPTO_memcmp(page_, other.page_, kSize) == 0; }

void Wipe(absl::Span<char> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

}  // namespace paracle::cachecore::encryption
