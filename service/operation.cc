#include "service/operation.h"

namespace paracle::service {
namespace {

using auth::Role;
using auth::RoleSet;

struct Row {
  Operation operation;
  absl::string_view name;
  RoleSet roles;
  absl::string_view role_names;
};

constexpr RoleSet kReaders = Role::kReader | Role::kWriter;

constexpr Row kTable[] = {
    {Operation::kGet, "Get", kReaders, "reader or writer"},
    {Operation::kLease, "Get with a lease", Role::kWriter, "writer"},
    {Operation::kBatchGet, "BatchGet", kReaders, "reader or writer"},
    {Operation::kFollow, "Follow", kReaders, "reader or writer"},
    {Operation::kSet, "Set", Role::kWriter, "writer"},
    {Operation::kBatchSet, "BatchSet", Role::kWriter, "writer"},
    {Operation::kRecord, "Record", Role::kWriter, "writer"},
    {Operation::kRenewLease, "RenewLease", Role::kWriter, "writer"},
    {Operation::kReleaseLease, "ReleaseLease", Role::kWriter, "writer"},
    {Operation::kInvalidate, "Invalidate", Role::kInvalidator, "invalidator"},
    {Operation::kClear, "Clear", Role::kInvalidator, "invalidator"},
    // What a namespace saved is no secret from those who use it.
    {Operation::kGetStats, "GetStats", RoleSet::All(), "any"},
    {Operation::kGetAllStats, "GetStats of all namespaces", Role::kAdmin, "admin"},
    {Operation::kResetStats, "ResetStats", Role::kAdmin, "admin"},
    // Clients ask it for limits and features.
    {Operation::kGetConfig, "GetConfig", RoleSet::All(), "any"},
    {Operation::kGetSettings, "GetConfig with settings", Role::kAdmin, "admin"},
    {Operation::kReflection, "ServerReflectionInfo", RoleSet::All(), "any"},
};
static_assert(sizeof(kTable) / sizeof(kTable[0]) == kOperationCount);

const Row& RowOf(Operation operation) { return kTable[static_cast<int>(operation)]; }

constexpr bool InOrder() {
  for (int i = 0; i < kOperationCount; ++i) {
    if (kTable[i].operation != static_cast<Operation>(i)) return false;
  }
  return true;
}
static_assert(InOrder());

}  // namespace

absl::string_view OperationName(Operation operation) { return RowOf(operation).name; }
auth::RoleSet RolesFor(Operation operation) { return RowOf(operation).roles; }
absl::string_view RoleNamesFor(Operation operation) { return RowOf(operation).role_names; }

}  // namespace paracle::service
