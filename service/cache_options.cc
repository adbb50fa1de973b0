#include "service/cache_options.h"

namespace paracle::service {
namespace {

cachecore::SharedTierOptions ToSharedTierOptions(const Config& config) {
  cachecore::SharedTierOptions options;
  options.client.deployment = config.redis_url;
  options.client.tls = config.redis_tls;
  options.client.operation_timeout = config.redis_timeout;
  options.prefix = config.prefix;
  options.keys = config.encryption_keys;
  options.consistency = config.strict ? cachecore::Consistency::kStrict : cachecore::Consistency::kAvailable;
  options.max_ttl = config.max_ttl;
  return options;
}

cachecore::MemoryShareRules ToShareRules(const LimitRules& limits) {
  cachecore::MemoryShareRules rules;
  rules.others = limits.others.memory_share;
  for (const auto& [ns, rule] : limits.named) rules.named[ns] = rule.memory_share;
  return rules;
}

}  // namespace

cachecore::CacheOptions ToCacheOptions(const Config& config) {
  cachecore::CacheOptions options;
  options.enabled = config.enabled;
  options.memory.max_entries = static_cast<size_t>(config.max_size);
  options.memory.max_bytes = static_cast<size_t>(config.max_bytes);
  options.memory.shares = ToShareRules(config.namespace_limits);
  options.leases.max_hold = config.lease_max_hold;
  options.leases.limits.max_leases_per_holder = static_cast<size_t>(config.leases_per_caller);
  options.leases.limits.max_waiters = static_cast<size_t>(config.max_waiters);
  options.leases.limits.max_waiters_per_namespace = static_cast<size_t>(config.waiters_per_namespace);
  options.recordings.max_bytes = static_cast<size_t>(config.recording_bytes);
  options.recordings.max_answer_bytes = static_cast<size_t>(config.max_entry_bytes);
  options.recordings.max_followers = static_cast<size_t>(config.max_followers);
  if (config.shared()) options.shared = ToSharedTierOptions(config);
  return options;
}

}  // namespace paracle::service
