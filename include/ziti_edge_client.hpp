/* ziti-edge-client for C++17: handles that free themselves and exceptions in place of errors. Nothing else is added,
 * so what the functions do and what the records hold stands in ziti_edge_client.h, whose rules hold here too. */
#ifndef ZITI_EDGE_CLIENT_HPP
#define ZITI_EDGE_CLIENT_HPP

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "ziti_edge_client.h"

namespace zec {

namespace detail {

template <auto Free>
struct deleter {
  template <typename T>
  void operator()(T *handle) const noexcept {
    Free(handle);
  }
};

template <typename T, auto Free>
using owned = std::unique_ptr<T, deleter<Free>>;

}  // namespace detail

/// Why a call failed.
class error : public std::runtime_error {
 public:
  /// Takes over the error, which is not NULL.
  explicit error(zec_error *owned) : std::runtime_error(zec_error_message(owned)), error_(owned, zec_error_free) {}

  zec_code code() const noexcept { return zec_error_code(error_.get()); }
  bool is_retryable() const noexcept { return zec_error_is_retryable(error_.get()); }
  std::uint16_t http_status() const noexcept { return zec_error_http_status(error_.get()); }
  std::chrono::milliseconds retry_after() const {
    return std::chrono::milliseconds(zec_error_retry_after_ms(error_.get()));
  }
  /// The texts are NULL where there is none, and live as long as this error or a copy of it.
  const char *stage() const noexcept { return zec_error_stage(error_.get()); }
  const char *enrollment_problem() const noexcept { return zec_error_enrollment_problem(error_.get()); }
  const char *api_code() const noexcept { return zec_error_api_code(error_.get()); }
  const char *request_id() const noexcept { return zec_error_request_id(error_.get()); }
  const char *cause_json() const noexcept { return zec_error_cause_json(error_.get()); }

 private:
  std::shared_ptr<zec_error> error_;
};

namespace detail {

inline void check(zec_error *failure) {
  if (failure != nullptr) throw error(failure);
}

/// Calls a function whose last parameter is `out`, and owns what it gives.
template <typename T, auto Free, typename Function, typename... Arguments>
owned<T, Free> call(Function function, Arguments... arguments) {
  T *out = nullptr;
  check(function(arguments..., &out));
  return owned<T, Free>(out);
}

}  // namespace detail

using api_session = detail::owned<zec_api_session, zec_api_session_free>;
using enrollment = detail::owned<zec_enrollment, zec_enrollment_free>;
using service = detail::owned<zec_service, zec_service_free>;
using service_list = detail::owned<zec_service_list, zec_service_list_free>;
using string_list = detail::owned<zec_string_list, zec_string_list_free>;
using version_info = detail::owned<zec_version_info, zec_version_info_free>;
/// A text that is wiped when it is freed.
using secret_text = detail::owned<char, zec_string_free>;

/// Reads an enrollment token. No I/O.
inline enrollment parse_enrollment(const std::string &jwt) {
  return detail::call<zec_enrollment, zec_enrollment_free>(zec_enrollment_parse, jwt.c_str());
}

/// Ends calls from any thread.
class cancel {
 public:
  cancel() : handle_(detail::call<zec_cancel, zec_cancel_free>(zec_cancel_new)) {}

  void operator()() const noexcept { zec_cancel_cancel(get()); }
  bool is_canceled() const noexcept { return zec_cancel_is_canceled(get()); }
  const zec_cancel *get() const noexcept { return handle_.get(); }

 private:
  detail::owned<zec_cancel, zec_cancel_free> handle_;
};

/// Key, certificate, trusted CAs and controller addresses.
class identity {
 public:
  static identity load(const std::string &path) { return make(zec_identity_load, path.c_str()); }
  static identity from_json(const std::string &json) { return make(zec_identity_from_json, json.c_str()); }
  static identity enroll(const std::string &jwt, const zec_enroll_options &options) {
    return make(zec_identity_enroll, jwt.c_str(), &options);
  }

  void save(const std::string &path) const { detail::check(zec_identity_save(get(), path.c_str())); }
  secret_text to_json() const { return detail::call<char, zec_string_free>(zec_identity_to_json, get()); }
  string_list controllers() const {
    return detail::call<zec_string_list, zec_string_list_free>(zec_identity_controllers, get());
  }
  const zec_identity *get() const noexcept { return handle_.get(); }

 private:
  friend class client;
  using owned = detail::owned<zec_identity, zec_identity_free>;

  explicit identity(owned handle) : handle_(std::move(handle)) {}

  template <typename... Arguments>
  static identity make(Arguments... arguments) {
    return identity(detail::call<zec_identity, zec_identity_free>(arguments...));
  }

  owned handle_;
};

/// A client of one identity's controllers.
class client {
 public:
  explicit client(const identity &identity, const zec_client_options &options = ZEC_CLIENT_OPTIONS_INIT)
      : client(make(zec_client_new, identity.get(), &options)) {}

  /// Not for a timeout of zero or less.
  client with_timeout(std::chrono::milliseconds timeout) const {
    auto milliseconds = timeout.count() < 0 ? 0 : static_cast<std::uint64_t>(timeout.count());
    return make(zec_client_with_timeout, get(), milliseconds);
  }
  client with_cancel(const cancel &cancel) const { return make(zec_client_with_cancel, get(), cancel.get()); }
  zec::identity identity() const { return zec::identity::make(zec_client_identity, get()); }

  api_session authenticate() const { return session(zec_client_authenticate); }
  void logout() const { detail::check(zec_client_logout(get())); }
  version_info controller_version() const {
    return detail::call<zec_version_info, zec_version_info_free>(zec_controller_version, get());
  }
  api_session current_api_session() const { return session(zec_current_api_session_get); }
  service_list services_list(const zec_service_query &query = ZEC_SERVICE_QUERY_INIT) const {
    return detail::call<zec_service_list, zec_service_list_free>(zec_services_list, get(), &query);
  }
  service_list services_page(const zec_service_query &query = ZEC_SERVICE_QUERY_INIT) const {
    return detail::call<zec_service_list, zec_service_list_free>(zec_services_page, get(), &query);
  }
  service services_get(const std::string &id) const {
    return detail::call<zec_service, zec_service_free>(zec_services_get, get(), id.c_str());
  }

  const zec_client *get() const noexcept { return handle_.get(); }

 private:
  using owned = detail::owned<zec_client, zec_client_free>;

  explicit client(owned handle) : handle_(std::move(handle)) {}

  template <typename... Arguments>
  static client make(Arguments... arguments) {
    return client(detail::call<zec_client, zec_client_free>(arguments...));
  }

  template <typename Function>
  api_session session(Function function) const {
    return detail::call<zec_api_session, zec_api_session_free>(function, get());
  }

  owned handle_;
};

}  // namespace zec

#endif
