// A key-value server in one file: versions, compare-and-swap, counters, and a journal that is replayed
// at the start. One thread and poll(); the clients are in clusterkit/kvclient.py.
//
//   GET k   SET k n\n<n bytes>   CAS k version n\n<n bytes>   DEL k   ADD k amount   KEYS [prefix]   PING
//
// Answers: OK text · VALUE version n\n<n bytes> · NONE · LIST n\n<n lines> · ERR text

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t kMaxLine = 64 * 1024;
constexpr std::size_t kMaxValue = 16 * 1024 * 1024;

struct Value {
  std::string text;
  unsigned long long version = 0;
};

struct Client {
  int socket = -1;
  std::string in;   // What came and is not handled yet.
  std::string out;  // What is to be sent.
  bool closing = false;
};

std::map<std::string, Value> store;
unsigned long long last_version = 0;
int journal = -1;
volatile std::sig_atomic_t stopped = 0;

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    if (end > at) words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

bool number(const std::string& text, long long& into) {
  char* end = nullptr;
  errno = 0;
  into = std::strtoll(text.c_str(), &end, 10);
  return errno == 0 && !text.empty() && *end == '\0';
}

bool write_all(int to, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(to, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

// Every change goes through here, so that the journal is the same words as the protocol.
std::string put(const std::string& key, const std::string& text) {
  Value& value = store[key];
  value.text = text;
  value.version = ++last_version;
  if (journal >= 0 &&
      !write_all(journal, "SET " + key + " " + std::to_string(text.size()) + "\n" + text)) {
    return "ERR the journal cannot be written: " + std::string(std::strerror(errno)) + "\n";
  }
  return "OK " + std::to_string(value.version) + "\n";
}

std::string erase(const std::string& key) {
  if (store.erase(key) == 0) return "OK 0\n";
  ++last_version;
  if (journal >= 0 && !write_all(journal, "DEL " + key + "\n")) return "ERR the journal is full\n";
  return "OK 1\n";
}

std::string add(const std::string& key, const std::string& amount) {
  long long by = 0;
  long long now = 0;
  const auto held = store.find(key);
  if (!number(amount, by)) return "ERR " + amount + " is no number\n";
  if (held != store.end() && !number(held->second.text, now)) return "ERR " + key + " holds no number\n";
  long long sum = 0;
  if (__builtin_add_overflow(now, by, &sum)) return "ERR the sum is too large\n";
  const std::string answer = put(key, std::to_string(sum));
  return answer.rfind("OK", 0) == 0 ? "OK " + std::to_string(sum) + "\n" : answer;
}

std::string list(const std::string& prefix) {
  std::string lines;
  std::size_t count = 0;
  for (auto at = store.lower_bound(prefix);
       at != store.end() && at->first.compare(0, prefix.size(), prefix) == 0; ++at, ++count)
    lines += at->first + "\n";
  return "LIST " + std::to_string(count) + "\n" + lines;
}

// Handles the first request of `in` and takes it off; false if it is not whole yet.
bool step(std::string& in, std::string& out, bool& closing) {
  const std::size_t end = in.find('\n');
  if (end == std::string::npos) {
    if (in.size() > kMaxLine) closing = true;
    return false;
  }
  const std::vector<std::string> words = words_of(in.substr(0, end));
  const std::string name = words.empty() ? "" : words[0];
  const bool cas = name == "CAS" && words.size() == 4;
  std::string text;
  if (cas || (name == "SET" && words.size() == 3)) {
    long long length = 0;
    if (!number(words.back(), length) || length < 0 || length > static_cast<long long>(kMaxValue)) {
      out += "ERR the length is not between 0 and 16 MiB\n";
      closing = true;  // Where the next request begins is not known.
      return false;
    }
    if (in.size() < end + 1 + static_cast<std::size_t>(length)) return false;
    text = in.substr(end + 1, static_cast<std::size_t>(length));
    in.erase(0, end + 1 + text.size());
    const auto held = store.find(words[1]);
    const unsigned long long version = held == store.end() ? 0 : held->second.version;
    if (cas && std::to_string(version) != words[2]) {
      out += "ERR conflict: " + words[1] + " has version " + std::to_string(version) + "\n";
    } else {
      out += put(words[1], text);
    }
    return true;
  }
  in.erase(0, end + 1);
  if (name == "GET" && words.size() == 2) {
    const auto held = store.find(words[1]);
    out += held == store.end() ? "NONE\n"
                               : "VALUE " + std::to_string(held->second.version) + " " +
                                     std::to_string(held->second.text.size()) + "\n" + held->second.text;
  } else if (name == "DEL" && words.size() == 2) {
    out += erase(words[1]);
  } else if (name == "ADD" && words.size() == 3) {
    out += add(words[1], words[2]);
  } else if (name == "KEYS" && words.size() <= 2) {
    out += list(words.size() == 2 ? words[1] : "");
  } else if (name == "PING") {
    out += "OK pong\n";
  } else {
    out += "ERR what is that: " + name + "\n";
  }
  return true;
}

// What the last run left. A request that was cut off by a crash is cut off the file, too.
bool replay(const char* path) {
  const int file = ::open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return false;
  std::string in;
  char buffer[65536];
  ssize_t count = 0;
  off_t total = 0;
  while ((count = ::read(file, buffer, sizeof buffer)) > 0) {
    in.append(buffer, static_cast<std::size_t>(count));
    total += count;
  }
  std::string ignored;
  bool closing = false;
  while (step(in, ignored, closing)) ignored.clear();
  if (count < 0 || ::ftruncate(file, total - static_cast<off_t>(in.size())) != 0) return false;
  journal = file;
  return true;
}

int listen_on(int port) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(server, raw, size) != 0 || ::listen(server, 64) != 0) return -1;
  ::getsockname(server, raw, &size);
  std::printf("listening on 127.0.0.1 %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return server;
}

// Reads, handles and writes what is there; false when the client is gone.
bool serve(Client& client, short events) {
  if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
    char buffer[65536];
    const ssize_t count = ::recv(client.socket, buffer, sizeof buffer, 0);
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) return false;
    if (count > 0) client.in.append(buffer, static_cast<std::size_t>(count));
    while (!client.closing && step(client.in, client.out, client.closing)) {
    }
  }
  if (!client.out.empty()) {
    const ssize_t count =
        ::send(client.socket, client.out.data(), client.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (count > 0) client.out.erase(0, static_cast<std::size_t>(count));
  }
  return !client.closing || !client.out.empty();
}

}  // namespace

