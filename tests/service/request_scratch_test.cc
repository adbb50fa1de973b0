#include "service/request_scratch.h"

#include <string>

#include "gtest/gtest.h"

namespace paracle::service {
namespace {

grpc::ByteBuffer BufferOf(const std::string& text, size_t pieces) {
  std::vector<grpc::Slice> slices;
  const size_t step = text.size() / pieces + 1;
  for (size_t at = 0; at < text.size(); at += step) slices.emplace_back(text.substr(at, step));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

std::string GetWithProvider(size_t size) {
  cache::v1::GetRequest request;
  request.mutable_entry()->set_provider(std::string(size, 'p'));
  return request.SerializeAsString();
}

TEST(RequestScratchTest, RefusesABufferThatIsNoMessage) {
  RequestScratch scratch;
  EXPECT_FALSE(scratch.Load(grpc::ByteBuffer()));
}

TEST(RequestScratchTest, JoinsWhatCameInPieces) {
  RequestScratch scratch;
  const std::string text = GetWithProvider(1000);
  for (size_t pieces : {1, 2, 7}) {
    ASSERT_TRUE(scratch.Load(BufferOf(text, pieces)));
    EXPECT_EQ(scratch.pieces().size(), pieces);
    EXPECT_EQ(scratch.Joined(), text);
    scratch.Release();
  }
}

TEST(RequestScratchTest, KeepsMemoryOfUsualRequestsAndGivesBackThatOfLargeOnes) {
  RequestScratch scratch;
  for (size_t size : {size_t{3} << 20, size_t{100'000}}) {
    ASSERT_TRUE(scratch.Load(BufferOf(GetWithProvider(size), 2)));
    const absl::string_view bytes = scratch.Joined();
    ASSERT_TRUE(scratch.get.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    scratch.Release();
    EXPECT_EQ(scratch.get.SpaceUsedLong() > size, size == 100'000) << size;
    EXPECT_EQ(scratch.text.capacity() > size, size == 100'000) << size;
  }
}

}  // namespace
}  // namespace paracle::service
