// Calls for tests of LeaseTable alone: they are told nothing, and what LeasedCache would do to them the test does.
#ifndef PARACLE_TESTS_CACHECORE_LEASE_CALL_ACCESS_H_
#define PARACLE_TESTS_CACHECORE_LEASE_CALL_ACCESS_H_

#include <cstdint>
#include <string>
#include <utility>

#include "cachecore/lease.h"
#include "cachecore/lease_table.h"
#include "gtest/gtest.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {

class TableCall final : public LeaseCall {
 public:
  explicit TableCall(int question = 1, std::string holder_name = "someone", std::string name_space = "default") {
    ns = std::move(name_space);
    digest = DigestOfQuestion(question);
    holder = std::move(holder_name);
  }
  TableCall(const TableCall&) = delete;

  void Answer(LeaseOutcome) override { ADD_FAILURE() << "the table answers nobody"; }
  bool cancelled() const override { return gone; }

  bool gone = false;
};

// What LeasedCache does between two lookups, and what it sees.
class LeaseCallAccess {
 public:
  static const EntryTag& Tag(LeaseCall& call) { return call.tag_ = EntryTag::Of(call.id(), NameHash()); }
  static void LookUp(LeaseCall& call, const LeaseTable& table) { call.version_ = table.Version(Tag(call)); }
  static uint64_t version(const LeaseCall& call) { return call.version_; }
  static void WaitsUntil(LeaseCall& call, int64_t nanos) { call.until_nanos_ = nanos; }
  static int64_t until(const LeaseCall& call) { return call.until_nanos_; }
  static bool asks_for_all(const LeaseCall& call) { return call.asks_for_all_; }
  static void Answered(LeaseCall& call) { call.asks_for_all_ = false; }
};

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_LEASE_CALL_ACCESS_H_
