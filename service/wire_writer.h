// Writes the protobuf wire format by hand, where building a message only to serialise it would cost a copy, or where
// the message has no generated class here. Appends to a caller's std::string. Not thread-safe.
#ifndef PARACLE_SERVICE_WIRE_WRITER_H_
#define PARACLE_SERVICE_WIRE_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace paracle::service {

// Fields with a default value are left out, as proto3 does; the `Always` forms are for members of a oneof and for
// messages, whose presence means something.
class WireWriter {
 public:
  // REQUIRES: `out` outlives the writer.
  explicit WireWriter(std::string* out) : out_(out) {}

  void Varint(int field, uint64_t value);
  void Double(int field, double value);
  void Bytes(int field, absl::string_view value);
  void BytesAlways(int field, absl::string_view value);

  // google.protobuf.Timestamp and Duration, rounded down to a nanosecond.
  void Timestamp(int field, absl::Time time);
  void Duration(int field, absl::Duration duration);

  // The start of a length-delimited field whose `size` bytes follow from elsewhere.
  void Header(int field, uint64_t size);

 private:
  void Raw(uint64_t varint);
  void SecondsAndNanos(int field, int64_t seconds, int32_t nanos);

  std::string* out_;
};

// Bytes that `value` takes as a varint.
int VarintSize(uint64_t value);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_WIRE_WRITER_H_
