// The endpoint of a request as the key knows it: the escaped path, the query sorted, credentials gone.
#ifndef PARACLE_CACHECORE_INTERNAL_ENDPOINT_H_
#define PARACLE_CACHECORE_INTERNAL_ENDPOINT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace paracle::cachecore::internal {

struct Endpoint {
  std::string text;
  std::vector<std::string> removed;  // Names of the credentials that were in the query.
};

// `url` is a path, perhaps with a query, or a full URL, of which only path and query count. A fragment goes. Percent
// escapes stay as they are; a byte that may not stand in a URL is escaped. Parameters are put in the order of their
// names, byte by byte; those of one name keep their order. Never fails.
Endpoint CanonicalEndpoint(absl::string_view url);

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_ENDPOINT_H_
