// Command is one request in RESP, formatted once (by hiredis) and sent as it is. Arguments are bytes.
#ifndef PARACLE_CACHECORE_REDIS_COMMAND_H_
#define PARACLE_CACHECORE_REDIS_COMMAND_H_

#include <cstddef>
#include <initializer_list>
#include <memory>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace paracle::cachecore::redis {

// Movable; not synchronised. The arguments are copied, once.
class Command {
 public:
  // REQUIRES: at least one argument; the first is the name of the command.
  explicit Command(absl::Span<const absl::string_view> arguments);
  Command(std::initializer_list<absl::string_view> arguments);

  // Empty once moved from.
  absl::string_view wire() const { return {wire_.get(), wire_ == nullptr ? 0 : size_}; }

 private:
  struct Free {
    void operator()(char* bytes) const;
  };
  std::unique_ptr<char, Free> wire_;
  size_t size_ = 0;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_COMMAND_H_
