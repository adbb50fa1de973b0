// What the configuration says of the cache, in the cache's own terms.
#ifndef PARACLE_SERVICE_CACHE_OPTIONS_H_
#define PARACLE_SERVICE_CACHE_OPTIONS_H_

#include "cachecore/cache_factory.h"
#include "service/config.h"

namespace paracle::service {

cachecore::CacheOptions ToCacheOptions(const Config& config);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_CACHE_OPTIONS_H_
