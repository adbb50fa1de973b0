#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace paracle::cli {
namespace {

TEST(MayColorTest, OnlyOnATerminalThatWantsIt) {
  struct Case {
    const char* why;
    bool is_terminal;
    const char* no_color;
    const char* term;
    bool want;
  };
  const Case cases[] = {
      {.why = "an ordinary terminal", .is_terminal = true, .no_color = nullptr, .term = "xterm", .want = true},
      {.why = "TERM unset", .is_terminal = true, .no_color = nullptr, .term = nullptr, .want = true},
      {.why = "a pipe", .is_terminal = false, .no_color = nullptr, .term = "xterm", .want = false},
      {.why = "NO_COLOR set", .is_terminal = true, .no_color = "1", .term = "xterm", .want = false},
      {.why = "NO_COLOR set but empty means nothing",
       .is_terminal = true,
       .no_color = "",
       .term = "xterm",
       .want = true},
      {.why = "a dumb terminal", .is_terminal = true, .no_color = nullptr, .term = "dumb", .want = false},
  };
  for (const Case& c : cases) EXPECT_EQ(MayColor(c.is_terminal, c.no_color, c.term), c.want) << c.why;
}

}  // namespace
}  // namespace paracle::cli
