// Dialogues of the tcp check: steps, captures, STARTTLS and what a hostile or broken service does (RELIABILITY 2.2).
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "prober/checks/starttls.h"
#include "tests/support/both_languages.h"
#include "tests/support/raw_server.h"
#include "tests/unit/prober/tls_fixture.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
namespace field = core::field;

// ---- steps ----

TEST(TcpDialogue, StepsExpectLinesAndSendWhatTheyCaught) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.wait_for = "PONG 42\r\n", .say = "bye\r\n"}};
  ScriptedServer first{bench.loop(), {.say = "hello\r\nPING 42\r\n", .then = Script::Then::kKeepOpen}};
  // The first server's line is caught; what was sent is not looked at by it, so the deadline ends the wait.
  const auto m = bench.run(first.url("tcp"),
                           R"(expect: {steps: [{expect: "^PING (?P<n>\\d+)$", send: "PONG $1 $${n} $$$$\r\n"}]})");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kExpectMatch), "PING 42");
}

TEST(TcpDialogue, WhatWasCaughtReachesTheService) {
  CheckBench bench;
  // Says its line at once; the answer is checked by a second step that the service only takes for the right text.
  const Identity leaf = TestAuthority::get().leaf();
  std::string heard;
  const TlsServer server{{.chain = {&leaf}, .preamble = [&heard](int fd) {
                            const std::string say = "noise\r\nPING 42\r\n";
                            (void)!send(fd, say.data(), say.size(), MSG_NOSIGNAL);
                            char buffer[64];
                            const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
                            heard.assign(buffer, n > 0 ? static_cast<std::size_t>(n) : 0);
                            (void)!send(fd, "OK\n", 3, MSG_NOSIGNAL);
                            return false;
                          }}};
  const auto m = bench.run(
      "tcp://127.0.0.1:" + std::to_string(server.port()),
      R"(expect: {steps: [{expect: "^PING (?P<n>\\d+)$", send: "PONG $1 $${n} $$$$\r\n"}, {expect: "^OK$"}]})");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(heard, "PONG 42 42 $\r\n");
  EXPECT_EQ(text_of(m, field::kExpectMatch), "OK");
}

TEST(TcpDialogue, BytesInHex) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.wait_for = "\x01\xff"s, .say = "\x7f\x00\x02 rest"s}};
  EXPECT_EQ(
      summary(bench.run(server.url("tcp"), R"(expect: {steps: [{send_bytes: "01 ff"}, {expect_bytes: "00 02"}]})")),
      "ok done none");
}

TEST(TcpDialogue, ALastLineWithoutAnEndCountsOnceThePeerHasClosed) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.say = "ready"}};
  EXPECT_EQ(summary(bench.run(server.url("tcp"), "expect: {steps: [{expect: ^ready$}]}")), "ok done none");
}

TEST(TcpDialogue, C9_C12_AWrongLineAndThenTheEnd) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.say = "550 \x1b[31mno\r\n"}};
  const auto m = bench.run(server.url("tcp"), "expect: {steps: [{expect: ^220}]}");
  EXPECT_EQ(summary(m), "fail tcp expect_mismatch");
  EXPECT_EQ(m.outcome.detail, "550 [31mno");
}

TEST(TcpDialogue, C8_AResetAtOnceIsToldFromOneAfterOurBytes) {
  CheckBench bench;
  ScriptedServer at_once{bench.loop(), {.then = Script::Then::kReset}};
  auto m = bench.run(at_once.url("tcp"), "expect: {banner: OK}");
  EXPECT_EQ(summary(m), "fail tcp reset");
  ScriptedServer later{bench.loop(), {.wait_for = "HELLO", .say = "", .then = Script::Then::kReset}};
  m = bench.run(later.url("tcp"), "expect: {send: HELLO, banner: OK}");
  EXPECT_EQ(summary(m), "fail tcp reset");
  EXPECT_EQ(m.outcome.detail, "after our first bytes");  // C19: what a filter on the path does too
}

