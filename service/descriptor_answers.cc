#include "service/descriptor_answers.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
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
  kHost = 1,
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
  std::string host;
  uint32_t field = 0;  // 0: none.
  std::string text;
  int number = 0;  // Of an extension.
};

// Nothing here has a name that is not ASCII, and what is no UTF-8 would make the answer unreadable to who gets it back.
bool ReadText(WireCursor& cursor, std::string* text) {
  size_t size = 0;
  text->clear();
  if (!cursor.ReadLength(&size)) return false;
  cursor.CopyTo(size, text);
  return std::all_of(text->begin(), text->end(), absl::ascii_isascii);
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

bool ReadAsked(WireCursor& cursor, uint32_t field, Question* question) {
  question->field = field;
  question->text.clear();
  question->number = 0;
  if (field != kFileWithExtension) return ReadText(cursor, &question->text);
  size_t size = 0;
  return cursor.ReadLength(&size) && ReadExtension(cursor.Take(size), question);
}

bool ReadQuestion(absl::string_view request, Question* question) {
  WireCursor cursor(absl::MakeConstSpan(&request, 1));
  while (!cursor.AtEnd()) {
    WireCursor::Tag tag;
    if (!cursor.ReadTag(&tag)) return false;
    const bool asks = tag.field() >= kFileByName && tag.field() <= kListServices;
    if (tag.type() != WireType::kLengthDelimited || (!asks && tag.field() != kHost)) {
      if (!cursor.SkipValue(tag)) return false;
    } else if (tag.field() == kHost) {
      if (!ReadText(cursor, &question->host)) return false;
    } else if (!ReadAsked(cursor, tag.field(), question)) {
      return false;
    }
  }
  return true;
}

std::string Field(int number, absl::string_view body) {
  std::string field;
  WireWriter(&field).BytesAlways(number, body);
  return field;
}

// The request as it was understood. Its own bytes, sent back, could be what a reader of the answer chokes on.
std::string OriginalRequest(const Question& question) {
  std::string request;
  WireWriter writer(&request);
  writer.Bytes(kHost, question.host);
  if (question.field == kFileWithExtension) {
    std::string extension;
    WireWriter(&extension).Bytes(1, question.text);
    WireWriter(&extension).Varint(2, static_cast<uint64_t>(int64_t{question.number}));
    writer.BytesAlways(kFileWithExtension, extension);
  } else if (question.field != 0) {
    writer.BytesAlways(static_cast<int>(question.field), question.text);
  }
  return Field(kOriginalRequest, request);
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
  Question question;
  if (!ReadQuestion(request, &question)) {
    return Error(grpc::StatusCode::INVALID_ARGUMENT,
                 "the request is no ServerReflectionRequest, or a text in it is not ASCII");
  }
  const std::string original = OriginalRequest(question);
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
