// Plays metadata services on loopback, as strictly as they are: a question without its headers or its token is refused.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "io/http_server.h"

namespace sonde::test {

struct MetadataRoute {
  std::string method;
  std::string path;                                           // without the query
  std::vector<std::pair<std::string, std::string>> required;  // headers, names in lower case
  std::string body;
  std::string query{};  // "NAME=VALUE", where one is needed
};

class MetadataServer {
 public:
  explicit MetadataServer(io::Loop& loop, std::vector<MetadataRoute> routes = {}) : routes_(std::move(routes)) {
    auto server = io::listen_http(
        loop, {}, [this](io::ServerRequest request, std::unique_ptr<io::Responder> r) { r->respond(answer(request)); });
    if (server) server_ = std::move(*server);
  }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  void play(const std::vector<MetadataRoute>& routes) { routes_.insert(routes_.end(), routes.begin(), routes.end()); }

  /// Answers every question so, whatever it is.
  std::string to_everything;
  int status_of_everything = 200;
  std::string location;  // sent with it
  int requests = 0;
  std::string user_agent;

 private:
  static bool has(const io::ServerRequest& request, const MetadataRoute& route) {
    const bool headers =
        std::ranges::all_of(route.required, [&request](const auto& h) { return request.header(h.first) == h.second; });
    const auto equals = route.query.find('=');
    const bool query =
        route.query.empty() || request.parameter(route.query.substr(0, equals)) == route.query.substr(equals + 1);
    return headers && query;
  }

  io::ServerResponse answer(const io::ServerRequest& request) {
    ++requests;
    user_agent = request.header("user-agent");
    if (!to_everything.empty()) {
      io::ServerResponse all{.status = status_of_everything, .headers = {}, .body = to_everything};
      if (!location.empty()) all.headers.emplace_back("Location", location);
      return all;
    }
    int status = 404;
    for (const MetadataRoute& route : routes_) {
      if (route.method != request.method || route.path != request.path) continue;
      if (has(request, route)) return {.status = 200, .headers = {}, .body = route.body};
      status = 401;
    }
    return {.status = status, .headers = {}, .body = "<html><body>no</body></html>"};
  }

  std::vector<MetadataRoute> routes_;
  std::unique_ptr<io::HttpServer> server_;
};

/// AWS as IMDSv2: no token, no answer.
inline std::vector<MetadataRoute> aws_metadata(const std::string& region, const std::string& zone) {
  return {{"PUT", "/latest/api/token", {{"x-aws-ec2-metadata-token-ttl-seconds", "60"}}, "AQAAAtoken=="},
          {"GET",
           "/latest/dynamic/instance-identity/document",
           {{"x-aws-ec2-metadata-token", "AQAAAtoken=="}},
           R"({"accountId" : "123456789012", "availabilityZone" : ")" + zone + R"(", "region" : ")" + region +
               R"(", "version" : "2017-09-30"})"}};
}

inline std::vector<MetadataRoute> openstack_metadata(const std::string& more) {
  return {{"GET",
           "/openstack/latest/meta_data.json",
           {},
           R"({"uuid": "ca9e8b7c", "hostname": "ecs.novalocal", "meta": {"os_bit": "64"}, )" + more + "}"}};
}

}  // namespace sonde::test
