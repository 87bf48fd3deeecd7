// `sonde vantage detect`: where this machine is, by the metadata services of the clouds, ready to paste.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/files_in.h"
#include "cli/machine.h"
#include "cli/verbs.h"
#include "io/address.h"
#include "io/system_loop.h"
#include "prober/detection_words.h"

namespace sonde::cli {
namespace {

using Json = nlohmann::ordered_json;
using Kind = prober::MetadataFinding::Kind;

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::kSilent:
      return "silent";
    case Kind::kRefused:
      return "refused";
    case Kind::kStrange:
      return "strange";
    case Kind::kTold:
      return "told";
  }
  return "";
}

std::string place_line(const prober::Place& place, const Terminal& t) {
  std::string out = place.city;
  if (!place.country.empty()) out += (out.empty() ? "" : ", ") + place.country;
  if (place.partition) {
    out += (out.empty() ? "" : ", ");
    out += *place.partition == core::Partition::kDomestic ? t.say("mainland China (domestic)", "中国大陆（domestic）")
                                                          : t.say("overseas", "海外（overseas）");
  }
  if (place.lat && place.lon) out += fmt::format(" ({}, {})", *place.lat, *place.lon);
  return out;
}

/// What to paste. A region that the catalogue does not know can be named by `auto` alone: written down it would be
/// taken for a typing mistake.
std::string block(const prober::DetectedPlace* place, const Terminal& t) {
  std::string out = "vantage:\n  name: " + host_name() + "\n";
  if (place == nullptr) {
    return out + fmt::format("  provider: {}\n  region: {}\n  partition: {}\n",
                             t.say("aws          # its name in `sonde targets list`; leave both out on no cloud",
                                   "aws          # 云的名称，见 `sonde targets list`；不在云上则省略这两项"),
                             "us-east-1", t.say("overseas    # or domestic", "overseas    # 或 domestic"));
  }
  if (place->place) return out + fmt::format("  provider: {}\n  region: {}\n", place->provider, place->region);
  return out + fmt::format("  provider: auto\n  partition: {}\n",
                           t.say("overseas    # or domestic: not known for this region",
                                 "overseas    # 或 domestic：目录中没有此区域"));
}

std::string report(const prober::VantageDetection& d, core::Duration timeout, const Terminal& t) {
  const prober::DetectedPlace* place = d.place();
  std::string out;
  if (place == nullptr) {
    out += t.paint(Color::kYellow, t.say("Not known where this machine is:", "无法得知本机位置：")) +
           fmt::format(fmt::runtime(t.say(" {}.\n", "{}。\n")), prober::why_unknown(d, timeout).in(t.language));
    out += std::string{t.say("Say it yourself in sonde.yaml:", "请在 sonde.yaml 中自行写明：")} + "\n\n";
    return out + block(nullptr, t);
  }
  out += t.paint(Color::kBold, prober::words_of(*place).in(t.language)) + "\n";
  if (place->place) {
    out += "  " + place_line(*place->place, t) + "\n";
  } else {
    out += "  " +
           t.paint(Color::kYellow,
                   t.say("The catalogue of this version does not know that region.", "此版本的目录中没有该区域。")) +
           "\n";
  }
  const prober::MetadataFinding& f = d.findings[*d.found];
  out += "  " + fmt::format(fmt::runtime(t.say("told by the metadata service at {} ({}) in {}\n",
                                               "由 {} 的元数据服务（{}）告知，用时 {}\n")),
                            f.service->address, f.service->name, core::human_duration(d.took));
  out += fmt::format("\n{}\n\n{}", t.say("For sonde.yaml:", "写入 sonde.yaml："), block(place, t));
  return out + std::string{t.say("\nor `vantage: auto`, which asks again at each start.\n",
                                 "\n或写 `vantage: auto`，每次启动时重新询问。\n")};
}

Json json_of(const prober::MetadataFinding& f) {
  Json out{{"service", f.service->name}, {"address", f.service->address}, {"answer", word_of(f.kind)}};
  if (f.status != 0) out["status"] = f.status;
  if (f.place) {
    out["provider"] = f.place->provider;
    out["region"] = f.place->region;
    if (!f.place->zone.empty()) out["zone"] = f.place->zone;
  }
  return out;
}

std::string json_report(const prober::VantageDetection& d, core::Duration timeout, const Terminal& t) {
  Json out{{"found", d.place() != nullptr}};
  if (const prober::DetectedPlace* place = d.place()) {
    out["provider"] = place->provider;
    out["region"] = place->region;
    if (!place->zone.empty()) out["zone"] = place->zone;
    out["region_known"] = place->place.has_value();
    if (place->place) {
      if (place->place->partition) out["partition"] = name(*place->place->partition);
      out["country"] = place->place->country;
      out["city"] = place->place->city;
      if (place->place->lat) out["lat"] = *place->place->lat;
      if (place->place->lon) out["lon"] = *place->place->lon;
    }
  } else {
    out["why"] = prober::why_unknown(d, timeout).in(t.language);
  }
  out["took_seconds"] = core::to_seconds(d.took);
  out["services"] = Json::array();
  for (const prober::MetadataFinding& f : d.findings) out["services"].push_back(json_of(f));
  return out.dump() + "\n";
}

}  // namespace

int vantage_detect_verb(const VantageOptions& options, const Context& context) {
  const Terminal& t = context.err;
  if (!options.address.empty() && !io::parse_endpoint(options.address, 80)) {
    write_err(fmt::format("{}: {}\n", t.paint(Color::kRed, t.say("error", "错误")),
                          t.say("--metadata needs ADDRESS or ADDRESS:PORT, such as 127.0.0.1:8080",
                                "--metadata 需要 地址 或 地址:端口，例如 127.0.0.1:8080")));
    return exit_code::kUsage;
  }
  const EmbeddedCatalogue catalogue;
  core::ConfigErrors errors;  // none: the catalogue is ours
  const auto loop = io::make_system_loop();
  const auto http = io::make_http_client(*loop);
  prober::VantageDetection found;
  const io::Handle asking =
      prober::detect_vantage(*loop, *http, catalogue.read(errors),
                             {.timeout = options.timeout, .address = options.address, .version = SONDE_VERSION},
                             [&found, &loop](prober::VantageDetection d) {
                               found = std::move(d);
                               loop->stop();
                             });
  loop->run();
  const bool written = write_out(options.json ? json_report(found, options.timeout, context.out)
                                              : report(found, options.timeout, context.out));
  return written && found.place() != nullptr ? exit_code::kOk : exit_code::kUnknown;
}

}  // namespace sonde::cli