TEST(TcpDialogue, C11_DrippingDoesNotOutliveTheDeadline) {
  CheckBench bench;
  RawServer server{bench.loop(), {.bytes = std::string(1000, 'x'), .wait_for = "", .chunk = 1, .gap = 20ms}};
  const auto began = bench.loop().precise_now();
  const auto m = bench.run("tcp://127.0.0.1:" + std::to_string(server.port()), "expect: {banner: OK}", 200ms);
  EXPECT_EQ(summary(m), "fail tcp timeout");
  EXPECT_LT(bench.loop().precise_now() - began, 2s);
  EXPECT_NE(m.outcome.detail.find("it said: x"), std::string::npos) << m.outcome.detail;
}

TEST(TcpDialogue, C13_SixtyFourKibibytesAreEnough) {
  CheckBench bench;
  for (const char* expect : {"expect: {banner: OK}", "expect: {steps: [{expect: ^OK$}]}"}) {
    RawServer one{bench.loop(), {.wait_for = "", .repeat = std::string(10000, 'x')}};
    const auto m = bench.run("tcp://127.0.0.1:" + std::to_string(one.port()), expect);
    EXPECT_EQ(summary(m), "fail tcp expect_mismatch");
    EXPECT_EQ(m.outcome.detail, "64 KiB without what is expected");
  }
  RawServer lines{bench.loop(), {.wait_for = "", .repeat = "x\n"}};
  const auto m = bench.run("tcp://127.0.0.1:" + std::to_string(lines.port()), "expect: {steps: [{expect: ^OK$}]}");
  EXPECT_EQ(summary(m), "fail tcp expect_mismatch");
}

TEST(TcpDialogue, C14_NulAndControlsAreComparedRawAndStoredHarmless) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.say = "a\0b\x1b[31m\nOK\n"s}};
  const auto m = bench.run(server.url("tcp"), R"(expect: {steps: [{expect: "^a\\x00b"}]})");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  const std::string kept = text_of(m, field::kExpectMatch);
  EXPECT_EQ(kept.find('\x1b'), std::string::npos);
  EXPECT_EQ(kept.find('\0'), std::string::npos);
}

TEST(TcpDialogue, C18_SilenceAfterTheConnectionIsATimeoutWithItsTimes) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.then = Script::Then::kKeepOpen}};
  const auto m = bench.run(server.url("tcp"), "expect: {send: x, banner: OK}", 150ms);
  EXPECT_EQ(summary(m), "fail tcp timeout");
  EXPECT_TRUE(has(m, field::kConnectSeconds));
  EXPECT_EQ(m.outcome.detail, "connected, but the expected answer did not come");
}

