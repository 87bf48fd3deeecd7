// HTTP/1.1 answers. Every connection carries one: `Connection: close`.
#include "answers.h"

#include <nlohmann/json.hpp>

namespace sonde::world {
namespace {

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Other";
  }
}

std::string head(int status, std::string_view type, std::size_t length) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + ' ' + std::string(reason(status)) +
                    "\r\nServer: sonde-world\r\nConnection: close\r\n";
  if (status / 100 == 3) out += "Location: /elsewhere\r\n";
  if (status != 204) {
    out += "Content-Type: " + std::string(type) + "\r\nContent-Length: " + std::to_string(length) + "\r\n";
  }
  return out + "\r\n";
}

std::string whole(int status, std::string_view type, const std::string& body) {
  return head(status, type, body.size()) + (status == 204 ? std::string{} : body);
}

std::string good_body(const Target& t) { return nlohmann::json{{"name", t.name}, {"status", "ok"}}.dump() + '\n'; }

constexpr const char* kParkedPage = "<html><title>Parked</title><body>This name is for sale.</body></html>\n";
constexpr const char* kOtherPage = "<html><title>Maintenance</title><body>We will be back.</body></html>\n";

// Half of a body that was promised whole.
std::string half(const Target& t) {
  const std::string body = good_body(t);
  return head(200, "application/json", body.size()) + body.substr(0, body.size() / 2);
}

}  // namespace

std::string make_answer(const Target* t, const HttpStep& step) {
  if (t == nullptr) return whole(200, "text/html", kParkedPage);
  switch (step.reply) {
    case HttpReply::kGood:
      return whole(t->statuses.front(), "application/json", good_body(*t));
    case HttpReply::kStatus:
      return whole(step.status, "text/plain", "error\n");
    case HttpReply::kWrongBody:
      return whole(200, "text/html", kOtherPage);
    case HttpReply::kStall:
    case HttpReply::kTruncated:
      return half(*t);
    case HttpReply::kBrokenDependency:
      return whole(
          step.status, "application/json",
          nlohmann::json{{"name", t->name}, {"error", "dependency failed"}, {"dependency", step.dependency}}.dump() +
              '\n');
  }
  return {};
}

}  // namespace sonde::world
