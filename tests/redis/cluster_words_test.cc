// What is said in a Cluster, and by which slot: keys, redirects, maps, and SCANs of all of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "cachecore/redis/cluster_scan.h"
#include "cachecore/redis/command.h"
#include "cachecore/redis/redirect.h"
#include "cachecore/redis/slot.h"
#include "cachecore/redis/slot_map.h"

namespace paracle::cachecore::redis {
namespace {

using ::testing::ElementsAre;

Reply Error(std::string text) { return {.type = Reply::Type::kError, .text = std::move(text)}; }
Reply Text(std::string text) { return {.type = Reply::Type::kString, .text = std::move(text)}; }
Reply Number(int64_t number) { return {.type = Reply::Type::kInteger, .integer = number}; }
Reply Array(std::vector<Reply> elements) { return {.type = Reply::Type::kArray, .elements = std::move(elements)}; }

TEST(SlotTest, IsTheOneOfTheSpecification) {
  EXPECT_EQ(SlotOf("123456789"), 12739) << "CRC-16/XMODEM of it is 0x31C3";
  EXPECT_EQ(SlotOf(""), 0);
  EXPECT_EQ(SlotOf("{user1000}.following"), SlotOf("user1000"));
  EXPECT_EQ(SlotOf("foo{}{bar}"), SlotOf(std::string("foo{}{bar}"))) << "an empty tag is none";
  EXPECT_NE(SlotOf("foo{}{bar}"), SlotOf("bar"));
  EXPECT_EQ(SlotOf("foo{{bar}}zap"), SlotOf("{bar"));
  EXPECT_EQ(SlotOf("foo{bar}{zap}"), SlotOf("bar"));
  EXPECT_NE(SlotOf("foo{bar"), SlotOf("bar")) << "a tag without an end is none";
}

TEST(KeyOfTest, IsTheFirstThatTheCommandNames) {
  EXPECT_EQ(KeyOf(Command{"GET", "k"}.wire()), "k");
  EXPECT_EQ(KeyOf(Command{"SET", "k", "v", "PX", "1"}.wire()), "k");
  EXPECT_EQ(KeyOf(Command{"EVALSHA", "digest", "2", "k", "l", "v"}.wire()), "k");
  EXPECT_EQ(KeyOf(Command{"EVAL", "text", "0", "v"}.wire()), std::nullopt);
  EXPECT_EQ(KeyOf(Command{"GET", std::string("\r\n$3\0", 6)}.wire()), absl::string_view("\r\n$3\0", 6));
  for (const char* name : {"PING", "INFO", "SCAN"}) EXPECT_EQ(KeyOf(Command{name, "k"}.wire()), std::nullopt);
  for (const char* garbage : {"", "*", "*1\r\n", "*2\r\n$3\r\nGET\r\n$9\r\nk\r\n", "*x\r\n"}) {
    EXPECT_EQ(KeyOf(garbage), std::nullopt) << garbage;
  }
}

TEST(RedirectTest, IsReadInBothForms) {
  const auto moved = ParseRedirect(Error("MOVED 3999 127.0.0.1:6381"));
  ASSERT_TRUE(moved);
  EXPECT_FALSE(moved->ask);
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->host, "127.0.0.1");
  EXPECT_EQ(moved->port, 6381);
  const auto ask = ParseRedirect(Error("ASK 1 ::1:6382"));
  ASSERT_TRUE(ask);
  EXPECT_TRUE(ask->ask);
  EXPECT_EQ(ask->host, "::1");
  EXPECT_EQ(ParseRedirect(Error("MOVED 5 :7000"))->host, "") << "the one that was asked";
  for (const char* other : {"ERR MOVED", "MOVED", "MOVED 1", "MOVED x a:1", "MOVED 16384 a:1", "MOVED 1 a:0",
                            "MOVED -1 a:1", "MOVED 1 a", "ASK 1 a:99999"}) {
    EXPECT_FALSE(ParseRedirect(Error(other))) << other;
  }
  EXPECT_FALSE(ParseRedirect(Text("MOVED 1 a:1"))) << "an answer that only looks like one";
}

TEST(SlotMapTest, NamesPrimariesAndReplicas) {
  const Reply reply = Array({Array({Number(0), Number(5460), Array({Text("a"), Number(1), Text("id")}),
                                    Array({Text("b"), Number(2), Text("id"), Array({})})}),
                             Array({Number(5461), Number(16383), Array({Text(""), Number(3)})})});
  const auto ranges = ParseSlots(reply, "asked");
  ASSERT_TRUE(ranges.ok()) << ranges.status();
  ASSERT_EQ(ranges->size(), 2u);
  EXPECT_EQ((*ranges)[0].last, 5460);
  EXPECT_EQ((*ranges)[0].primary, (HostAndPort{"a", 1}));
  EXPECT_THAT((*ranges)[0].replicas, ElementsAre(HostAndPort{"b", 2}));
  EXPECT_EQ((*ranges)[1].primary, (HostAndPort{"asked", 3}));
}

TEST(SlotMapTest, AnythingElseIsAnError) {
  const Reply node = Array({Text("a"), Number(1)});
  for (const Reply& bad :
       {Text("x"), Array({Text("x")}), Array({Array({Number(0), Number(1)})}), Array({Array({Number(2), Number(1), node})}),
        Array({Array({Number(0), Number(16384), node})}), Array({Array({Number(0), Number(1), Array({Text("a")})})}),
        Array({Array({Number(0), Number(1), Array({Text("a"), Number(0)})})})}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseSlots(bad, "").status()));
  }
  EXPECT_FALSE(ParseSlots(Error("ERR This instance has cluster support disabled"), "").ok());
}

TEST(ClusterScanTest, GoesFromPrimaryToPrimary) {
  const auto first = ScanPositionOf(Command{"SCAN", "0", "MATCH", "x*"}.wire());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->primary, 0u);
  const auto next = ScanPositionOf(Command{"SCAN", "1:77"}.wire());
  ASSERT_TRUE(next);
  EXPECT_EQ(next->primary, 1u);
  EXPECT_EQ(next->cursor, "77");
  EXPECT_FALSE(ScanPositionOf(Command{"GET", "0"}.wire()));
  EXPECT_EQ(ScanOfOne(Command{"SCAN", "1:77", "MATCH", "x*"}.wire(), *next).wire(),
            (Command{"SCAN", "77", "MATCH", "x*"}.wire()));
  const auto behind = [](const char* cursor, ScanPosition position) {
    return ScanOfAll(Array({Text(cursor), Array({})}), position, 2).elements.front().text;
  };
  EXPECT_EQ(behind("5", {.primary = 0}), "0:5");
  EXPECT_EQ(behind("0", {.primary = 0}), "1:0");
  EXPECT_EQ(behind("0", {.primary = 1}), "0");
}

}  // namespace
}  // namespace paracle::cachecore::redis
