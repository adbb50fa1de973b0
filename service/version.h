// The version of this server.
#ifndef PARACLE_SERVICE_VERSION_H_
#define PARACLE_SERVICE_VERSION_H_

#include "absl/strings/string_view.h"

namespace paracle::service {

// "1.2.3" for a release, "1.2.3-g0123abc" for what was built between releases.
absl::string_view Version();

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_VERSION_H_
