// A Redis Cluster as one of its nodes describes it: the answer to CLUSTER NODES, read.
// https://redis.io/commands/cluster-nodes
#ifndef PARACLE_TESTS_SUPPORT_REDIS_CLUSTER_VIEW_H_
#define PARACLE_TESTS_SUPPORT_REDIS_CLUSTER_VIEW_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paracle::support {

struct ClusterNodeView {
  std::string id;
  bool myself = false;
  bool primary = false;
  bool well = false;    // Connected, and nobody thinks that it has failed.
  std::string follows;  // The id of its primary; empty: it is one, or has none.
  int64_t epoch = 0;    // Of its slots: of two nodes that claim one, the higher has it.
  std::vector<std::pair<int, int>> slots = {};  // First and last, both included. Without those on the move.
};

// Lines that make no sense are left out.
std::vector<ClusterNodeView> ParseClusterNodes(const std::string& text);

// What two nodes must agree on, in one text: who is there, who follows whom, who has which slots. Empty: somebody in
// the view is not well.
std::string Agreement(const std::vector<ClusterNodeView>& view);

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_REDIS_CLUSTER_VIEW_H_
