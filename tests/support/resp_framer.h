// RespFramer finds where the values of a RESP2 stream end, requests and replies alike, however the stream was cut.
//
// Holds a header line and the first word, never a value: bulk strings of any size pass by. Not thread-safe.
// A line that starts with none of `*` and `$` is one value (so inline commands are framed too).
#ifndef PARACLE_TESTS_SUPPORT_RESP_FRAMER_H_
#define PARACLE_TESTS_SUPPORT_RESP_FRAMER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace paracle::support {

class RespFramer {
 public:
  // How many of `bytes`, from the first, belong to the value that is being read. Fewer than all of them only when
  // complete() or broken(). The call after a complete one starts the next value.
  size_t Consume(std::string_view bytes);

  bool complete() const { return started_ && pending_ == 0; }
  // The stream is not RESP; nothing of it can be framed any more.
  bool broken() const { return broken_; }
  // In the midst of a value.
  bool inside() const { return started_ && pending_ > 0; }

  // Of the value that is being read or was just completed:
  char type() const { return type_; }                  // '*', '$', '+', '-', ':', or the first letter of a line.
  int64_t elements() const { return elements_; }       // Of the outermost array; -1: it is none, or a nil.
  bool named() const { return named_ || complete(); }  // Whether name() is final.
  const std::string& name() const { return name_; }    // The first word, at most 64 bytes of it: the command, mostly.

 private:
  void Begin(char first);
  size_t ConsumeLine(std::string_view bytes);
  size_t ConsumeBulk(std::string_view bytes);
  void OnLine();
  void OnCount(int64_t count);
  void Name(std::string_view bytes);

  bool started_ = false;
  bool broken_ = false;
  int64_t pending_ = 0;  // Values that are still to come, nested ones counted.
  int64_t bulk_ = 0;     // Bytes of a bulk string still to come, its CRLF included.
  std::string line_;
  char type_ = 0;
  int64_t elements_ = -1;
  bool outermost_ = true;  // The next header is the value's own.
  bool named_ = false;
  std::string name_;
};

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_RESP_FRAMER_H_
