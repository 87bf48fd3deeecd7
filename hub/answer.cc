// Answers and their headers.
#include "hub/answer.h"

#include <utility>

#include "hub/json.h"

namespace sonde::hub {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

void add_security_headers(io::ServerResponse& response) {
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
}

class SecureResponder final : public io::Responder {
 public:
  explicit SecureResponder(std::unique_ptr<io::Responder> inner) : inner_(std::move(inner)) {}
  void respond(io::ServerResponse response) override {
    add_security_headers(response);
    inner_->respond(std::move(response));
  }
  std::unique_ptr<io::EventStream> stream(io::ServerResponse head) override {
    add_security_headers(head);
    return inner_->stream(std::move(head));
  }

 private:
  std::unique_ptr<io::Responder> inner_;
};

io::ServerResponse json_with_status(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json; charset=utf-8"}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

}  // namespace

io::ServerResponse json_answer(std::string body) { return json_with_status(200, std::move(body)); }

io::ServerResponse error_answer(int status, std::string_view message) {
  return json_with_status(status, dump(Json{{"error", {{"message", message}}}}));
}

io::ServerResponse influx_error(int status, std::string_view message) {
  return json_with_status(status, dump(Json{{"error", message}}));
}

io::ServerResponse method_not_allowed(std::string_view allow) {
  io::ServerResponse response = error_answer(405, "this path answers " + std::string{allow} + " only");
  response.headers.emplace_back("Allow", allow);
  return response;
}

std::unique_ptr<io::Responder> with_security_headers(std::unique_ptr<io::Responder> inner) {
  return std::make_unique<SecureResponder>(std::move(inner));
}

}  // namespace sonde::hub
