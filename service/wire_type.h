// The tags of the protobuf wire format.
#ifndef PARACLE_SERVICE_WIRE_TYPE_H_
#define PARACLE_SERVICE_WIRE_TYPE_H_

#include <cstdint>

namespace paracle::service {

enum class WireType : uint32_t {
  kVarint = 0,
  kFixed64 = 1,
  kLengthDelimited = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5,
};

constexpr uint32_t WireTag(int field, WireType type) {
  return static_cast<uint32_t>(field) << 3 | static_cast<uint32_t>(type);
}

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_WIRE_TYPE_H_
