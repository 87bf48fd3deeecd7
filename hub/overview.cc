// Builds rows and cells from the picture.
#include "hub/overview.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/schema.h"
#include "hub/headline.h"
#include "hub/json.h"
#include "hub/median.h"

namespace sonde::hub {
namespace {

using core::Role;

constexpr core::Duration kClockFresh = std::chrono::minutes{2};  // `clock` records come every minute

// As in Status, and `none` behind it.
enum class CellStatus : std::uint8_t { kOk = 0, kDegraded = 1, kFail = 2, kUnknown = 3, kNone = 4 };
constexpr std::array<std::string_view, 5> kWords{"ok", "degraded", "fail", "unknown", "none"};
constexpr std::array<int, 5> kBadness{0, 3, 4, 2, 1};  // the worst of fail, degraded, unknown, none, ok

std::size_t index(CellStatus s) { return static_cast<std::size_t>(s); }

struct Cell {
  std::array<std::size_t, 5> counts{};
  CellStatus worst = CellStatus::kOk;
  const core::Record* worst_record = nullptr;
  std::vector<double> durations;  // of targets that answered

  void add(CellStatus status, const core::Record* record) {
    counts[index(status)] += 1;
    if (kBadness[index(status)] > kBadness[index(worst)]) {
      worst = status;
      worst_record = record;
    }
    if (record == nullptr || (status != CellStatus::kOk && status != CellStatus::kDegraded)) return;
    const auto d = record->number(core::field::kDurationSeconds.name);
    if (d && std::isfinite(*d)) durations.push_back(*d);
  }
};

struct Row {
  std::string_view kind;
  std::string key;
  std::string label;
  const core::Target* first = nullptr;
  std::vector<const TargetState*> targets;
};

// Where a row stands: apps, then regions by partition, provider and region, then controls.
using RowOrder = std::tuple<int, int, std::string, std::string>;

int partition_order(const core::Target& t) { return t.partition ? static_cast<int>(*t.partition) : 2; }

std::pair<RowOrder, Row> row_of(const core::Target& t) {
  switch (t.role) {
    case Role::kApp: {
      const std::string app = t.app.empty() ? t.name : t.app;
      return {RowOrder{0, 0, app, ""},
              Row{.kind = "app", .key = "app:" + app, .label = app, .first = {}, .targets = {}}};
    }
    case Role::kReference: {
      const std::string region = t.region.empty() ? "global" : t.region;
      return {RowOrder{1, partition_order(t), t.provider, region}, Row{.kind = "region",
                                                                       .key = "region:" + t.provider + "/" + region,
                                                                       .label = region,
                                                                       .first = {},
                                                                       .targets = {}}};
    }
    case Role::kControl:
      break;
  }
  const std::string partition{t.partition ? core::name(*t.partition) : "other"};
  return {RowOrder{2, partition_order(t), partition, ""}, Row{.kind = "control",
                                                              .key = "control:" + partition,
                                                              .label = partition + " controls",
                                                              .first = {},
                                                              .targets = {}}};
}

std::vector<Row> rows_of(const Picture& picture) {
  std::map<RowOrder, Row> rows;
  for (const auto& [name, state] : picture.targets()) {
    auto [order, fresh] = row_of(state.target);
    Row& row = rows.try_emplace(std::move(order), std::move(fresh)).first->second;
    if (row.first == nullptr) row.first = &state.target;
    row.targets.push_back(&state);
  }
  std::vector<Row> all;
  all.reserve(rows.size());
  for (auto& [order, row] : rows) all.push_back(std::move(row));
  return all;
}

// Cells are written as text: a large fleet has tens of thousands, once a second, on the loop that also probes.
// `vantage` is JSON already.
void append_cell(std::string& out, std::string_view vantage, Cell& cell) {
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"vantage":{},"status":"{}")", vantage, kWords[index(cell.worst)]);
  for (std::size_t i = 0; i < kWords.size(); ++i) fmt::format_to(to, R"(,"{}":{})", kWords[i], cell.counts[i]);
  if (!cell.durations.empty()) fmt::format_to(to, R"(,"p50_seconds":{})", median(cell.durations));
  if (cell.worst_record != nullptr) {
    for (const core::Field* field : {&core::field::kStage, &core::field::kCause}) {
      const auto text = cell.worst_record->text(field->name);
      if (text) fmt::format_to(to, R"(,"{}":{})", field->name, dump(Json(*text)));
    }
  }
  out += '}';
}

// One pass over the matrix: the JSON of the rows and the facts of the headline.
class MatrixBuilder {
 public:
  explicit MatrixBuilder(const OverviewInput& input) : input_(input) {
    facts_.counts.vantages = input.picture.vantages().size();
    facts_.counts.targets = input.picture.targets().size();
    for (const auto& [name, state] : input.picture.vantages()) vantages_.push_back(dump(Json(name)));
  }

  /// The JSON array of the rows.
  std::string rows() {
    std::string all = "[";
    for (const Row& row : rows_of(input_.picture)) append_row(all, row);
    if (all.ends_with(',')) all.pop_back();
    facts_.failing_vantages = failing_vantages_.size();
    return all + ']';
  }
  [[nodiscard]] const HeadlineFacts& facts() const { return facts_; }

