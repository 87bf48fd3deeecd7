// The protocols.
#include "prober/checks/starttls.h"

#include <string>
#include <utility>

#include "core/check.h"

namespace sonde::prober {
namespace {

using core::Cause;
using namespace std::string_view_literals;

Regex regex(std::string_view pattern) {
  std::string error;
  Regex out = compile(pattern, error);
  SONDE_CHECK(out != nullptr, "a pattern of ours that does not compile");
  return out;
}

/// Waits for a whole reply that must have `want` in it, then sends.
DialogueStep reply(std::string_view whole, std::string_view want, std::string_view send,
                   Cause without = Cause::kStarttlsMissing) {
  return {.wait = DialogueStep::Wait::kReply,
          .expect = regex(whole),
          .want = regex(want),
          .without = without,
          .send = std::string{send}};
}

DialogueStep upgrade(std::string_view whole, std::string_view want) {
  DialogueStep step = reply(whole, want, "");
  step.starttls = true;
  return step;
}

// Lines "ddd-text", then "ddd text" (RFC 5321 4.2.1, RFC 959 4.2).
constexpr std::string_view kCodes = R"((?:\d{3}-[^\n]*\n|[^\n\d][^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n)";
constexpr std::string_view kLine = R"([^\n]*\n)";

std::vector<DialogueStep> smtp(std::string_view hello) {
  return {reply(kCodes, "^220", std::string{hello} + " sonde.invalid\r\n", Cause::kExpectMismatch),
          reply(kCodes, R"((?im)^250[- ]STARTTLS\b)", "STARTTLS\r\n"), upgrade(kCodes, "^220")};
}

std::vector<DialogueStep> imap() {  // RFC 3501 6.2.1
  return {reply(kLine, R"((?i)^\* OK)", "a1 CAPABILITY\r\n", Cause::kExpectMismatch),
          reply(R"((?:\*[^\n]*\n)*a1 [^\n]*\n)", R"((?i)\* CAPABILITY [^\n]*\bSTARTTLS\b)", "a2 STARTTLS\r\n"),
          upgrade(R"((?:\*[^\n]*\n)*a2 [^\n]*\n)", R"((?im)^a2 OK\b)")};
}

std::vector<DialogueStep> pop3() {  // RFC 2595 4
  return {reply(kLine, R"(^\+OK)", "STLS\r\n", Cause::kExpectMismatch), upgrade(kLine, R"(^\+OK)")};
}

std::vector<DialogueStep> ftp() {  // RFC 4217 4
  return {reply(kCodes, "^220", "AUTH TLS\r\n", Cause::kExpectMismatch), upgrade(kCodes, "^234")};
}

std::vector<DialogueStep> nntp() {  // RFC 4642 2.2
  return {reply(kLine, "^20[01]", "STARTTLS\r\n", Cause::kExpectMismatch), upgrade(kLine, "^382")};
}

std::vector<DialogueStep> xmpp(std::string_view host) {  // RFC 6120 5.4
  DialogueStep hello;
  hello.send = "<?xml version='1.0'?><stream:stream to='" + std::string{host} +
               "' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
  return {hello,
          reply(R"((?s).*?(?:</stream:features>|<stream:features\s*/>|</stream:stream>))",
                R"(urn:ietf:params:xml:ns:xmpp-tls)", "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
          upgrade(R"((?s).*?<(?:proceed|failure)[^>]*>(?:\s*</proceed>)?)", "<proceed")};
}

std::vector<DialogueStep> postgres() {  // "Frontend/Backend Protocol", SSLRequest
  DialogueStep ask;
  ask.send = "\0\0\0\x08\x04\xd2\x16\x2f"sv;
  return {ask, upgrade("(?s).", "^S")};
}

std::vector<DialogueStep> mysql() {  // "Client/Server Protocol", Protocol::HandshakeV10 and SSLRequest
  // Length, number, 10, version, thread, salt, 0; capabilities, of which bit 11 is CLIENT_SSL; the rest up to the
  // plugin's name. An error packet says 0xff in place of 10.
  const std::string head = R"((?s)...\x00\x0a[^\x00]*\x00.{4}.{8}\x00.)";
  const std::string tail = R"(.(?:.{1}.{2}.{2}.{1}.{10}.{13}[^\x00]*\x00))";
  std::string with_ssl = "[";
  for (int high = 0; high < 16; ++high) {
    static constexpr char kHex[] = "0123456789abcdef";
    for (const char low : {'8', 'f'}) with_ssl += std::string{low == 'f' ? "-" : ""} + "\\x" + kHex[high] + low;
  }
  with_ssl += "]";
  // CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION, largest packet, utf8, 23 zeros.
  std::string request{"\x20\x00\x00\x01\x00\x8a\x00\x00\x00\x00\x00\x01\x21"sv};
  request.append(23, '\0');
  DialogueStep ask = reply("(?:" + head + tail + R"(|(?s)...\x00\xff.*))", "^" + head + with_ssl, request);
  ask.starttls = true;
  return {ask};
}

std::vector<DialogueStep> ldap() {  // RFC 4511 4.14: ExtendedRequest 1.3.6.1.4.1.1466.20037
  DialogueStep ask;
  ask.send =
      "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
      "1.3.6.1.4.1.1466.20037"sv;
  // LDAPMessage 1, ExtendedResponse, resultCode success. The length forms of BER are beyond an expression, and the
  // answer is small: it ends where it has arrived.
  DialogueStep answer = upgrade(R"((?s)\x30(?:[\x00-\x7f]|\x81.|\x82..|\x84....)\x02\x01\x01\x78.*\x0a\x01.)",
                                R"((?s)\x78(?:[\x00-\x7f]|\x81.|\x82..|\x84....)\x0a\x01\x00)");
  answer.whole = true;
  return {ask, answer};
}

}  // namespace

std::vector<DialogueStep> starttls_steps(std::string_view protocol, std::string_view host) {
  if (protocol == "smtp") return smtp("EHLO");
  if (protocol == "lmtp") return smtp("LHLO");
  if (protocol == "imap") return imap();
  if (protocol == "pop3") return pop3();
  if (protocol == "ftp") return ftp();
  if (protocol == "nntp") return nntp();
  if (protocol == "xmpp") return xmpp(host);
  if (protocol == "postgres") return postgres();
  if (protocol == "mysql") return mysql();
  SONDE_CHECK(protocol == "ldap", "a protocol that is not in the list");
  return ldap();
}

}  // namespace sonde::prober
