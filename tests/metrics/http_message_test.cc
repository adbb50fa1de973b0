#include "service/metrics/http_message.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paracle::service {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(HttpMessageTest, TheFirstLineSaysEverything) {
  const auto request = ParseHttpRequest("GET /metrics?a=b HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->path, "/metrics");
}

TEST(HttpMessageTest, WhatIsNoHttp1IsRefused) {
  for (const char* head :
       {"", " ", "GET", "GET /", "GET / HTTP/2.0\r\n\r\n", "/ HTTP/1.1", " / HTTP/1.1", "GET  HTTP/1.1",
        "GET metrics HTTP/1.1", "GET / x HTTP/1.1", "\r\n\r\nGET / HTTP/1.1", "GET / HTTPS/1.1"}) {
    EXPECT_FALSE(ParseHttpRequest(head)) << head;
  }
}

TEST(HttpMessageTest, AnAnswerTellsItsLengthAndThatItIsTheLast) {
  const std::string wire = ToWire({.status = 405, .body = "only GET\n", .allow = "GET"});
  EXPECT_THAT(wire, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(wire, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(wire, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(wire, HasSubstr("Allow: GET\r\n"));
  EXPECT_THAT(wire, EndsWith("\r\n\r\nonly GET\n"));
}

}  // namespace
}  // namespace paracle::service
