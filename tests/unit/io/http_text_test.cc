// The pure parts of HTTP: answer heads, request targets, request reading, dates.
#include "io/http_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/http_head.h"
#include "io/http_request_reader.h"

namespace sonde::io {
namespace {

HttpHead::Verdict take_all(HttpHead& head, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    if (const auto verdict = head.take(line + "\r\n"); verdict != HttpHead::Verdict::kGoOn) return verdict;
  }
  return HttpHead::Verdict::kGoOn;
}

TEST(HttpHead, KeepsTheFinalHeadAndForgetsInterimOnes) {
  HttpHead head(10000);
  EXPECT_EQ(take_all(head, {"HTTP/1.1 103 Early Hints", "Link: a", ""}), HttpHead::Verdict::kGoOn);
  EXPECT_FALSE(head.started());
  EXPECT_EQ(take_all(head, {"HTTP/1.1 200 OK", "A: 1", "B:"}), HttpHead::Verdict::kGoOn);
  EXPECT_TRUE(head.started());
  EXPECT_FALSE(head.complete());
  EXPECT_EQ(take_all(head, {""}), HttpHead::Verdict::kGoOn);
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.status(), 200);
  EXPECT_EQ(head.version(), "1.1");
  EXPECT_EQ(head.take_headers(), (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", ""}}));
}

TEST(HttpHead, JoinsFoldedLines) {
  HttpHead head(10000);
  EXPECT_EQ(take_all(head, {"HTTP/1.1 200 OK", "A: one", "  two", "\tthree", ""}), HttpHead::Verdict::kGoOn);
  EXPECT_EQ(head.take_headers().at(0).second, "one two three");
}

TEST(HttpHead, RefusesLengthsThatAreNone) {
  for (const char* value : {"-1", "", "+5", "0x10", "5 5", "1e3", "99999999999999999999", "5,", "5, 6", "5;6"}) {
    HttpHead head(10000);
    EXPECT_EQ(take_all(head, {"HTTP/1.1 200 OK", std::string("Content-Length: ") + value}),
              HttpHead::Verdict::kMalformed)
        << value;
    EXPECT_FALSE(head.reason().empty());
  }
  for (const char* value : {"0", "5", "5, 5", "999999999999999999"}) {
    HttpHead head(10000);
    EXPECT_EQ(take_all(head, {"HTTP/1.1 200 OK", std::string("CONTENT-length:") + value}), HttpHead::Verdict::kGoOn)
        << value;
  }
}

TEST(HttpHead, P14_ManyShortLinesCountForWhatTheyCost) {
  HttpHead head(1000);
  EXPECT_EQ(take_all(head, {"HTTP/1.1 200 OK"}), HttpHead::Verdict::kGoOn);
  int lines = 0;
  while (lines < 1000 && take_all(head, {"a:"}) == HttpHead::Verdict::kGoOn) ++lines;
  EXPECT_EQ(lines, (1000 - 17 - 32) / (4 + 32));
}

TEST(HttpHead, CountsTrailersTowardsTheLimit) {
  HttpHead head(100);
  EXPECT_EQ(take_all(head, {"HTTP/1.1 200 OK", ""}), HttpHead::Verdict::kGoOn);
  EXPECT_EQ(take_all(head, {"Trailer: " + std::string(100, 'x')}), HttpHead::Verdict::kTooLarge);
  EXPECT_TRUE(head.take_headers().empty());
}

TEST(HttpText, Targets) {
  EXPECT_EQ(parse_target("/a/b?x=1")->path, "/a/b");
  EXPECT_EQ(parse_target("http://host:1/a?x")->path, "/a");
  EXPECT_EQ(parse_target("http://host")->path, "/");
  EXPECT_EQ(parse_target("http://host?x=1")->path, "/");
  EXPECT_EQ(parse_target("http://host?x=1")->query.at(0).second, "1");
  EXPECT_EQ(parse_target("/%2e%2e/x")->path, "/../x");  // the handler looks paths up in a table, never in a file system
  for (const char* bad : {"", "*", "host:1", "a/b", "/%", "/?%"}) EXPECT_FALSE(parse_target(bad)) << bad;
}

TEST(HttpText, Dates) {
  EXPECT_EQ(http_date(core::from_unix_ms(784111777000)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(core::from_unix_ms(1709208000999)), "Thu, 29 Feb 2024 12:00:00 GMT");
}

TEST(HttpText, AnswersWithAnUnknownStatusHaveAHeadToo) {
  EXPECT_EQ(answer_head({567, {}, ""}, BodyFraming::kLength, true, "D"),
            "HTTP/1.1 567 <unknown-status>\r\nDate: D\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(RequestReader, LeavesTheNextRequestInTheBuffer) {
  RequestReader reader({2000, 2000});
  std::string bytes = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nokGET /b";
  EXPECT_EQ(reader.feed(bytes), RequestReader::State::kComplete);
  EXPECT_EQ(bytes, "GET /b");
  EXPECT_TRUE(reader.keep_alive());
  const ServerRequest request = reader.take();
  EXPECT_EQ(request.body, "ok");
  EXPECT_EQ(request.path, "/a");
}

TEST(RequestReader, SplitsMakeNoDifference) {
  const std::string whole =
      "PUT /x?y=1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1\r\ne\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    RequestReader reader({2000, 2000});
    std::string bytes = whole.substr(0, cut);
    ASSERT_EQ(reader.feed(bytes), RequestReader::State::kNeedsMore) << cut;
    bytes += whole.substr(cut);
    ASSERT_EQ(reader.feed(bytes), RequestReader::State::kComplete) << cut;
    EXPECT_EQ(reader.take().body, "abcde");
  }
}

}  // namespace
}  // namespace sonde::io
