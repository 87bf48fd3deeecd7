// Callback<R(Args...)>: a function object that is moved, never copied (std::move_only_function of C++23).
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "core/check.h"

namespace sonde::core {

template <typename Signature>
class Callback;

/// Owns one callable. Calling an empty one is a bug and aborts. Not thread-safe; lives on its loop.
template <typename R, typename... Args>
class Callback<R(Args...)> {
 public:
  Callback() = default;

  template <typename F>
  requires(!std::same_as<std::decay_t<F>, Callback> && std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
      Callback(F&& f)  // NOLINT(google-explicit-constructor): a lambda is passed where a Callback is asked for
      : held_(std::make_unique<Held<std::decay_t<F>>>(std::forward<F>(f))) {}

  Callback(Callback&&) noexcept = default;
  Callback& operator=(Callback&&) noexcept = default;

  explicit operator bool() const { return held_ != nullptr; }

  R operator()(Args... args) {
    SONDE_CHECK(held_ != nullptr, "call of an empty Callback");
    return held_->call(std::forward<Args>(args)...);
  }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual R call(Args... args) = 0;
  };
  template <typename F>
  struct Held final : Base {
    template <typename G>
    explicit Held(G&& g) : f(std::forward<G>(g)) {}
    R call(Args... args) override { return f(std::forward<Args>(args)...); }
    F f;
  };
  std::unique_ptr<Base> held_;
};

}  // namespace sonde::core
