#include "service/auth/token_store.h"

namespace paracle::service::auth {

absl::StatusOr<std::shared_ptr<TokenStore>> TokenStore::Open(const std::string& path) {
  std::shared_ptr<TokenStore> store(new TokenStore(path));
  if (absl::Status status = store->Load(); !status.ok()) return status;
  return store;
}

std::optional<absl::Status> TokenStore::Poll() {
  if (!file_.Changed()) return std::nullopt;
  absl::Status status = Load();
  last_reload_ok_.store(status.ok(), std::memory_order_relaxed);
  return status;
}

absl::Status TokenStore::Load() {
  const absl::StatusOr<std::string> text = file_.Read();
  if (!text.ok()) return text.status();
  absl::StatusOr<std::shared_ptr<const TokenTable>> table = TokenTable::Parse(*text);
  if (!table.ok()) return table.status();
  cachecore::MutexLock lock(mutex_);
  table_.swap(*table);
  return absl::OkStatus();
}

}  // namespace paracle::service::auth
