// From the field's JSON to values.
#include "cli/hops.h"

#include <nlohmann/json.hpp>

#include "cli/facts.h"

namespace sonde::cli {

std::vector<Hop> read_hops(std::string_view json) {
  static constexpr std::array<const char*, 5> kNames{"resolve", "connect", "tls", "processing", "transfer"};
  const auto list = nlohmann::json::parse(json, nullptr, false);
  std::vector<Hop> out;
  if (!list.is_array()) return out;
  for (const auto& item : list) {
    if (!item.is_object()) return {};
    Hop hop;
    if (const auto url = item.find("url"); url != item.end() && url->is_string()) {
      hop.url = shown(url->get_ref<const std::string&>());
    }
    if (const auto status = item.find("status"); status != item.end() && status->is_number_integer()) {
      hop.status = status->get<std::int64_t>();
    }
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      const auto phase = item.find(kNames.at(i));
      if (phase != item.end() && phase->is_number()) hop.phases.at(i) = phase->get<double>();
    }
    out.push_back(std::move(hop));
  }
  return out;
}

std::string final_url(std::string_view url, const core::Measurement& m) {
  const std::vector<Hop> hops = read_hops(text_of(m, core::field::kHttpHops));
  return hops.empty() ? std::string{url} : hops.back().url;
}

}  // namespace sonde::cli
