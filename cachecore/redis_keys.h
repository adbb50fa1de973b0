// RedisKeys says where things are in Redis: the one place that knows the layout.
//
//   {prefix}{<namespace>/<question>}:e    an entry; the two parts of its tag (entry_tag.h) in hex
//   {prefix}{<namespace>/<question>}:l    its lease; what is in it, lease_scripts.h keeps
//   {prefix}{<namespace>/<question>}:r    its recording, while it is being made; record_scripts.h
//   {prefix}{marks}:state, :names, :times what mark_scripts.h keeps
//   {prefix}marks, {prefix}leases         the channels that tell of new marks, and of what became of leases
//
// The braces within a key are Redis Cluster's hash tag: what belongs together is in one slot. Immutable; thread-safe.
#ifndef PARACLE_CACHECORE_REDIS_KEYS_H_
#define PARACLE_CACHECORE_REDIS_KEYS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cachecore/entry.h"
#include "cachecore/entry_tag.h"
#include "cachecore/name_hash.h"

namespace paracle::cachecore {

class RedisKeys {
 public:
  // REQUIRES: ValidatePrefix(prefix).ok().
  explicit RedisKeys(std::string prefix, NameHash names = NameHash());

  // INVALID_ARGUMENT: empty, over 128 bytes, or with braces, which would move the hash tag.
  static absl::Status ValidatePrefix(absl::string_view prefix);

  EntryTag TagOf(const EntryId& id) const { return EntryTag::Of(id, names_); }

  std::string Entry(const EntryId& id) const { return Entry(TagOf(id)); }
  std::string Entry(const EntryTag& tag) const;
  std::string Lease(const EntryId& id) const;
  std::string Recording(const EntryId& id) const;

  // Whose entry lies under that key; nullopt: it is no key of an entry.
  std::optional<EntryTag> EntryOf(absl::string_view key) const;

  // For SCAN: the entries of one namespace, or of all. What globs take for signs is escaped.
  std::string EntryPattern(absl::string_view ns) const;
  std::string EntryPattern() const;

  const NameHash& names() const { return names_; }
  const std::string& prefix() const { return prefix_; }
  const std::string& mark_state() const { return mark_state_; }
  const std::string& mark_names() const { return mark_names_; }
  const std::string& mark_times() const { return mark_times_; }
  const std::string& mark_channel() const { return mark_channel_; }
  const std::string& lease_channel() const { return lease_channel_; }

 private:
  std::string Of(const EntryTag& tag, absl::string_view what) const;
  std::string Pattern(absl::string_view inside_the_tag) const;

  const NameHash names_;
  const std::string prefix_;
  const std::string mark_state_;
  const std::string mark_names_;
  const std::string mark_times_;
  const std::string mark_channel_;
  const std::string lease_channel_;
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_REDIS_KEYS_H_
