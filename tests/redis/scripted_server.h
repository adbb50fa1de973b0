// ScriptedServer speaks to each connection what the test says, right or wrong.
#ifndef PARACLE_TESTS_REDIS_SCRIPTED_SERVER_H_
#define PARACLE_TESTS_REDIS_SCRIPTED_SERVER_H_

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace paracle::cachecore::redis {

// The server's end of one connection. Blocking; ends when the server does.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}

  // The arguments of the next command; empty: the connection is over.
  std::vector<std::string> Next();
  void Say(std::string_view bytes);
  void SayByteByByte(std::string_view bytes);

  // Answers CLIENT SETNAME and PING as a server does. False: the connection is over.
  bool Greet();

  // Whether anything comes within so long.
  bool HearsWithin(int milliseconds);

 private:
  bool Fill();
  std::string Line();

  int fd_;
  std::string unread_;
};

class ScriptedServer {
 public:
  // `script` runs on a thread for each connection, `number` counts them from 0; when it returns, the connection ends.
  using Script = std::function<void(Peer& peer, int number)>;

  explicit ScriptedServer(Script script);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  int accepted() const { return accepted_; }

 private:
  void Accept();
  void Serve(int fd, int number);

  Script script_;
  int port_ = 0;
  int listener_;
  std::atomic<int> accepted_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_TESTS_REDIS_SCRIPTED_SERVER_H_
