// The lease scripts on a real server: what is given, filled, renewed and given back, and what strangers leave there.
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cachecore/lease_scripts.h"
#include "cachecore/stored_entry.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cachecore/redis_stack.h"

namespace paracle::cachecore {
namespace {

using Kind = LeaseAnswer::Kind;
using What = LeaseMessage::What;
using support::RedisReply;

constexpr absl::Duration kHold = absl::Seconds(30);

struct Asked {
  absl::Duration hold = kHold;
  std::string unusable_entry = {};
  std::string dead_lease = {};
};

class LeaseScriptsTest : public testing::Test {
 protected:
  void SetUp() override {
    PARACLE_NEEDS_SERVER(support::ServerKind::kRedis);
    server_ = std::make_unique<support::RedisProcess>();
    redis::ClientOptions options;
    options.deployment = *redis::Deployment::Parse(server_->Url());
    options.operation_timeout = absl::Seconds(5);
    client_ = redis::Client::Create(options, {});
    ASSERT_TRUE(Eventually([this] { return client_->available(); }));
  }

  // Runs one script and waits for what it says.
  template <typename T, typename Start>
  static T Wait(Start start) {
    std::promise<T> told;
    start([&](T answer) { told.set_value(std::move(answer)); });
    return told.get_future().get();
  }

  absl::StatusOr<LeaseAnswer> Acquire(uint64_t lease, const Asked& more = {}) {
    LeaseQuery query{.id = id_,
                     .lease = lease,
                     .begun = {.epoch = 0xfedcba9876543210, .number = 42},
                     .hold = more.hold,
                     .unusable_entry = more.unusable_entry,
                     .dead_lease = more.dead_lease};
    return Wait<absl::StatusOr<LeaseAnswer>>([&](auto done) { AcquireLease(*client_, keys_, query, std::move(done)); });
  }
  Kind KindOf(uint64_t lease, const Asked& more = {}) {
    const auto answer = Acquire(lease, more);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->kind : Kind::kEntry;
  }
  absl::StatusOr<bool> Fill(uint64_t lease, absl::string_view entry = "the entry") {
    return Wait<absl::StatusOr<bool>>([&](auto done) {
      FillLease(*client_, keys_, id_, lease, entry, absl::Seconds(60), absl::Seconds(5), std::move(done));
    });
  }
  absl::StatusOr<absl::Duration> Renew(uint64_t lease, absl::Duration hold, absl::Duration max_hold = absl::Hours(1)) {
    return Wait<absl::StatusOr<absl::Duration>>(
        [&](auto done) { RenewLease(*client_, keys_, id_, lease, hold, max_hold, std::move(done)); });
  }
  absl::Status Release(uint64_t lease) {
    return Wait<absl::Status>([&](auto done) { ReleaseLease(*client_, keys_, id_, lease, std::move(done)); });
  }
  std::string Redis(const std::vector<std::string>& words) { return server_->Command(words).ToString(); }

  const std::string lease_key() const { return keys_.Lease(id_); }
  const std::string entry_key() const { return keys_.Entry(id_); }

