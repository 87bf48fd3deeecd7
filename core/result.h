// Result<T>: the outcome of an operation of our own that can fail (a file, a configuration, a socket).
// What a check finds out about the world is never a Result: it is an Outcome (core/outcome.h).
// The names are a subset of std::expected, so that a later compiler makes this an alias.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "core/check.h"

namespace sonde::core {

/// Why an operation of our own failed. Add a code when a caller would act on it, not before.
enum class ErrorCode {
  kInvalid,      // the input is wrong: configuration, line protocol, a command-line argument
  kNotFound,     // no such file, name or record
  kIo,           // the system refused: errno text is in the message
  kNoSpace,      // the disk or a configured bound is full
  kCorrupt,      // stored bytes do not match their checksum or format
  kBusy,         // somebody else holds it (a lock, a port)
  kUnsupported,  // a newer format or a feature that is not built in
};

/// An error for a person: `message` is one sentence without a trailing newline; `zh` says the same in Chinese, or is
/// empty where the words are the system's own.
struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;
  std::string zh = {};
};

/// A value or an Error. `value()` of a failed Result is a bug and aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] T& value() & {
    SONDE_CHECK(has_value(), "value() of a failed Result");
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    SONDE_CHECK(has_value(), "value() of a failed Result");
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    SONDE_CHECK(has_value(), "value() of a failed Result");
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    SONDE_CHECK(!has_value(), "error() of a Result that succeeded");
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return ok_; }
  explicit operator bool() const { return ok_; }
  [[nodiscard]] const Error& error() const {
    SONDE_CHECK(!ok_, "error() of a Result that succeeded");
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace sonde::core