 private:
  void append_row(std::string& out, const Row& row) {
    Json json;
    json["kind"] = row.kind;
    json["key"] = row.key;
    json["label"] = row.label;
    if (row.first->role != Role::kControl) {
      set_known(json, "provider", row.first->provider);
      set_known(json, "region", row.first->region);
    }
    if (row.first->partition) json["partition"] = core::name(*row.first->partition);
    json["targets"] = Json::array();
    for (const TargetState* t : row.targets) json["targets"].push_back(t->target.name);
    std::vector<Cell> cells(vantages_.size());
    for (const TargetState* t : row.targets) add_target(*t, cells);
    out += dump(json);
    out.back() = ',';  // the object goes on
    out += R"("cells":[)";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out += ',';
      append_cell(out, vantages_[i], cells[i]);
    }
    out += "]},";
  }

  void add_target(const TargetState& t, std::vector<Cell>& cells) {
    bool fails = false;
    bool trusted = false;
    std::size_t i = 0;
    for (const auto& [name, state] : input_.picture.vantages()) {
      const core::Record* record = input_.picture.fresh(t, name, input_.now);
      const auto status = record != nullptr ? static_cast<CellStatus>(*shown_status(*record)) : CellStatus::kNone;
      cells[i++].add(status, record);
      count(status);
      if (status == CellStatus::kFail) {
        fails = true;
        if (t.target.role == Role::kApp || !t.never_healthy()) failing_vantages_.insert(name);
      }
      trusted = trusted || status <= CellStatus::kFail;
    }
    facts_.heard_before = facts_.heard_before || !t.latest.empty();
    if (t.never_healthy()) facts_.counts.never_healthy += 1;
    if (t.never_healthy() && t.target.role != Role::kApp) return;
    if (fails) facts_.failing.push_back(t.target.name);
    if (t.target.role == Role::kReference && trusted) {
      facts_.references_fresh += 1;
      facts_.references_failing += fails ? 1 : 0;
    }
  }

  void count(CellStatus status) {
    Counts& c = facts_.counts;
    switch (status) {
      case CellStatus::kOk:
        c.ok += 1;
        break;
      case CellStatus::kDegraded:
        c.degraded += 1;
        break;
      case CellStatus::kFail:
        c.fail += 1;
        break;
      case CellStatus::kUnknown:
        c.unknown += 1;
        break;
      case CellStatus::kNone:
        c.none += 1;
        break;
    }
  }

  const OverviewInput& input_;
  HeadlineFacts facts_;
  std::vector<std::string> vantages_;  // their names as JSON
  std::set<std::string_view> failing_vantages_;
};

// A vantage is silent after three rounds, or three intervals where all targets are slower than a round.
core::Duration patience(const Picture& picture) {
  core::Duration shortest = std::chrono::hours{24};
  for (const auto& [name, t] : picture.targets()) shortest = std::min(shortest, picture.every(t));
  return 3 * (picture.targets().empty() ? picture.round() : std::max(picture.round(), shortest));
}

Json vantage_json(const VantageState& state, core::Duration patience, core::WallTime now) {
  const core::Vantage& v = state.vantage;
  Json json;
  json["name"] = v.name;
  set_known(json, "provider", v.provider);
  set_known(json, "region", v.region);
  json["partition"] = core::name(v.partition);
  set_known(json, "isp", v.isp);
  set_known(json, "city", v.city);
  set_known(json, "country", v.country);
  set_known(json, "lat", v.lat);
  set_known(json, "lon", v.lon);
  set_known(json, "version", v.version);
  json["last_seen_ms"] = core::to_unix_ms(state.heard);
  const bool clock_known = state.clock_at > now - kClockFresh;
  if (clock_known) json["clock_ahead_seconds"] = core::to_seconds(state.clock_ahead);
  const bool wrong_clock = clock_known && state.clock_wrong;
  if (wrong_clock) json["clock_wrong"] = true;
  const bool silent = state.heard < now - patience;
  json["state"] = silent ? "silent" : state.suspect || wrong_clock ? "suspect" : "ok";
  return json;
}

Json vantages(const Picture& picture, core::WallTime now) {
  const core::Duration wait = patience(picture);
  Json all = Json::array();
  for (const auto& [name, state] : picture.vantages()) all.push_back(vantage_json(state, wait, now));
  return all;
}

Json counts_json(const Counts& c) {
  return {{"vantages", c.vantages},          {"targets", c.targets}, {"cells", c.cells()},   {"ok", c.ok},
          {"degraded", c.degraded},          {"fail", c.fail},       {"unknown", c.unknown}, {"none", c.none},
          {"never_healthy", c.never_healthy}};
}

}  // namespace

std::string overview_json(const OverviewInput& input) {
  MatrixBuilder matrix{input};
  const std::string rows = matrix.rows();
  const Headline headline = make_headline(matrix.facts(), input.incidents);
  Json json;
  json["time_ms"] = core::to_unix_ms(input.now);
  set_known(json, "version", input.version);
  json["round_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(input.picture.round()).count();
  json["headline"] = {{"level", headline.level}, {"text_en", headline.text.en}, {"text_zh", headline.text.zh}};
  json["counts"] = counts_json(matrix.facts().counts);
  json["vantages"] = vantages(input.picture, input.now);
  std::string text = dump(json);
  text.pop_back();
  text += R"(,"rows":)" + rows + R"(,"incidents":[)";
  for (const Incident* i : input.incidents) {
    if (!i->json.empty()) text.append(i->json).push_back(',');
  }
  if (text.ends_with(',')) text.pop_back();
  return text + "]}";
}

std::string vantages_json(const Picture& picture, core::WallTime now) {
  Json json;
  json["vantages"] = vantages(picture, now);
  return dump(json);
}

}  // namespace sonde::hub
