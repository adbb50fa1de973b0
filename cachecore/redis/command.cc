#include "cachecore/redis/command.h"

#include <hiredis/hiredis.h>

#include <cassert>
#include <cstdlib>
#include <new>

#include "absl/container/inlined_vector.h"

namespace paracle::cachecore::redis {

Command::Command(absl::Span<const absl::string_view> arguments) {
  assert(!arguments.empty());
  absl::InlinedVector<const char*, 8> starts;
  absl::InlinedVector<size_t, 8> sizes;
  for (absl::string_view argument : arguments) {
    starts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  char* wire = nullptr;
  const auto size = redisFormatCommandArgv(&wire, static_cast<int>(arguments.size()), starts.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  wire_.reset(wire);
  size_ = static_cast<size_t>(size);
}

Command::Command(std::initializer_list<absl::string_view> arguments)
    : Command(absl::MakeConstSpan(arguments.begin(), arguments.size())) {}

void Command::Free::operator()(char* bytes) const { redisFreeCommand(bytes); }

}  // namespace paracle::cachecore::redis
