// What BatchGet and BatchSet share: taking the batch apart, and counting its answers.
#ifndef PARACLE_SERVICE_BATCH_REQUEST_H_
#define PARACLE_SERVICE_BATCH_REQUEST_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "service/request_scratch.h"

namespace paracle::service {

// Finds the elements of the loaded request (scratch.batch). Refuses more than 256 before anything is built from them.
absl::Status OpenBatch(RequestScratch& scratch, absl::string_view message_name);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_BATCH_REQUEST_H_
