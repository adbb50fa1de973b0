#include "cachecore/redis/sentinel_client.h"

#include <asio/post.hpp>
#include <utility>

#include "absl/strings/match.h"

namespace paracle::cachecore::redis {
namespace {

ClientOptions ForMasters(ClientOptions options) {
  options.must_be_master = true;
  if (options.addresses != nullptr) options.addresses->Publish({});
  return options;
}

}  // namespace

SentinelClient::SentinelClient(ClientOptions options, ClientObserver observer)
    : ThreadedClient(ForMasters(std::move(options)), std::move(observer)),
      watch_(
          io(), this->options(), [this](const HostAndPort& master) { Switch(master); },
          [this](const absl::Status& why) {
            if (master_ == nullptr) TellAvailability(false, why);
          }) {
  watch_.Start();
  Run();
}

SentinelClient::~SentinelClient() {
  watch_.StopListening();
  asio::post(io(), [this] { watch_.Stop(); });
  Close();
}

void SentinelClient::Route(std::unique_ptr<PendingCommand>& command) {
  if (master_ != nullptr) master_->Submit(command);
}

void SentinelClient::Switch(const HostAndPort& named) {
  if (closing() || (master_ != nullptr && master_->url().host == named.host && master_->url().port == named.port)) {
    return;
  }
  Url url = options().url();
  url.host = named.host;
  url.port = named.port;
  if (Node* const old = std::exchange(master_, nullptr)) {
    TellControl(false);
    TellAvailability(false, absl::UnavailableError("the Sentinels name another master"));
    Retire(*old);
  }
  if (options().addresses != nullptr) options().addresses->Publish({url});
  master_ = &AddNode(url);
  master_->Start();
}

void SentinelClient::OnControlReady(Node& node) {
  if (&node == master_) TellControl(true);
}

void SentinelClient::OnControlLost(Node& node) {
  if (&node != master_) return;
  TellControl(false);
  watch_.Hurry();
}

void SentinelClient::OnAvailability(Node& node, const absl::Status& why) {
  if (&node != master_) return;
  TellAvailability(node.available(), why);
  if (!node.available()) watch_.Hurry();
}

void SentinelClient::OnReply(Node& node, PendingCommand& command, absl::StatusOr<Reply> reply) {
  if (&node == master_ && reply.ok() && reply->is_error() && absl::StartsWith(reply->text, "READONLY")) {
    LeaveReplica(node);
  }
  ThreadedClient::OnReply(node, command, std::move(reply));
}

// It was demoted. Its connections come again, and find out what it is now. Posted: this is in the midst of its replies.
void SentinelClient::LeaveReplica(Node& node) {
  AddTask(absl::ZeroDuration(), [this, &node] {
    if (&node != master_) return;
    node.Abandon(absl::UnavailableError("the server is not the master any more"));
    watch_.Hurry();
  });
}

}  // namespace paracle::cachecore::redis
