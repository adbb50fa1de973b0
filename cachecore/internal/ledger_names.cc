#include "cachecore/internal/ledger_names.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cachecore/encryption/aead.h"
#include "cachecore/encryption/hkdf.h"
#include "cachecore/encryption/hmac.h"
#include "cachecore/internal/byte_reader.h"
#include "cachecore/internal/byte_writer.h"
#include "cachecore/internal/ledger_row.h"

namespace paracle::cachecore::internal {
namespace {

using encryption::kMacSize;
using encryption::kTagSize;

constexpr absl::string_view kPurpose = "paracle-cache ledger 1";
constexpr absl::string_view kUnread = "?";
constexpr char kSealed = 'x';
constexpr size_t kStep = 64;

using NameKey = encryption::WipedBytes<encryption::kKeySize>;

std::string SealName(absl::string_view names, absl::string_view context, absl::string_view text) {
  std::string out(kMacSize, '\0');
  std::string context_size;
  AppendVarint(context.size(), context_size);
  encryption::HmacSha256(names, {"L", context_size, context, text}, absl::MakeSpan(out));
  NameKey key;
  encryption::HkdfSha256(names, out, kPurpose, key.span());
  AppendText(text, out);
  const size_t padded = (out.size() - kMacSize + kStep - 1) / kStep * kStep;
  out.resize(kMacSize + padded + kTagSize);
  const absl::Span<char> bytes = absl::MakeSpan(out);
  encryption::Seal(key.view(), encryption::NonceOf(0), context, bytes.subspan(kMacSize, padded), bytes.last(kTagSize));
  return out;
}

std::optional<std::string> OpenName(absl::string_view names, absl::string_view context, absl::string_view sealed) {
  if (sealed.size() < kMacSize + kTagSize) return std::nullopt;
  NameKey key;
  encryption::HkdfSha256(names, sealed.substr(0, kMacSize), kPurpose, key.span());
  std::string opened(sealed.size() - kMacSize - kTagSize, '\0');
  if (!encryption::Opener(key.view())
           .Open(encryption::NonceOf(0), context, sealed.substr(kMacSize, opened.size()),
                 sealed.substr(sealed.size() - kTagSize), absl::MakeSpan(opened))) {
    return std::nullopt;
  }
  ByteReader reader(opened);
  const absl::string_view text = reader.Text();
  if (!reader.ok()) return std::nullopt;
  return std::string(text);
}

std::optional<std::string> OpenRow(absl::string_view names, absl::string_view stored) {
  ByteReader reader(stored);
  const bool sealed = reader.Byte() == kSealed;
  const absl::string_view ns = reader.Text();
  if (!sealed || !reader.ok()) return std::nullopt;
  const absl::string_view model = reader.rest();
  std::optional<std::string> name = OpenName(names, "", ns);
  if (!name || model.empty()) return name;
  const std::optional<std::string> opened_model =
      OpenName(names, stored.substr(0, stored.size() - model.size()), model);
  if (!opened_model) return std::nullopt;
  return absl::StrCat(*name, *opened_model);
}

}  // namespace

LedgerNames::LedgerNames(std::shared_ptr<const encryption::KeyRing> keys) : keys_(std::move(keys)) {}

LedgerNames::Stored LedgerNames::Store(absl::string_view name) const {
  const size_t prefix_size = RowPrefixSize(name);
  if (keys_ == nullptr) return {std::string(name), prefix_size};
  if (absl::StartsWith(name, kUnread)) return {std::string(name.substr(kUnread.size())), 0};
  if (prefix_size == 0) return {std::string(name), 0};
  const absl::string_view key = keys_->names().bytes();
  Stored stored;
  stored.name.push_back(kSealed);
  AppendText(SealName(key, "", name.substr(0, prefix_size)), stored.name);
  stored.prefix_size = stored.name.size();
  const absl::string_view model = name.substr(prefix_size);
  if (!model.empty()) stored.name += SealName(key, stored.name, model);
  return stored;
}

std::string LedgerNames::Read(absl::string_view stored) const {
  if (keys_ == nullptr || stored == kOverflowRow) return std::string(stored);
  return OpenRow(keys_->names().bytes(), stored).value_or(absl::StrCat(kUnread, stored));
}

}  // namespace paracle::cachecore::internal