int main(int count, char** words) {
  long long port = 0;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(words[i], "--port") == 0 && number(words[i + 1], port) && port >= 0 && port < 65536) continue;
    if (std::strcmp(words[i], "--journal") == 0 && replay(words[i + 1])) continue;
    std::fprintf(stderr, "kv: %s %s cannot be used\n", words[i], words[i + 1]);
    return 2;
  }
  struct sigaction stop {};
  stop.sa_handler = [](int) { stopped = 1; };
  ::sigaction(SIGTERM, &stop, nullptr);
  ::sigaction(SIGINT, &stop, nullptr);
  const int server = listen_on(static_cast<int>(port));
  if (server < 0) {
    std::fprintf(stderr, "kv: port %lld: %s\n", port, std::strerror(errno));
    return 1;
  }
  std::vector<Client> clients;
  while (stopped == 0) {
    std::vector<pollfd> waiting{{server, POLLIN, 0}};
    for (const Client& client : clients)
      waiting.push_back({client.socket, static_cast<short>(client.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    for (std::size_t i = clients.size(); i-- > 0;) {
      if (waiting[i + 1].revents == 0 || serve(clients[i], waiting[i + 1].revents)) continue;
      ::close(clients[i].socket);
      clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (waiting[0].revents != 0) {
      const int socket = ::accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket >= 0) clients.push_back({socket, "", "", false});
    }
  }
  return journal >= 0 && ::fsync(journal) != 0;
}
