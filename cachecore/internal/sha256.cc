#include "cachecore/internal/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace paracle::cachecore::internal {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Context NewContext() {
  // Fetched once for the process and never freed.
  static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Context context(EVP_MD_CTX_new());
  if (kAlgorithm == nullptr || context == nullptr) std::abort();
  if (EVP_DigestInit_ex2(context.get(), kAlgorithm, nullptr) != 1) std::abort();
  return context;
}

}  // namespace

Digest Sha256(absl::string_view bytes) {
  thread_local const Context context = NewContext();
  Digest digest;
  // A null algorithm keeps the one that the context has.
  if (EVP_DigestInit_ex2(context.get(), nullptr, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.bytes.data(), nullptr) != 1) {
    std::abort();
  }
  return digest;
}

}  // namespace paracle::cachecore::internal