TEST(TcpDialogue, C21_AWindowThatStaysShutIsSaid) {
  CheckBench bench;
  const io::UniqueFd listener = bound_socket(SOCK_STREAM);
  const int small = 4096;
  setsockopt(listener.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  listen(listener.get(), 4);  // the kernel accepts, nobody reads
  const auto m = bench.run("tcp://127.0.0.1:" + std::to_string(bound_port(listener.get())),
                           "expect: {send: \"" + std::string(8 * 1024 * 1024, 'x') + "\", banner: OK}", 300ms);
  EXPECT_EQ(summary(m), "fail tcp timeout");
  EXPECT_NE(m.outcome.detail.find("could not be sent"), std::string::npos) << m.outcome.detail.substr(0, 200);
}

TEST(TcpDialogue, C41_ATextInPiecesIsFound) {
  CheckBench bench;
  RawServer server{bench.loop(),
                   {.bytes = "220 ready\r\n250 OK\r\n", .end = RawScript::End::kHold, .wait_for = "", .chunk = 1}};
  const std::string url = "tcp://127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(summary(bench.run(url, "expect: {banner: 250 OK}")), "ok done none");
  EXPECT_EQ(summary(bench.run(url, "expect: {steps: [{expect: ^220}, {expect: ^250 OK$}]}")), "ok done none");
}

TEST(TcpDialogue, C43_AResetAfterTheWholeAnswerIsOk) {
  CheckBench bench;
  const Identity leaf = TestAuthority::get().leaf();
  const TlsServer server{{.chain = {&leaf}, .preamble = [](int fd) {
                            (void)!send(fd, "220 ready\r\n", 11, MSG_NOSIGNAL);
                            char byte = 0;
                            (void)!recv(fd, &byte, 1, 0);
                            const linger hard{1, 0};  // closing resets
                            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
                            return false;
                          }}};
  const auto m = bench.run("tcp://127.0.0.1:" + std::to_string(server.port()),
                           R"(expect: {steps: [{expect: "^220", send: "QUIT\r\n"}]})");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
}

TEST(TcpDialogue, C44_UrgentBytesAreNoPartOfTheAnswer) {
  CheckBench bench;
  const Identity leaf = TestAuthority::get().leaf();
  const TlsServer server{{.chain = {&leaf}, .preamble = [](int fd) {
                            (void)!send(fd, "22", 2, MSG_NOSIGNAL);
                            (void)!send(fd, "!", 1, MSG_OOB | MSG_NOSIGNAL);
                            (void)!send(fd, "0 ok\n", 5, MSG_NOSIGNAL);
                            char byte = 0;
                            (void)!recv(fd, &byte, 1, 0);
                            return false;
                          }}};
  EXPECT_EQ(summary(bench.run("tcp://127.0.0.1:" + std::to_string(server.port()), "expect: {banner: 220 ok}")),
            "ok done none");
}

TEST(TcpDialogue, ConfigurationMistakesAreErrors) {
  const std::pair<const char*, const char*> cases[] = {
      {"{steps: [{expect: \"(\"}]}", "no regular expression"},
      {"{steps: [{expect_bytes: abc}]}", "hex"},
      {"{steps: [{}]}", "needs expect, send or starttls"},
      {"{steps: [{expect: a, expect_bytes: \"00\"}]}", "exclude each other"},
      {"{steps: [{send: a}], banner: b}", "exclude each other"},
      {"{steps: [{starttls: true}, {starttls: true}]}", "once"},
      {"{starttls: smpt}", "smtp"},
      {"{cert_days: 3}", "needs starttls"},
      {"{steps: [{sned: a}]}", "did you mean \"send\""},
  };
  for (const auto& [yaml, says] : cases) {
    SCOPED_TRACE(yaml);
    core::ConfigErrors errors;
    const core::ConfigNode node = core::parse_yaml(yaml, "t.yaml", nullptr, errors);
    core::Target target;
    target.url = "tcp://app.test:25";
    (void)prober::check_type(core::CheckKind::kTcp).parse(target, {.expect = &node}, errors);
    EXPECT_FALSE(errors.empty());
    EXPECT_EQ(in_one_language(errors), "");
    EXPECT_NE(errors.to_string().find(says), std::string::npos) << errors.to_string();
  }
}

// ---- STARTTLS ----

/// Plays one side of a plain dialogue: texts to say, and between them what must have been heard.
std::function<bool(int)> preamble(std::vector<std::pair<std::string, std::string>> say_and_hear) {
  return [script = std::move(say_and_hear)](int fd) {
    for (const auto& [say, hear] : script) {
      if (!say.empty() && send(fd, say.data(), say.size(), MSG_NOSIGNAL) < 0) return false;
      std::string heard;
      while (!hear.empty() && heard.find(hear) == std::string::npos) {
        char byte = 0;  // one at a time: what follows may be the first bytes of the handshake
        if (recv(fd, &byte, 1, 0) != 1) return false;
        heard += byte;
      }
    }
    return true;
  };
}

class Starttls : public TlsFixture {
 protected:
  core::Measurement run_starttls(const std::string& yaml, std::vector<std::pair<std::string, std::string>> script,
                                 std::function<void(SSL*)> serve = {}, const CertificateOptions& leaf = {}) {
    const Identity identity = authority_.leaf(leaf);
    const TlsServer server{{.chain = {&identity, &authority_.intermediate},
                            .preamble = preamble(std::move(script)),
                            .serve = std::move(serve)}};
    return bench().run(server.url("tcp"), yaml, 3s);
  }
};

const std::vector<std::pair<std::string, std::string>> kSmtp = {
    {"220-mx\r\n220 app.test ESMTP\r\n", "EHLO sonde.invalid\r\n"},
    {"250-app.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n", "STARTTLS\r\n"},
    {"220 go ahead\r\n", ""}};

TEST_F(Starttls, EveryProtocolComesToTls) {
  const std::string mysql_payload =
      "\x0a"
      "8.0.36\0"s +
      "\x08\0\0\0"s + "12345678"s + "\0"s + "\xff\xff\xff\x02\0\xff\xdf\x15"s + std::string(10, '\0') +
      "123456789012\0"s + "caching_sha2_password\0"s;
  const std::string mysql = std::string{static_cast<char>(mysql_payload.size())} + "\0\0\0"s + mysql_payload;
  const struct {
    const char* protocol;
    std::vector<std::pair<std::string, std::string>> script;
  } cases[] = {
      {"smtp", kSmtp},
      {"lmtp", {{"220 ok\r\n", "LHLO"}, {"250-a\r\n250 STARTTLS\r\n", "STARTTLS\r\n"}, {"220 go\r\n", ""}}},
      {"imap",
       {{"* OK ready\r\n", "a1 CAPABILITY\r\n"},
        {"* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n", "a2 STARTTLS\r\n"},
        {"a2 OK go\r\n", ""}}},
      {"pop3", {{"+OK ready\r\n", "STLS\r\n"}, {"+OK go\r\n", ""}}},
      {"ftp", {{"220-hi\r\n  there\r\n220 ready\r\n", "AUTH TLS\r\n"}, {"234 go\r\n", ""}}},
      {"nntp", {{"200 ready\r\n", "STARTTLS\r\n"}, {"382 go\r\n", ""}}},
      {"xmpp",
       {{"", "to='app.test'"},
        {"<?xml version='1.0'?><stream:stream><stream:features><starttls "
         "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
         "xmpp-tls'/>"},
        {"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", ""}}},
      {"postgres", {{"", "\x04\xd2\x16\x2f"}, {"S", ""}}},
      {"mysql", {{mysql, std::string(23, '\0')}}},
      {"ldap", {{"", "1.3.6.1.4.1.1466.20037"}, {"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"s, ""}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.protocol);
    const Identity identity = authority_.leaf();
    const TlsServer server{{.chain = {&identity, &authority_.intermediate}, .preamble = preamble(c.script)}};
    const auto m = bench().run(server.url("tcp"), "expect: {starttls: "s + c.protocol + "}", 3s);
    EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
    EXPECT_EQ(text_of(m, field::kTlsVersion), "TLSv1.3");
    EXPECT_EQ(text_of(m, field::kCertSubject), "CN=app.test");
    EXPECT_GT(seconds_of(m, field::kTlsSeconds), 0);
  }
}

TEST_F(Starttls, C42_AServiceWithoutStarttls) {
  const struct {
    const char* protocol;
    std::vector<std::pair<std::string, std::string>> script;
  } cases[] = {
      {"smtp", {{"220 ok\r\n", "EHLO"}, {"250-app.test\r\n250 SIZE\r\n", ""}}},
      {"smtp", {{"220 ok\r\n", "EHLO"}, {"250 STARTTLS\r\n", "STARTTLS"}, {"454 not now\r\n", ""}}},
      {"imap", {{"* OK\r\n", "a1"}, {"* CAPABILITY IMAP4rev1 NOSTARTTLSHERE\r\na1 OK\r\n", ""}}},
      {"pop3", {{"+OK\r\n", "STLS"}, {"-ERR what\r\n", ""}}},
      {"ftp", {{"220 ok\r\n", "AUTH"}, {"502 no\r\n", ""}}},
      {"xmpp", {{"", "stream"}, {"<stream:stream><stream:features/>", ""}}},
      {"postgres", {{"", "\x16\x2f"}, {"N", ""}}},
      {"mysql",
       {{"\x40\0\0\0\x0a"s + "5.7\0"s + "\x08\0\0\0"s + "12345678"s + "\0"s + "\xff\xf7\xff\x02\0\xff\xdf\x15"s +
             std::string(10, '\0') + "123456789012\0"s + "x\0"s,
         ""}}},
      {"ldap", {{"", "20037"}, {"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00"s, ""}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.protocol);
    EXPECT_EQ(summary(run_starttls("expect: {starttls: "s + c.protocol + "}", c.script)), "fail tcp starttls_missing");
  }
}

TEST_F(Starttls, C42_BytesBetweenTheAnswerAndTlsAreAnInjection) {
  auto script = kSmtp;
  script.back().first += "250 injected\r\n";
  const auto m = run_starttls("expect: {starttls: smtp}", script);
  EXPECT_EQ(summary(m), "fail tcp starttls_injection");
  EXPECT_NE(m.outcome.detail.find("250 injected"), std::string::npos) << m.outcome.detail;
  EXPECT_FALSE(has(m, field::kTlsSeconds));
}

TEST_F(Starttls, StepsGoOnInsideOfTls) {
  const auto serve = [](SSL* ssl) {
    char buffer[64];
    const int n = SSL_read(ssl, buffer, sizeof buffer);
    if (n > 0 && std::string{buffer, static_cast<std::size_t>(n)} == "NOOP\r\n") SSL_write(ssl, "250 inside\r\n", 12);
    SSL_read(ssl, buffer, sizeof buffer);
  };
  auto m =
      run_starttls(R"y(expect: {starttls: smtp, steps: [{send: "NOOP\r\n"}, {expect: "^250 (.*)"}]})y", kSmtp, serve);
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kExpectMatch), "250 inside");
  m = run_starttls(R"(expect: {starttls: smtp, send: "NOOP\r\n", banner: inside})", kSmtp, serve);
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
}

TEST_F(Starttls, StarttlsAsAStepAsBlackboxHasIt) {
  const std::string steps =
      R"(expect: {steps: [{expect: "^220"}, {send: "STARTTLS\n"}, {expect: "^220"}, {starttls: true}]})";
  const auto m = run_starttls(steps, {{"220 ok\r\n", "STARTTLS\n"}, {"220 go\r\n", ""}});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kCertSubject), "CN=app.test");
}

