// The metadata services of the clouds: where each is asked, how, and where in its answer region and zone stand.
// To add one: a row in prober/metadata_service.cc and a server for it in tests/unit/prober/vantage_detect_test.cc.
#pragma once

#include <span>
#include <string_view>

namespace sonde::prober {

struct MetadataHeader {
  std::string_view name;
  std::string_view value;
};

/// A session that some services want first: PUT `path`; the token goes with every question.
struct MetadataToken {
  std::string_view path;  // empty: the service wants none
  MetadataHeader header{};
  std::string_view body{};
  std::string_view pointer{};  // JSON pointer (RFC 6901) to the token; empty: the whole body is the token
  std::string_view send_as{};  // header that carries it in the questions
  std::string_view prefix{};   // in front of it there
};

/// The whole body is the answer, as a text.
inline constexpr std::string_view kWholeBody = "body";

/// One GET. Each of `region` and `zone` is empty (not there), kWholeBody, or a JSON pointer.
struct MetadataQuestion {
  std::string_view path;
  std::string_view region{};
  std::string_view zone{};
};

struct MetadataService {
  std::string_view name;     // "aws"; unique
  std::string_view address;  // numeric, port 80
  /// Who may answer in this way, by the names of the catalogue: the first that has the region told.
  std::span<const std::string_view> providers;
  std::span<const MetadataQuestion> questions;  // one has the region, or a zone of which the region is the beginning
  std::span<const MetadataHeader> headers{};    // of the token and of every question
  MetadataToken token{};
  /// Others answer in this way too: a region that the catalogue does not know says nothing about whose cloud it is.
  bool shared = false;
};

/// All that is known. Sources: the providers' documents on instance metadata; what stands in none of them is marked.
[[nodiscard]] std::span<const MetadataService> metadata_services();

}  // namespace sonde::prober
