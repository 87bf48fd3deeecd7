// What an answer of a line-protocol server means for us: the response matrix of RELIABILITY 1.5 as one table.
#pragma once

#include <string>

#include "io/http_client.h"

namespace sonde::pipeline {

enum class InfluxAction {
  kTaken,    // all of it
  kBisect,   // at least one line is refused for what it says: find it
  kHalve,    // too large: nothing was stored
  kRetry,    // outcome unknown, or not our server: the same again later
  kBlocked,  // configuration or authorization: keep everything, try slowly
};

struct InfluxVerdict {
  InfluxAction action = InfluxAction::kRetry;
  std::string reason;    // sanitized; empty when taken
  bool expired = false;  // kBisect: lines are older than the database keeps
};

[[nodiscard]] InfluxVerdict judge_reply(const io::HttpResponse& response);

}  // namespace sonde::pipeline
