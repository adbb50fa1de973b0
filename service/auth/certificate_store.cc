#include "service/auth/certificate_store.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace paracle::service::auth {
namespace {

absl::Status Bad(int which, const std::string& path, absl::string_view problem) {
  constexpr absl::string_view kVariables[] = {"TLS_CERT", "TLS_KEY", "TLS_CLIENT_CA"};
  return absl::InvalidArgumentError(absl::StrCat("PARACLE_CACHE_", kVariables[which], ": \"", path, "\" ", problem));
}

}  // namespace

CertificateStore::CertificateStore(const CertificatePaths& paths, const cachecore::Clock* clock)
    : clock_(*clock), chain_(paths.chain), key_(paths.key) {
  if (!paths.client_ca.empty()) client_ca_.emplace(paths.client_ca);
}

absl::StatusOr<std::shared_ptr<CertificateStore>> CertificateStore::Open(const CertificatePaths& paths,
                                                                         const cachecore::Clock* clock) {
  std::shared_ptr<CertificateStore> store(new CertificateStore(paths, clock));
  if (absl::Status status = store->Load(); !status.ok()) return status;
  return store;
}

std::optional<absl::Status> CertificateStore::Poll() {
  // Each is asked, also when the one before has changed: they remember what they saw.
  bool changed = chain_.Changed();
  changed = key_.Changed() || changed;
  changed = (client_ca_ && client_ca_->Changed()) || changed;
  if (!changed) return std::nullopt;
  absl::Status status = Load();
  last_reload_ok_.store(status.ok(), std::memory_order_relaxed);
  return status;
}

absl::Status CertificateStore::Load() {
  auto next = std::make_shared<Certificates>();
  const std::pair<WatchedFile*, std::string*> files[] = {
      {&chain_, &next->chain}, {&key_, &next->key}, {client_ca_ ? &*client_ca_ : nullptr, &next->client_ca}};
  absl::Status unread;
  for (int i = 0; i < 3; ++i) {
    if (files[i].first == nullptr) continue;
    absl::StatusOr<std::string> text = files[i].first->Read();
    if (unread.ok() && !text.ok()) unread = Bad(i, files[i].first->path(), text.status().message());
    if (unread.ok() && text->empty()) unread = Bad(i, files[i].first->path(), "is empty");
    if (text.ok()) *files[i].second = *std::move(text);
  }
  if (!unread.ok()) return unread;
  int at = 0;
  const absl::StatusOr<absl::Time> not_after = CheckCertificates(*next, clock_.WallTime(), &at);
  if (!not_after.ok()) return Bad(at, files[at].first->path(), not_after.status().message());
  next->not_after = *not_after;
  cachecore::MutexLock lock(mutex_);
  current_ = std::move(next);
  return absl::OkStatus();
}

}  // namespace paracle::service::auth
