// Serialises a small message into a response of one slice.
#ifndef PARACLE_SERVICE_MESSAGE_SLICE_H_
#define PARACLE_SERVICE_MESSAGE_SLICE_H_

#include "google/protobuf/message_lite.h"
#include "grpcpp/support/byte_buffer.h"

namespace paracle::service {

// Valid even when the message is empty.
grpc::ByteBuffer ToByteBuffer(const google::protobuf::MessageLite& message);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_MESSAGE_SLICE_H_
