// Settings are what the operator said: one text value for each setting, with where it came from.
//
// One table (settings.cc) holds every setting: its name, default, what is accepted, how it is read and its help. The
// name gives all three spellings: PARACLE_CACHE_MAX_SIZE in the environment, --max-size as a flag, max-size in the
// file. A flag wins over the environment, the environment over the file. An empty variable counts as not set.
#ifndef PARACLE_SERVICE_SETTINGS_H_
#define PARACLE_SERVICE_SETTINGS_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "service/config.h"

namespace paracle::service {

enum class SettingSource { kDefault, kFile, kEnvironment, kFlag };

absl::string_view SourceName(SettingSource source);  // "default", "file", "environment", "flag".

struct SettingSpec {
  absl::string_view name;  // Without PARACLE_CACHE_, as "MAX_SIZE".
  absl::string_view default_value;
  absl::string_view accepts;  // "a whole number from 0 (no limit)": ends the sentence "want ...".
  absl::string_view help;
  bool (*apply)(absl::string_view value, Config& config);  // False: not accepted.
  enum class Role {
    kActive,
    kShared,  // Of the shared tier: without effect on the memory backend, and then warned of.
  } role = Role::kActive;
  bool secret = false;
};

struct Setting {
  const SettingSpec* spec = nullptr;
  std::string value;
  SettingSource source = SettingSource::kDefault;

  std::string VariableName() const;  // PARACLE_CACHE_MAX_SIZE
  std::string DisplayValue() const;  // "***" for a secret that is set.
};

// Every setting, in the order of the documentation.
absl::Span<const SettingSpec> SettingTable();

std::string VariableName(const SettingSpec& spec);
std::string FlagName(const SettingSpec& spec);  // --max-size

// Reads one variable of the environment; nullptr when it is not set. getenv in the server, a map in tests.
using Environment = absl::FunctionRef<const char*(const char* name)>;

// What a flag said.
struct FlagValue {
  const SettingSpec* spec;
  std::string value;
};

// Brings the three sources together. INVALID_ARGUMENT: the file cannot be read, or names a setting that is not there.
absl::StatusOr<std::vector<Setting>> CollectSettings(absl::Span<const FlagValue> flags, Environment environment);

// INVALID_ARGUMENT with one line that names the variable, its value and source, and what would be accepted.
absl::StatusOr<Config> ToConfig(absl::Span<const Setting> settings);

// One line for each setting that was given but has no effect.
std::vector<std::string> Warnings(absl::Span<const Setting> settings);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_SETTINGS_H_
