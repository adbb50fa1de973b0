// Recorders and followers over real sockets, one call each, by stub.
#ifndef PARACLE_TESTS_SERVICE_STREAM_CLIENT_H_
#define PARACLE_TESTS_SERVICE_STREAM_CLIENT_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/service/lease_client.h"
#include "tests/service/running_server.h"

namespace paracle::service {

inline cache::v1::GetResponse AskForLease(RunningServer& server, const cache::v1::EntryRef& ref,
                                          absl::Duration hold = absl::Seconds(60)) {
  cache::v1::GetResponse response;
  const grpc::Status status =
      server.cache().Get(Patient().get(), LeaseGet(ref, absl::ZeroDuration(), hold), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

// REQUIRES: nobody holds it.
inline std::string LeaseTokenOf(RunningServer& server, const cache::v1::EntryRef& ref) {
  const cache::v1::GetResponse response = AskForLease(server, ref);
  EXPECT_TRUE(response.has_lease()) << response.ShortDebugString();
  return response.lease().fill_token();
}

class RecordStream {
 public:
  using Request = cache::v1::RecordRequest;

  explicit RecordStream(RunningServer& server) : context_(Patient()) {
    writer_ = server.cache().Record(context_.get(), &response_);
  }
  // Of an answer whose lease is free.
  RecordStream(RunningServer& server, const cache::v1::EntryRef& ref) : RecordStream(server) {
    Start(ref, LeaseTokenOf(server, ref));
  }
  ~RecordStream() {
    if (finished_) return;
    Cancel();
    Finish();
  }

  bool Send(const Request& request) { return writer_->Write(request); }
  bool Start(const cache::v1::EntryRef& ref, const std::string& token,
             const std::string& content_type = "text/event-stream") {
    Request request;
    *request.mutable_start()->mutable_entry() = ref;
    request.mutable_start()->set_fill_token(token);
    request.mutable_start()->set_content_type(content_type);
    return Send(request);
  }
  bool Chunk(const std::string& chunk) {
    Request request;
    request.set_chunk(chunk);
    return Send(request);
  }
  bool End(const cache::v1::RecordEnd& end = {}) {
    Request request;
    *request.mutable_end() = end;
    return Send(request);
  }
  void Close() { writer_->WritesDone(); }
  void Cancel() { context_->TryCancel(); }

  grpc::Status Finish() {
    finished_ = true;
    return writer_->Finish();
  }
  grpc::Status EndAndFinish(const cache::v1::RecordEnd& end = {}) {
    End(end);
    return Finish();
  }
  const cache::v1::RecordResponse& response() const { return response_; }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  cache::v1::RecordResponse response_;
  std::unique_ptr<grpc::ClientWriter<Request>> writer_;
  bool finished_ = false;
};

class FollowStream {
 public:
  using Part = cache::v1::FollowResponse;

  FollowStream(RunningServer& server, const cache::v1::FollowRequest& request,
               absl::Duration patience = absl::Seconds(60)) {
    context_.set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(patience));
    reader_ = server.cache().Follow(&context_, request);
  }
  FollowStream(RunningServer& server, const cache::v1::EntryRef& ref, absl::Duration patience = absl::Seconds(60))
      : FollowStream(server, RequestOf(ref), patience) {}
  ~FollowStream() {
    context_.TryCancel();
    if (!finished_) Finish();
  }

  static cache::v1::FollowRequest RequestOf(const cache::v1::EntryRef& ref) {
    cache::v1::FollowRequest request;
    *request.mutable_entry() = ref;
    return request;
  }

  // False: there is no more.
  bool Next() {
    Part part;
    if (!reader_->Read(&part)) return false;
    EXPECT_FALSE(ended) << "after the end: " << part.ShortDebugString();
    switch (part.part_case()) {
      case Part::kStart:
        ++starts;
        start = part.start();
        break;
      case Part::kChunks:
        EXPECT_EQ(starts, 1) << "a start comes first";
        for (const std::string& chunk : part.chunks().chunks()) {
          text += chunk;
          chunks.push_back(chunk);
        }
        break;
      case Part::kKeepAlive:
        ++keep_alives;
        break;
      case Part::kEnd:
        ended = true;
        end = part.end();
        break;
      case Part::PART_NOT_SET:
        ADD_FAILURE() << "an empty part";
        break;
    }
    return true;
  }
  bool ReadStart() {
    while (starts == 0) {
      if (!Next()) return false;
    }
    return true;
  }
  bool ReadUntil(size_t bytes) {
    while (text.size() < bytes) {
      if (!Next()) return false;
    }
    return true;
  }
  grpc::Status ReadAll() {
    while (Next()) continue;
    return Finish();
  }
  grpc::Status Finish() {
    finished_ = true;
    return reader_->Finish();
  }
  void Cancel() { context_.TryCancel(); }

  int starts = 0;
  int keep_alives = 0;
  cache::v1::FollowStart start;
  std::string text;
  std::vector<std::string> chunks;
  bool ended = false;
  cache::v1::FollowEnd end;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Part>> reader_;
  bool finished_ = false;
};

// Until so many follow.
inline bool HasFollowers(RunningServer& server, int count) {
  return BecomesTrue([&] { return LeaseStatusOf(server.admin()).followers() == count; });
}

// Whether BadRequest names the field, and the message begins with it.
inline bool NamesField(const grpc::Status& status, const std::string& field) {
  return status.error_code() == grpc::StatusCode::INVALID_ARGUMENT &&
         status.error_details().find("google.rpc.BadRequest") != std::string::npos &&
         status.error_details().find(field) != std::string::npos && status.error_message().rfind(field, 0) == 0;
}

}  // namespace paracle::service

#endif  // PARACLE_TESTS_SERVICE_STREAM_CLIENT_H_
