// What the two output streams are connected to, and who writes to them: data goes to stdout, messages to stderr.
// Not thread-safe.
#ifndef PARACLE_CLI_TERMINAL_H_
#define PARACLE_CLI_TERMINAL_H_

#include <string>

#include "absl/strings/string_view.h"

namespace paracle::cli {

enum class Color { kRed, kGreen, kYellow, kBold };

// True when a stream may be coloured: a terminal, NO_COLOR unset or empty (no-color.org), TERM not "dumb".
bool MayColor(bool is_terminal, const char* no_color, const char* term);

bool StdinIsTerminal();
bool StdoutIsTerminal();
bool StderrIsTerminal();

// True when the stream is a terminal on which lines can be drawn again (TERM is not "dumb").
bool StdoutCanRedraw();
bool StderrCanRedraw();

// Makes sure that file descriptors 0, 1 and 2 are taken, so that no socket ends up where we write data to; a stream
// that the caller closed stays unusable. Call it first.
void ReserveStandardStreams();

// `text` wrapped in the colour when the stream may be coloured, else as it is.
std::string OnStdout(Color color, absl::string_view text);
std::string OnStderr(Color color, absl::string_view text);

// Writes data, all of it. When stdout is closed early (`| head`) ends the process quietly; when it cannot be written
// (disk full) ends it with a message and exit code 1.
void WriteData(absl::string_view text);

// Writes a line of information for people.
void WriteMessage(absl::string_view line);

// Writes "paracle: error: ..." as a line.
void WriteError(absl::string_view message);

// Puts `question` to the user and reads a line; true only for "y" or "yes". REQUIRES: stdin is a terminal.
bool Confirm(absl::string_view question);

}  // namespace paracle::cli

#endif  // PARACLE_CLI_TERMINAL_H_
