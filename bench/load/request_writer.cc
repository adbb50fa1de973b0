#include "bench/load/request_writer.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/load/grpc_call.h"
#include "bench/load/random.h"
#include "paracle/cache/v1/cache.pb.h"

namespace paracle::load {
namespace {

namespace v1 = paracle::cache::v1;

constexpr size_t kDigestBytes = 32;
constexpr size_t kQuestionDigits = 16;
constexpr size_t kQuestionBytes = 4096;  // Of messages_json.

// Tags of length-delimited fields, as protobuf encodes them: number << 3 | 2.
constexpr char kSetPayloadTag = 15 << 3 | 2;
constexpr char kSetFillTokenTag = 5 << 3 | 2;
constexpr char kBatchSetEntriesTag = 1 << 3 | 2;

// Placeholders that stand nowhere else in a request.
const std::string& DigestPlaceholder() {
  static const auto* const kPlaceholder = new std::string(kDigestBytes, '\xa5');
  return *kPlaceholder;
}
constexpr std::string_view kQuestionPlaceholder = "QQQQQQQQQQQQQQQQ";
static_assert(kQuestionPlaceholder.size() == kQuestionDigits);

v1::EntryRef ByDigest(const std::string& name_space) {
  v1::EntryRef entry;
  entry.set_namespace_(name_space);
  entry.set_digest(DigestPlaceholder());
  entry.set_provider("load-test");
  return entry;
}

v1::EntryRef ByQuestion(const std::string& name_space) {
  v1::EntryRef entry;
  entry.set_namespace_(name_space);
  v1::CacheKey* key = entry.mutable_key();
  key->set_provider("load-test");
  key->set_endpoint("/v1/chat/completions");
  key->set_model("load-test");
  key->set_temperature(0.7);
  key->set_max_tokens(1024);
  std::string messages =
      absl::StrCat(R"([{"role":"system","content":"You answer questions."},)", R"({"role":"user","content":"Question )",
                   std::string(kQuestionPlaceholder), ": ");
  const std::string_view end = R"("}])";
  constexpr std::string_view kProse = "The quick brown fox asks what the lazy dog would say about caching. ";
  while (messages.size() < kQuestionBytes - end.size()) {
    messages += kProse.substr(0, kQuestionBytes - end.size() - messages.size());
  }
  key->set_messages_json(messages + std::string(end));
  return entry;
}

template <typename Request>
std::string WithEntry(const v1::EntryRef& entry) {
  Request request;
  *request.mutable_entry() = entry;
  return request.SerializeAsString();
}

std::string BatchOfOne(const v1::EntryRef& entry) {
  v1::BatchGetRequest request;
  *request.add_entries() = entry;
  return request.SerializeAsString();
}

std::string SetUpToPayload(const v1::EntryRef& entry, absl::Duration ttl) {
  v1::SetRequest request;
  *request.mutable_entry() = entry;
  request.set_content_type("application/octet-stream");
  request.mutable_ttl()->set_seconds(absl::ToInt64Seconds(ttl));
  return request.SerializeAsString();
}

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}

void AppendVarint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

}  // namespace

RequestWriter::RequestWriter(const std::string& name_space, uint64_t seed, absl::Duration ttl, const Payloads* payloads)
    : seed_(seed),
      payloads_(payloads),
      get_(WithEntry<v1::GetRequest>(ByDigest(name_space)), DigestPlaceholder()),
      batch_get_(BatchOfOne(ByDigest(name_space)), DigestPlaceholder()),
      set_(SetUpToPayload(ByDigest(name_space), ttl), DigestPlaceholder()),
      get_question_(WithEntry<v1::GetRequest>(ByQuestion(name_space)), kQuestionPlaceholder),
      set_question_(SetUpToPayload(ByQuestion(name_space), ttl), kQuestionPlaceholder) {}

void RequestWriter::AppendWithDigest(const Template& form, uint64_t key, std::string& out) const {
  const size_t at = out.size() + form.hole;
  out += form.bytes;
  uint64_t digest[kDigestBytes / sizeof(uint64_t)];
  for (uint64_t& word : digest) word = key = Mix(seed_ ^ Mix(key));
  std::memcpy(out.data() + at, digest, kDigestBytes);
}

void RequestWriter::AppendQuestion(const Template& form, uint64_t question, std::string& out) {
  const size_t at = out.size() + form.hole;
  out += form.bytes;
  absl::SNPrintF(out.data() + at, kQuestionDigits, "%015d", question);
  out[at + kQuestionDigits - 1] = '.';
}

void RequestWriter::AppendPayload(uint64_t key, std::string& out) const {
  out.push_back(kSetPayloadTag);
  AppendVarint(payloads_->Size(key), out);
  payloads_->AppendTo(out, key);
}

void RequestWriter::Get(uint64_t key, std::string& frame) const {
  BeginFrame(frame);
  AppendWithDigest(get_, key, frame);
  EndFrame(frame);
}

void RequestWriter::Set(uint64_t key, std::string& frame) const {
  BeginFrame(frame);
  AppendWithDigest(set_, key, frame);
  AppendPayload(key, frame);
  EndFrame(frame);
}

void RequestWriter::BatchGet(const std::vector<uint64_t>& keys, std::string& frame) const {
  BeginFrame(frame);
  // Messages put one after another merge: repeated fields add up.
  for (uint64_t key : keys) AppendWithDigest(batch_get_, key, frame);
  EndFrame(frame);
}

void RequestWriter::BatchSet(const std::vector<uint64_t>& keys, std::string& frame) const {
  BeginFrame(frame);
  for (uint64_t key : keys) {
    const size_t size = payloads_->Size(key);
    frame.push_back(kBatchSetEntriesTag);
    AppendVarint(set_.bytes.size() + 1 + VarintSize(size) + size, frame);
    AppendWithDigest(set_, key, frame);
    AppendPayload(key, frame);
  }
  EndFrame(frame);
}

void RequestWriter::GetQuestion(uint64_t question, std::string& frame) const {
  BeginFrame(frame);
  AppendQuestion(get_question_, question, frame);
  EndFrame(frame);
}

void RequestWriter::SetQuestion(uint64_t question, std::string_view fill_token, std::string& frame) const {
  BeginFrame(frame);
  AppendQuestion(set_question_, question, frame);
  frame.push_back(kSetFillTokenTag);
  AppendVarint(fill_token.size(), frame);
  frame += fill_token;
  AppendPayload(question, frame);
  EndFrame(frame);
}

}  // namespace paracle::load