TEST_F(Starttls, AFirstStepOfTlsIsTlsFromTheStart) {
  const auto m = run_starttls("expect: {steps: [{starttls: true}, {expect: ^hello}]}", {},
                              [](SSL* ssl) { SSL_write(ssl, "hello\n", 6); });
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
}

TEST_F(Starttls, TheCertificateIsJudgedAndItsFactsAreKept) {
  auto m = run_starttls("expect: {starttls: smtp}", kSmtp, {}, {.valid_from = -20000, .valid_to = -10000});
  EXPECT_EQ(summary(m), "fail tls expired");
  EXPECT_EQ(text_of(m, field::kCertSubject), "CN=app.test");
  m = run_starttls("expect: {starttls: smtp, cert_days: 14}", kSmtp, {}, {.valid_to = 5L * 24 * 3600});
  EXPECT_EQ(summary(m), "degraded tls expiring");
  m = run_starttls("{expect: {starttls: smtp}, tls: {server_name: other.test}}", kSmtp);
  EXPECT_EQ(summary(m), "fail tls name_mismatch");
}

TEST_F(Starttls, SilenceInTheHandshakeIsATimeoutOfTls) {
  ScriptedServer server{bench().loop(), {.wait_for = "x", .say = "y", .then = Script::Then::kKeepOpen}};
  const auto m =
      bench().run(server.url("tcp"), "expect: {steps: [{send: x}, {expect_bytes: \"79\", starttls: true}]}", 200ms);
  EXPECT_EQ(summary(m), "fail tls timeout");
}

}  // namespace
}  // namespace sonde::test
