#include "service/descriptor_answers.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpcpp/support/status.h"
#include "service/wire_cursor.h"
#include "service/wire_writer.h"

namespace paracle::service {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

// Of ServerReflectionRequest.
enum RequestField : uint32_t {
  kFileByName = 3,
  kFileWithSymbol = 4,
  kFileWithExtension = 5,
  kExtensionNumbers = 6,
  kListServices = 7,
};

// Of ServerReflectionResponse and the messages in it.
constexpr int kOriginalRequest = 2;
constexpr int kFileDescriptors = 4;
constexpr int kNumbers = 5;
constexpr int kServices = 6;
constexpr int kError = 7;

// What is asked: the last question of a message counts, as of any oneof.
struct Question {
  uint32_t field = 0;  // 0: none.
  std::string text;
  int number = 0;  // Of an extension.
};

bool ReadText(WireCursor& cursor, std::string* text) {
  size_t size = 0;
  text->clear();
  if (!cursor.ReadLength(&size)) return false;
  cursor.CopyTo(size, text);
  return true;
}

// ExtensionRequest { string containing_type = 1; int32 extension_number = 2; }
bool ReadExtension(WireCursor cursor, Question* question) {
  while (!cursor.AtEnd()) {
    WireCursor::Tag tag;
    uint64_t number = 0;
    if (!cursor.ReadTag(&tag)) return false;
    if (tag.field() == 1 && tag.type() == WireType::kLengthDelimited) {
      if (!ReadText(cursor, &question->text)) return false;
    } else if (tag.field() == 2 && tag.type() == WireType::kVarint) {
      if (!cursor.ReadVarint(&number)) return false;
      question->number = static_cast<int>(number);
    } else if (!cursor.SkipValue(tag)) {
      return false;
    }
  }
  return true;
}

bool ReadQuestion(absl::string_view request, Question* question) {
  WireCursor cursor(absl::MakeConstSpan(&request, 1));
  while (!cursor.AtEnd()) {
    WireCursor::Tag tag;
    if (!cursor.ReadTag(&tag)) return false;
    const bool asks = tag.field() >= kFileByName && tag.field() <= kListServices;
    if (!asks || tag.type() != WireType::kLengthDelimited) {
      if (!cursor.SkipValue(tag)) return false;
      continue;
    }
    *question = {.field = tag.field(), .text = "", .number = 0};
    if (tag.field() != kFileWithExtension) {
      if (!ReadText(cursor, &question->text)) return false;
      continue;
    }
    size_t size = 0;
    if (!cursor.ReadLength(&size) || !ReadExtension(cursor.Take(size), question)) return false;
  }
  return true;
}

std::string Field(int number, absl::string_view body) {
  std::string field;
  WireWriter(&field).BytesAlways(number, body);
  return field;
}

std::string Error(grpc::StatusCode code, absl::string_view message) {
  std::string body;
  WireWriter writer(&body);
  writer.Varint(1, static_cast<uint64_t>(code));
  writer.Bytes(2, message);
  return Field(kError, body);
}

std::string NotFound() { return Error(grpc::StatusCode::NOT_FOUND, "not known to this server"); }

std::string ExtensionNumbers(const std::string& type) {
  const Descriptor* const message = DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (message == nullptr) return NotFound();
  std::vector<const FieldDescriptor*> extensions;
  DescriptorPool::generated_pool()->FindAllExtensions(message, &extensions);
  std::string body = Field(1, type);
  for (const FieldDescriptor* extension : extensions) {
    WireWriter(&body).Varint(2, static_cast<uint64_t>(extension->number()));
  }
  return Field(kNumbers, body);
}

const FileDescriptor* FileWithExtension(const Question& question) {
  const DescriptorPool* const pool = DescriptorPool::generated_pool();
  const Descriptor* const message = pool->FindMessageTypeByName(question.text);
  if (message == nullptr) return nullptr;
  const FieldDescriptor* const extension = pool->FindExtensionByNumber(message, question.number);
  return extension == nullptr ? nullptr : extension->file();
}

}  // namespace

std::string DescriptorAnswers::Answer(absl::string_view request) {
  const std::string original = Field(kOriginalRequest, request);
  Question question;
  if (!ReadQuestion(request, &question)) {
    return absl::StrCat(original, Error(grpc::StatusCode::INVALID_ARGUMENT, "the request is malformed"));
  }
  const DescriptorPool* const pool = DescriptorPool::generated_pool();
  switch (question.field) {
    case kFileByName:
      return absl::StrCat(original, File(pool->FindFileByName(question.text)));
    case kFileWithSymbol:
      return absl::StrCat(original, File(pool->FindFileContainingSymbol(question.text)));
    case kFileWithExtension:
      return absl::StrCat(original, File(FileWithExtension(question)));
    case kExtensionNumbers:
      return absl::StrCat(original, ExtensionNumbers(question.text));
    case kListServices:
      return absl::StrCat(original, ListServices());
    default:
      return absl::StrCat(original, Error(grpc::StatusCode::INVALID_ARGUMENT, "the request asks nothing"));
  }
}

std::string DescriptorAnswers::ListServices() const {
  std::string body;
  for (const std::string& service : services_) WireWriter(&body).BytesAlways(1, Field(1, service));
  return Field(kServices, body);
}

std::string DescriptorAnswers::File(const FileDescriptor* file) {
  if (file == nullptr) return NotFound();
  // Asked for by name it is sent again: whoever asks may have lost it.
  sent_.erase(std::string(file->name()));
  std::string body;
  Append(*file, &body);
  return Field(kFileDescriptors, body);
}

void DescriptorAnswers::Append(const FileDescriptor& file, std::string* out) {
  if (!sent_.insert(std::string(file.name())).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  WireWriter(out).BytesAlways(1, proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) Append(*file.dependency(i), out);
}

}  // namespace paracle::service
