// What BatchGet and BatchSet share: taking the batch apart, and counting its answers.
#ifndef PARACLE_SERVICE_BATCH_REQUEST_H_
#define PARACLE_SERVICE_BATCH_REQUEST_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "service/access.h"
#include "service/request_scratch.h"

namespace paracle::service {

// Finds the elements of the loaded request (scratch.batch). Refuses more than 256 before anything is built from them.
absl::Status OpenBatch(RequestScratch& scratch, absl::string_view message_name);

// Admits the namespaces of all `count` entries, so that nothing is done for any of them when one is refused. `read`
// gives an entry by its index; null: it is malformed, and going to fail alone.
absl::Status AdmitBatch(const Access& access, const IdentifiedCall& call, Operation operation, size_t count,
                        absl::FunctionRef<const cache::v1::EntryRef*(size_t index)> read);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_BATCH_REQUEST_H_
