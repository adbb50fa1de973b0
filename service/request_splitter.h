// Takes requests apart on the wire, so that a payload is copied once, from the network's buffers into its entry, and
// so that a batch is counted before anything is built from it.
//
// Thread-safe: pure functions. They judge only where fields lie; protobuf judges the rest.
#ifndef PARACLE_SERVICE_REQUEST_SPLITTER_H_
#define PARACLE_SERVICE_REQUEST_SPLITTER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/wire_cursor.h"

namespace paracle::service {

// A SetRequest without its payload.
struct SplitSetRequest {
  std::string rest;                        // Every other field, to be parsed as a SetRequest.
  std::vector<absl::string_view> payload;  // Where the payload lies: the last one, should it be there twice.
  size_t payload_size = 0;

  void Clear();
};

// False when the message is malformed. `split` is cleared first.
bool SplitPayload(WireCursor message, SplitSetRequest* split);

// The elements of field 1 of a batch request (length-delimited in both of them). False when the message is malformed.
// Stops collecting beyond `limit` but goes on counting.
struct BatchElements {
  std::vector<WireCursor> elements;
  size_t count = 0;
};
bool SplitBatch(WireCursor message, size_t limit, BatchElements* batch);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_REQUEST_SPLITTER_H_
