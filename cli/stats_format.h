// What GetStats answered, as text for people and as JSON for programs. Pure.
#ifndef PARACLE_CLI_STATS_FORMAT_H_
#define PARACLE_CLI_STATS_FORMAT_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "paracle/cache/v1/admin.pb.h"

namespace paracle::cli {

// Several lines, each ended by a newline. A line whose figure is not known is left out.
std::string StatsText(const ::paracle::cache::v1::GetStatsResponse& response);

// One object. Members are always there; a figure that is not known is null. Rates are 0..1, times RFC 3339.
nlohmann::ordered_json StatsJson(const ::paracle::cache::v1::GetStatsResponse& response);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_STATS_FORMAT_H_
