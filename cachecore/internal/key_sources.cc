#include "cachecore/internal/key_sources.h"

namespace paracle::cachecore::internal {

CacheKeyFields OwnedKeyFields::Views() const {
  return {.provider = provider,
          .endpoint = endpoint,
          .model = model,
          .temperature = temperature,
          .max_tokens = max_tokens,
          .variant = variant,
          .messages_json = messages_json,
          .params_json = params_json,
          .headers_json = headers_json};
}

}  // namespace paracle::cachecore::internal
