#include "tests/support/resp_framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace paracle::support {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

// The values of `stream`, read in pieces of `piece` bytes.
std::vector<std::string> Values(std::string_view stream, size_t piece) {
  RespFramer framer;
  std::vector<std::string> values;
  std::string value;
  while (!stream.empty()) {
    std::string_view bytes = stream.substr(0, piece);
    stream.remove_prefix(bytes.size());
    while (!bytes.empty() && !framer.broken()) {
      const size_t size = framer.Consume(bytes);
      value.append(bytes.substr(0, size));
      bytes.remove_prefix(size);
      if (framer.complete()) values.push_back(std::exchange(value, ""));
    }
  }
  if (!value.empty()) values.push_back("unfinished: " + value);
  return values;
}

TEST(RespFramerTest, FindsEveryValueHoweverTheStreamIsCut) {
  const std::vector<std::string> values = {
      "+OK\r\n",
      "-LOADING a while\r\n",
      ":12\r\n",
      "$-1\r\n",
      "$0\r\n\r\n",
      "$9\r\n*2\r\n$1\r\na\r\n",
      "*-1\r\n",
      "*0\r\n",
      "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\n",
      "*2\r\n*2\r\n:1\r\n*1\r\n*0\r\n*2\r\n-ERR inside\r\n$-1\r\n",
      "PING\r\n",
  };
  std::string stream;
  for (const std::string& value : values) stream += value;
  for (size_t piece = 1; piece <= stream.size(); ++piece) {
    ASSERT_THAT(Values(stream, piece), ElementsAreArray(values)) << "in pieces of " << piece;
  }
}

TEST(RespFramerTest, NamesTheCommandBeforeItsValueHasCome) {
  RespFramer framer;
  framer.Consume("*3\r\n$3\r\nSE");
  EXPECT_FALSE(framer.named());
  framer.Consume("T\r\n$1\r\nk\r\n$1000000000\r\nthe beginning");
  EXPECT_TRUE(framer.named());
  EXPECT_TRUE(framer.inside());
  EXPECT_EQ(framer.name(), "SET");
  EXPECT_EQ(framer.elements(), 3);
  EXPECT_EQ(framer.type(), '*');
}

TEST(RespFramerTest, TakesNothingOfTheNextValue) {
  RespFramer framer;
  EXPECT_EQ(framer.Consume("+OK\r\n+NEXT\r\n"), 5u);
  EXPECT_TRUE(framer.complete());
  EXPECT_EQ(framer.Consume("+NEXT\r\n"), 7u);
  EXPECT_EQ(framer.name(), "+NEXT");
}

TEST(RespFramerTest, GivesUpOnACountThatIsNone) {
  for (const std::string_view stream : {"*x\r\n", "$-2\r\n", "*99999999999999999999\r\n", "$1 \r\n", "*\r\n"}) {
    RespFramer framer;
    framer.Consume(stream);
    EXPECT_TRUE(framer.broken()) << stream;
    EXPECT_EQ(framer.Consume("+OK\r\n"), 0u) << stream;
  }
}

TEST(RespFramerTest, GivesUpOnALineWithoutEnd) {
  EXPECT_THAT(Values(std::string(1 << 20, 'x'), 1000).size(), 1u);
  RespFramer framer;
  framer.Consume(std::string(1 << 20, 'x'));
  EXPECT_TRUE(framer.broken());
}

}  // namespace
}  // namespace paracle::support