  const RedisKeys keys_{"leases-test:"};
  const EntryId id_{.ns = "default", .digest = DigestOfQuestion(1)};
  std::unique_ptr<support::RedisProcess> server_;
  std::unique_ptr<redis::Client> client_;
};

TEST_F(LeaseScriptsTest, AFreeLeaseIsGivenAndAHeldOneDescribed) {
  EXPECT_EQ(KindOf(7), Kind::kGiven);
  const auto held = Acquire(8);
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_EQ(held->kind, Kind::kHeld);
  EXPECT_EQ(held->begun.epoch, 0xfedcba9876543210);
  EXPECT_EQ(held->begun.number, 42u);
  EXPECT_GT(held->left, kHold / 2);
  EXPECT_LE(held->left, kHold);
}

TEST_F(LeaseScriptsTest, ALeaseThatIsNotRenewedIsFreeAgain) {
  EXPECT_EQ(KindOf(7, {.hold = absl::Milliseconds(30)}), Kind::kGiven);
  EXPECT_TRUE(Eventually([this] { return KindOf(8) == Kind::kGiven; }));
}

TEST_F(LeaseScriptsTest, AnEntryIsShownByItsBeginningUnlessItIsKnownToBeNoAnswer) {
  const std::string entry = std::string(10'000, 'x');
  Redis({"SET", entry_key(), entry});
  const auto found = Acquire(7);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->kind, Kind::kEntry);
  EXPECT_EQ(found->entry_beginning, entry.substr(0, kStoredHeadBytes));
  EXPECT_EQ(KindOf(7, {.unusable_entry = "another one"}), Kind::kEntry);
  EXPECT_EQ(KindOf(7, {.unusable_entry = found->entry_beginning}), Kind::kGiven);
}

TEST_F(LeaseScriptsTest, ADeadLeaseIsReplacedAndAnotherOneIsNot) {
  ASSERT_EQ(KindOf(7), Kind::kGiven);
  const std::string text = Acquire(8)->lease_text;
  ASSERT_EQ(KindOf(8, {.dead_lease = text}), Kind::kGiven);
  EXPECT_EQ(KindOf(9, {.dead_lease = text}), Kind::kHeld) << "8's is another one";
}

TEST_F(LeaseScriptsTest, AFillIsOnlyOfWhoeverHoldsTheLeaseAndOfHimAgain) {
  ASSERT_EQ(KindOf(7), Kind::kGiven);
  EXPECT_EQ(Fill(8).value(), false);
  EXPECT_EQ(Redis({"EXISTS", entry_key()}), "0") << "nothing was changed";
  EXPECT_EQ(Fill(7).value(), true);
  EXPECT_EQ(Redis({"GET", entry_key()}), "the entry");
  EXPECT_EQ(Fill(7, "the same").value(), true) << "a retry";
  EXPECT_EQ(Fill(8, "late").value(), false);
  EXPECT_EQ(Redis({"GET", entry_key()}), "the same");
}

TEST_F(LeaseScriptsTest, AFillIsLateWhenTheLeaseIsFreeOrSomebodyElses) {
  EXPECT_EQ(Fill(7).value(), false) << "never given";
  ASSERT_EQ(KindOf(7), Kind::kGiven);
  ASSERT_TRUE(Release(7).ok());
  EXPECT_EQ(Fill(7).value(), false) << "given back";
  ASSERT_EQ(KindOf(8), Kind::kGiven);
  EXPECT_EQ(Fill(7).value(), false) << "somebody else's";
  ASSERT_EQ(Fill(8).value(), true);
  Redis({"DEL", entry_key()});
  ASSERT_EQ(KindOf(9), Kind::kGiven) << "filled, and gone since";
  EXPECT_EQ(Fill(8).value(), false) << "a retry that comes too late";
  EXPECT_EQ(Redis({"EXISTS", entry_key()}), "0");
}

TEST_F(LeaseScriptsTest, EverythingEndsByItself) {
  ASSERT_EQ(KindOf(7), Kind::kGiven);
  EXPECT_GT(server_->Command({"PTTL", lease_key()}).integer, 0);
  ASSERT_EQ(Fill(7).value(), true);
  EXPECT_GT(server_->Command({"PTTL", lease_key()}).integer, 0);
  EXPECT_GT(server_->Command({"PTTL", entry_key()}).integer, 0);
}

TEST_F(LeaseScriptsTest, ARenewalHoldsTheLeaseButNotBeyondTheCap) {
  ASSERT_EQ(KindOf(7), Kind::kGiven);
  EXPECT_EQ(Renew(7, absl::Minutes(5)).value(), absl::Minutes(5));
  EXPECT_GT(server_->Command({"PTTL", lease_key()}).integer, 200'000);
  const absl::Duration capped = Renew(7, absl::Minutes(5), absl::Minutes(1)).value();
  EXPECT_GT(capped, absl::Seconds(30));
  EXPECT_LE(capped, absl::Minutes(1));
  EXPECT_EQ(Renew(8, kHold).value(), absl::ZeroDuration()) << "somebody else's";
  EXPECT_TRUE(Eventually([&] { return Renew(7, kHold, absl::Milliseconds(1)).value() == absl::ZeroDuration(); }));
  EXPECT_EQ(KindOf(8), Kind::kGiven) << "whose time is over has given it back";
}

TEST_F(LeaseScriptsTest, OnlyWhoeverHoldsALeaseGivesItBack) {
  ASSERT_EQ(KindOf(7), Kind::kGiven);
  EXPECT_TRUE(Release(8).ok());
  EXPECT_EQ(KindOf(9), Kind::kHeld);
  EXPECT_TRUE(Release(7).ok());
  EXPECT_EQ(KindOf(9), Kind::kGiven);
  ASSERT_TRUE(Fill(9).ok());
  EXPECT_TRUE(Release(9).ok());
  EXPECT_EQ(Fill(9).value(), true) << "a fill is not taken back by it";
}

TEST_F(LeaseScriptsTest, WhatBecomesOfALeaseIsToldOnTheChannel) {
  support::BlockingRedis subscriber = server_->Connect();
  subscriber.Command({"SUBSCRIBE", keys_.lease_channel()});
  const auto next = [&] {
    const RedisReply message = subscriber.Read();
    return message.elements.size() == 3 ? ParseLeaseMessage(message.elements[2].text) : std::nullopt;
  };
  ASSERT_EQ(KindOf(7), Kind::kGiven);
  ASSERT_TRUE(Renew(7, absl::Seconds(20)).ok());
  ASSERT_TRUE(Release(7).ok());
  ASSERT_EQ(KindOf(8), Kind::kGiven);
  ASSERT_TRUE(Fill(8).ok());
  const auto renewed = next(), released = next(), filled = next();
  ASSERT_TRUE(renewed && released && filled);
  EXPECT_EQ(renewed->what, What::kRenewed);
  EXPECT_EQ(renewed->left, absl::Seconds(20));
  EXPECT_EQ(released->what, What::kReleased);
  EXPECT_EQ(filled->what, What::kFilled);
  EXPECT_EQ(released->lease, 7u);
  EXPECT_EQ(filled->lease, 8u);
  for (const auto& message : {renewed, released, filled}) EXPECT_EQ(message->tag, keys_.TagOf(id_));
}

TEST_F(LeaseScriptsTest, GarbageInTheLeasesKeyIsAnErrorOrAFreeLeaseAndNeverALease) {
  const struct {
    const char* why;
    std::vector<std::string> put;
    bool free;
  } kCases[] = {
      {"no lease's text", {"SET", lease_key(), "garbage"}, true},
      {"nothing", {"SET", lease_key(), ""}, true},
      {"a lease that never ends", {"SET", lease_key(), "h 7 1 2 3"}, false},
      {"half a lease", {"SET", lease_key(), "h 7", "PX", "60000"}, false},
      {"a lease with a word for a number", {"SET", lease_key(), "h 7 1 many 3", "PX", "60000"}, false},
      {"another type", {"RPUSH", lease_key(), "h"}, false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.why);
    Redis({"DEL", lease_key()});
    Redis(c.put);
    EXPECT_FALSE(Fill(9).value_or(false));
    EXPECT_EQ(Renew(9, kHold).value_or(absl::ZeroDuration()), absl::ZeroDuration());
    (void)Release(9);
    const auto answer = Acquire(9);
    EXPECT_EQ(answer.ok(), c.free) << answer.status();
    EXPECT_TRUE(!c.free || answer->kind == Kind::kGiven);
  }
}

TEST_F(LeaseScriptsTest, AnEntrysKeyOfAnotherTypeIsAnError) {
  Redis({"RPUSH", entry_key(), "x"});
  EXPECT_FALSE(Acquire(7).ok());
}

TEST(LeaseMessageTest, WhatIsWrittenIsReadAgain) {
  const EntryTag tag = EntryTag::Of({.ns = "default", .digest = DigestOfQuestion(1)}, NameHash());
  for (What what : {What::kFilled, What::kReleased, What::kRenewed, What::kRecorded}) {
    std::string text = LeaseMessageText(what, tag, 0xfedcba9876543210);
    if (what == What::kRenewed) text += "1500";
    const auto message = ParseLeaseMessage(text);
    ASSERT_TRUE(message) << text;
    EXPECT_EQ(message->what, what);
    EXPECT_EQ(message->tag, tag);
    EXPECT_EQ(message->lease, 0xfedcba9876543210);
    EXPECT_EQ(message->left, absl::Milliseconds(what == What::kRenewed ? 1500 : 0));
  }
}

TEST(LeaseMessageTest, GarbageIsNothingOfOurs) {
  const EntryTag tag = EntryTag::Of({.ns = "default", .digest = DigestOfQuestion(1)}, NameHash());
  const std::string good = LeaseMessageText(What::kFilled, tag, 7);
  std::string bad_hex = good;
  bad_hex[2] = 'z';
  for (const std::string& text :
       {std::string(), std::string(" "), std::string("f"), std::string("f  "), std::string(1 << 20, ' '),
        good.substr(0, good.size() - 1), "x" + good.substr(1), "ff" + good.substr(1), bad_hex,
        LeaseMessageText(What::kRenewed, tag, 7), LeaseMessageText(What::kRenewed, tag, 7) + "many",
        LeaseMessageText(What::kRenewed, tag, 7) + "1 2", std::string("\0\xff\n", 3)}) {
    EXPECT_FALSE(ParseLeaseMessage(text)) << text.substr(0, 200);
  }
}

TEST(LeaseMessageTest, ARenewalForLongerThanTheWorldLastsIsCut) {
  const EntryTag tag = EntryTag::Of({.ns = "default", .digest = DigestOfQuestion(1)}, NameHash());
  const auto message = ParseLeaseMessage(LeaseMessageText(What::kRenewed, tag, 7) + "9223372036854775807");
  ASSERT_TRUE(message);
  EXPECT_LE(message->left, absl::Hours(24 * 366)) << "or adding it to the time would overflow";
}

}  // namespace
}  // namespace paracle::cachecore
