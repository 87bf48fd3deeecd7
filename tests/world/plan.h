// Addresses and ports: each vantage has a /16 of loopback, each (vantage, target) pair one address in it.
//   127.(net+V).0.1    what the prober of vantage V binds        127.(net+V).0.53   its resolver
//   127.(net+V).P.S    service S of provider P                   127.(net+V).240.N  app N, 241.N control N
//   127.(net+V).250.1  a parked site: where wrong DNS answers lead
#pragma once

#include <string>

#include "model.h"

namespace sonde::world {

struct Plan {
  int net = 10;          // second octet of the first vantage
  int port_base = 8000;  // 0: the well-known ports, which takes privileges
  int hub_port = 8686;

  [[nodiscard]] int https_port() const { return port_base + 443; }
  [[nodiscard]] int http_port() const { return port_base + 80; }
  [[nodiscard]] int tcp_port() const { return port_base + 1000; }
  [[nodiscard]] int dns_port() const { return port_base + 53; }
  [[nodiscard]] int control_port() const { return port_base + 900; }

  [[nodiscard]] std::string source(std::size_t vantage) const { return address(vantage, 0, 1); }
  [[nodiscard]] std::string resolver(std::size_t vantage) const { return address(vantage, 0, 53); }
  [[nodiscard]] std::string parked(std::size_t vantage) const { return address(vantage, 250, 1); }
  [[nodiscard]] std::string target(std::size_t vantage, const Target& t) const {
    return address(vantage, t.subnet, t.host_octet);
  }
  [[nodiscard]] int port(const Target& t) const {
    switch (t.protocol) {
      case Protocol::kHttps:
        return https_port();
      case Protocol::kHttp:
        return http_port();
      case Protocol::kTcp:
        return tcp_port();
      case Protocol::kDns:
        return dns_port();
    }
    return 0;
  }
  [[nodiscard]] std::string url(const Target& t) const {
    const std::string place = "://" + t.host + ':' + std::to_string(port(t));
    switch (t.protocol) {
      case Protocol::kHttps:
        return "https" + place + t.path;
      case Protocol::kHttp:
        return "http" + place + t.path;
      case Protocol::kTcp:
        return "tcp" + place;
      case Protocol::kDns:
        return "dns" + place + t.path;
    }
    return {};
  }

 private:
  [[nodiscard]] std::string address(std::size_t vantage, int third, int fourth) const {
    return "127." + std::to_string(static_cast<std::size_t>(net) + vantage) + '.' + std::to_string(third) + '.' +
           std::to_string(fourth);
  }
};

}  // namespace sonde::world
