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
  if (status != 204) {
    out += "Content-Type: " + std::string(type) + "\r\nContent-Length: " + std::to_string(length) + "\r\n";
  }
  return out + "\r\n";
}

std::string whole(int status, std::string_view type, const std::string& body) {
  return head(status, type, body.size()) + (status == 204 ? std::string{} : body);
}

std::string good_body(const EndpointIdentity& id) {
  return nlohmann::json{{"name", id.target->name}, {"status", "ok"}}.dump() + '\n';
}

std::string good(const EndpointIdentity& id) {
  if (id.target->role == core::Role::kControl) return whole(204, "", "");
  return whole(200, "application/json", good_body(id));
}

// Half of a body that was promised whole.
std::string half(const EndpointIdentity& id) {
  const std::string body = good_body(id);
  return head(200, "application/json", body.size()) + body.substr(0, body.size() / 2);
}

constexpr const char* kParkedPage = "<html><title>Parked</title><body>This name is for sale.</body></html>\n";
constexpr const char* kOtherPage = "<html><title>Maintenance</title><body>We will be back.</body></html>\n";

}  // namespace

Answer make_answer(const EndpointIdentity& id, const Fault* fault, const std::string& broken_dependency) {
  if (id.target == nullptr) return {whole(200, "text/html", kParkedPage)};
  if (fault != nullptr) {
    switch (fault->kind) {
      case Kind::kHttpStatus:
        return {whole(fault->status, "text/plain", "error\n")};
      case Kind::kHttpWrongBody:
        return {whole(200, "text/html", kOtherPage)};
      case Kind::kHttpStall:
        return {half(id), true};
      case Kind::kHttpTruncated:
        return {half(id)};
      default:
        break;  // slow is good, only later
    }
  }
  if (!broken_dependency.empty()) {
    return {whole(
        503, "application/json",
        nlohmann::json{{"name", id.target->name}, {"error", "dependency failed"}, {"dependency", broken_dependency}}
                .dump() +
            '\n')};
  }
  return {good(id)};
}

}  // namespace sonde::world
