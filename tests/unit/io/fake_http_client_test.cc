// The scripted HTTP client keeps the promises of the real one: later, once, cancelled with its handle.
#include "tests/support/fake_http_client.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/support/sim_loop.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using io::HttpError;

class Fake : public testing::Test {
 protected:
  io::Handle fetch(std::string url, io::Duration timeout = 10s) {
    io::HttpRequest request;
    request.url = std::move(url);
    request.timeout = timeout;
    request.headers = {{"X-Name", "value"}};
    return client_.fetch(std::move(request), [this](io::HttpResponse r) { answers_.push_back(std::move(r)); });
  }
  SimLoop loop_;
  FakeHttpClient client_{loop_};
  std::vector<io::HttpResponse> answers_;
};

TEST_F(Fake, AnswersInOrderAndRemembersRequests) {
  client_.push(FakeHttpClient::status(204));
  client_.push(FakeHttpClient::status(500, "broken"), 3s);
  auto a = fetch("http://a/");
  auto b = fetch("http://b/");
  EXPECT_TRUE(answers_.empty());
  EXPECT_EQ(client_.in_flight(), 2);
  loop_.run_for(1s);
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].status, 204);
  loop_.run_for(2s);
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_EQ(answers_[1].body, "broken");
  EXPECT_EQ(client_.requests().at(1).url, "http://b/");
  EXPECT_EQ(client_.requests().at(1).header("x-name"), "value");
  EXPECT_EQ(client_.in_flight(), 0);
}

TEST_F(Fake, SilenceAndLateAnswersAreTimeouts) {
  client_.push_silence();
  client_.push(FakeHttpClient::status(200), 20s);
  auto a = fetch("http://a/", 5s);
  auto b = fetch("http://a/", 5s);
  loop_.run_for(5s - 1ns);
  EXPECT_TRUE(answers_.empty());
  loop_.run_for(1ns);
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_EQ(answers_[0].error, HttpError::kTimeout);
  EXPECT_EQ(answers_[1].error, HttpError::kTimeout);
}

TEST_F(Fake, WithoutAScriptNothingListensAndHandlesCancel) {
  auto a = fetch("http://a/");
  auto b = fetch("http://b/");
  b.reset();
  loop_.run_for(1s);
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].error, HttpError::kConnect);
  client_.answer_with([](const FakeHttpClient::Seen& seen) { return FakeHttpClient::status(200, seen.url); });
  auto c = fetch("http://c/");
  loop_.run_for(1s);
  EXPECT_EQ(answers_.back().body, "http://c/");
}

}  // namespace
}  // namespace sonde::test
