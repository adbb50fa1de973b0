#include "service/metrics/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace paracle::service {
namespace {

// Fields of /proc/self/stat, counted from the one behind the name, which may hold anything (proc(5) counts from 1).
constexpr size_t kUserTicks = 14 - 3, kSystemTicks = 15 - 3, kStartTicks = 22 - 3, kVirtualBytes = 23 - 3,
                 kResidentPages = 24 - 3;

std::string ReadAll(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

double Number(absl::string_view text) {
  double value = 0;
  return absl::SimpleAtod(text, &value) ? value : 0;
}

// When the system was started, in seconds since 1970. It never changes.
std::optional<double> BootTime() {
  static const std::string stat = ReadAll("/proc/stat");
  for (absl::string_view line : absl::StrSplit(stat, '\n')) {
    if (line.substr(0, 6) == "btime ") return Number(line.substr(6));
  }
  return std::nullopt;
}

std::optional<double> OpenFiles() {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) return std::nullopt;
  int entries = 0;
  while (readdir(directory) != nullptr) ++entries;
  closedir(directory);
  return entries - 3;  // ".", ".." and the directory itself.
}

void CollectFiles(Families& families) {
  if (const auto open = OpenFiles()) {
    families.Gauge("process_open_fds", "Open file descriptors.", *open);
  }
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  families.Gauge("process_max_fds", "File descriptors that may be open.", static_cast<double>(limit.rlim_cur));
}

}  // namespace

void CollectProcess(Families& families) {
  static const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  static const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  CollectFiles(families);
  const std::string stat = ReadAll("/proc/self/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return;
  const std::vector<std::string> fields =
      absl::StrSplit(absl::string_view(stat).substr(name_end + 1), ' ', absl::SkipEmpty());
  if (fields.size() <= kResidentPages) return;
  families.Counter("process_cpu_seconds_total", "Processor time that was used.",
                   (Number(fields[kUserTicks]) + Number(fields[kSystemTicks])) / ticks);
  families.Gauge("process_virtual_memory_bytes", "Virtual memory.", Number(fields[kVirtualBytes]));
  families.Gauge("process_resident_memory_bytes", "Resident memory.", Number(fields[kResidentPages]) * page);
  if (const auto boot = BootTime()) {
    families.Gauge("process_start_time_seconds", "When the process was started, since 1970.",
                   *boot + Number(fields[kStartTicks]) / ticks);
  }
}

}  // namespace paracle::service
