// Where a server listens, and that it is there alone.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using ::testing::HasSubstr;

class SocketDirectory {
 public:
  SocketDirectory() : path_("/tmp/paracle-listen-test-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  ~SocketDirectory() { rmdir(path_.c_str()); }
  std::string File(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

 private:
  std::string path_;
};

bool Exists(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

bool Serves(RunningServer& server) {
  v1::GetRequest request;
  *request.mutable_entry() = RefOf('a');
  v1::GetResponse response;
  return server.cache().Get(Patient().get(), request, &response).ok();
}

TEST(ListenTest, SecondServerOnThePortFailsAndSaysWhy) {
  RunningServer first;
  const absl::Status second = TryToStart({{"LISTEN", first.address()}});
  EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(second.message(), absl::StrCat("cannot listen on ", first.address(), ": Address already in use"));
  EXPECT_TRUE(Serves(first));
}

TEST(ListenTest, AddressOfAnotherMachineFailsAndSaysWhy) {
  const absl::Status status = TryToStart({{"LISTEN", "192.0.2.1:0"}, {"ALLOW_INSECURE", "true"}});
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot listen on 192.0.2.1:0: Cannot assign"));
}

TEST(ListenTest, ServesSeveralAddressesAtOnce) {
  SocketDirectory directory;
  const std::string path = directory.File("s");
  {
    RunningServer server(Overrides{{"LISTEN", "127.0.0.1:0, unix:" + path}});
    ASSERT_EQ(server.server().addresses().size(), 2u);
    EXPECT_EQ(server.server().addresses()[1], "unix:" + path);
    EXPECT_TRUE(Serves(server));
    const auto stub =
        v1::CacheService::NewStub(grpc::CreateChannel("unix:" + path, grpc::InsecureChannelCredentials()));
    v1::SetResponse response;
    EXPECT_TRUE(stub->Set(Patient().get(), SetOf(RefOf('a'), "x"), &response).ok());
  }
  EXPECT_FALSE(Exists(path));
  EXPECT_FALSE(Exists(path + ".lock"));
}

TEST(ListenTest, SecondServerOnTheSocketIsRefusedAndTheFirstKeepsIt) {
  SocketDirectory directory;
  const std::string listen = "unix:" + directory.File("s");
  RunningServer first(Overrides{{"LISTEN", listen}});
  const absl::Status second = TryToStart({{"LISTEN", listen}});
  EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(second.message(), absl::StrCat("another server listens on ", listen));
  EXPECT_TRUE(Exists(directory.File("s")));
  EXPECT_TRUE(Serves(first));
}

// Leaves behind what a server that crashed leaves behind: a socket that nobody listens on.
void LeaveSocket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(fd);
}

TEST(ListenTest, SocketAndLockOfACrashedServerAreTakenOver) {
  SocketDirectory directory;
  LeaveSocket(directory.File("s"));
  std::ofstream(directory.File("s.lock")) << "";
  RunningServer server(Overrides{{"LISTEN", "unix:" + directory.File("s")}});
  EXPECT_TRUE(Serves(server));
}

TEST(ListenTest, ServerOfAnotherMakeOnTheSocketIsNotPushedAside) {
  SocketDirectory directory;
  const std::string path = directory.File("s");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  EXPECT_EQ(TryToStart({{"LISTEN", "unix:" + path}}).message(), "another server listens on unix:" + path);
  EXPECT_TRUE(Exists(path));
  close(fd);
  unlink(path.c_str());
}

TEST(ListenTest, FileThatIsNoSocketIsLeftAlone) {
  SocketDirectory directory;
  const std::string path = directory.File("precious");
  std::ofstream(path) << "data";
  EXPECT_EQ(TryToStart({{"LISTEN", "unix:" + path}}).message(),
            "cannot use " + path + ": it is there and is no socket");
  EXPECT_TRUE(Exists(path));
  EXPECT_FALSE(Exists(path + ".lock"));
  unlink(path.c_str());
}

TEST(ListenTest, DirectoryThatIsNotThereIsNamed) {
  EXPECT_EQ(TryToStart({{"LISTEN", "unix:/nonexistent-directory/s"}}).message(),
            "cannot use /nonexistent-directory/s.lock: No such file or directory");
}

}  // namespace
}  // namespace paracle::service
