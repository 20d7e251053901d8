/* ziti-edge-client for C++17: owners that free what they hold, exceptions in place of errors, lambdas in place of
 * callbacks. Nothing else is added: functions and records are those of ziti_edge_client.h, whose rules hold here too.
 *
 *   zec::identity identity = zec::call(zec_identity_load, "alice.json");
 *   zec::client client = zec::call(zec_client_new, identity, nullptr);
 *   zec::for_each(zec_services_for_each, [](const zec_service &service) { std::puts(service.name); }, client, nullptr);
 */
#ifndef ZITI_EDGE_CLIENT_HPP
#define ZITI_EDGE_CLIENT_HPP

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "ziti_edge_client.h"

namespace zec {

namespace detail {

inline void release(zec_string_list *root) noexcept { zec_string_list_free(root); }
inline void release(zec_cancel *root) noexcept { zec_cancel_free(root); }
inline void release(zec_signer *root) noexcept { zec_signer_free(root); }
inline void release(zec_jwt_source *root) noexcept { zec_jwt_source_free(root); }
inline void release(zec_provider_login *root) noexcept { zec_provider_login_free(root); }
inline void release(zec_device_login *root) noexcept { zec_device_login_free(root); }
inline void release(zec_loopback *root) noexcept { zec_loopback_free(root); }
inline void release(zec_provider_token *root) noexcept { zec_provider_token_free(root); }
inline void release(zec_provider_tokens *root) noexcept { zec_provider_tokens_free(root); }
inline void release(zec_identity *root) noexcept { zec_identity_free(root); }
inline void release(zec_identity_description *root) noexcept { zec_identity_description_free(root); }
inline void release(zec_server_certificate *root) noexcept { zec_server_certificate_free(root); }
inline void release(zec_enrollment *root) noexcept { zec_enrollment_free(root); }
inline void release(zec_client *root) noexcept { zec_client_free(root); }
inline void release(zec_maintenance *root) noexcept { zec_maintenance_free(root); }
inline void release(zec_event *root) noexcept { zec_event_free(root); }
inline void release(zec_session_credentials *root) noexcept { zec_session_credentials_free(root); }
inline void release(zec_status *root) noexcept { zec_status_free(root); }
inline void release(zec_diagnosis *root) noexcept { zec_diagnosis_free(root); }
inline void release(zec_external_jwt_signer_list *root) noexcept { zec_external_jwt_signer_list_free(root); }
inline void release(zec_version_info *root) noexcept { zec_version_info_free(root); }
inline void release(zec_protocol_list *root) noexcept { zec_protocol_list_free(root); }
inline void release(zec_ca_certificates *root) noexcept { zec_ca_certificates_free(root); }
inline void release(zec_controller_list *root) noexcept { zec_controller_list_free(root); }
inline void release(zec_spec *root) noexcept { zec_spec_free(root); }
inline void release(zec_spec_list *root) noexcept { zec_spec_list_free(root); }
inline void release(zec_spec_body *root) noexcept { zec_spec_body_free(root); }
inline void release(zec_enrolled *root) noexcept { zec_enrolled_free(root); }
inline void release(zec_network_jwt_list *root) noexcept { zec_network_jwt_list_free(root); }
inline void release(zec_jwks *root) noexcept { zec_jwks_free(root); }
inline void release(zec_nonce_signature *root) noexcept { zec_nonce_signature_free(root); }
inline void release(zec_posture_answer *root) noexcept { zec_posture_answer_free(root); }
inline void release(zec_totp_token *root) noexcept { zec_totp_token_free(root); }
inline void release(zec_service_updates *root) noexcept { zec_service_updates_free(root); }
inline void release(zec_api_session *root) noexcept { zec_api_session_free(root); }
inline void release(zec_edge_router_list *root) noexcept { zec_edge_router_list_free(root); }
inline void release(zec_identity_detail *root) noexcept { zec_identity_detail_free(root); }
inline void release(zec_session_certificate *root) noexcept { zec_session_certificate_free(root); }
inline void release(zec_session_certificate_list *root) noexcept { zec_session_certificate_list_free(root); }
inline void release(zec_new_session_certificate *root) noexcept { zec_new_session_certificate_free(root); }
inline void release(zec_authenticator *root) noexcept { zec_authenticator_free(root); }
inline void release(zec_authenticator_list *root) noexcept { zec_authenticator_list_free(root); }
inline void release(zec_extended_certificate *root) noexcept { zec_extended_certificate_free(root); }
inline void release(zec_mfa *root) noexcept { zec_mfa_free(root); }
inline void release(zec_recovery_codes *root) noexcept { zec_recovery_codes_free(root); }
inline void release(zec_qr_code *root) noexcept { zec_qr_code_free(root); }
inline void release(zec_service_list *root) noexcept { zec_service_list_free(root); }
inline void release(zec_service *root) noexcept { zec_service_free(root); }
inline void release(zec_posture_query_set_list *root) noexcept { zec_posture_query_set_list_free(root); }
inline void release(zec_intercept_v1 *root) noexcept { zec_intercept_v1_free(root); }
inline void release(zec_host_v1 *root) noexcept { zec_host_v1_free(root); }
inline void release(zec_host_v2 *root) noexcept { zec_host_v2_free(root); }
inline void release(zec_tunneler_client_v1 *root) noexcept { zec_tunneler_client_v1_free(root); }
inline void release(zec_tunneler_server_v1 *root) noexcept { zec_tunneler_server_v1_free(root); }
inline void release(zec_service_changes *root) noexcept { zec_service_changes_free(root); }
inline void release(zec_service_watch *root) noexcept { zec_service_watch_free(root); }
inline void release(zec_terminator_list *root) noexcept { zec_terminator_list_free(root); }
inline void release(zec_session *root) noexcept { zec_session_free(root); }
inline void release(zec_session_list *root) noexcept { zec_session_list_free(root); }
inline void release(zec_auth_query_list *root) noexcept { zec_auth_query_list_free(root); }
inline void release(zec_failed_policy_list *root) noexcept { zec_failed_policy_list_free(root); }
inline void release(zec_answer *root) noexcept { zec_answer_free(root); }
inline void release(char *text) noexcept { zec_string_free(text); }

struct deleter {
  template <typename T>
  void operator()(T *root) const noexcept {
    release(root);
  }
};

template <typename T>
using owned = std::unique_ptr<T, deleter>;

}  // namespace detail

using string_list = detail::owned<zec_string_list>;
using cancel = detail::owned<zec_cancel>;
using signer = detail::owned<zec_signer>;
using jwt_source = detail::owned<zec_jwt_source>;
using provider_login = detail::owned<zec_provider_login>;
using device_login = detail::owned<zec_device_login>;
using loopback = detail::owned<zec_loopback>;
using provider_token = detail::owned<zec_provider_token>;
using provider_tokens = detail::owned<zec_provider_tokens>;
using identity = detail::owned<zec_identity>;
using identity_description = detail::owned<zec_identity_description>;
using server_certificate = detail::owned<zec_server_certificate>;
using enrollment = detail::owned<zec_enrollment>;
using client = detail::owned<zec_client>;
using maintenance = detail::owned<zec_maintenance>;
using event = detail::owned<zec_event>;
using session_credentials = detail::owned<zec_session_credentials>;
using status = detail::owned<zec_status>;
using diagnosis = detail::owned<zec_diagnosis>;
using external_jwt_signer_list = detail::owned<zec_external_jwt_signer_list>;
using version_info = detail::owned<zec_version_info>;
using protocol_list = detail::owned<zec_protocol_list>;
using ca_certificates = detail::owned<zec_ca_certificates>;
using controller_list = detail::owned<zec_controller_list>;
using spec = detail::owned<zec_spec>;
using spec_list = detail::owned<zec_spec_list>;
using spec_body = detail::owned<zec_spec_body>;
using enrolled = detail::owned<zec_enrolled>;
using network_jwt_list = detail::owned<zec_network_jwt_list>;
using jwks = detail::owned<zec_jwks>;
using nonce_signature = detail::owned<zec_nonce_signature>;
using posture_answer = detail::owned<zec_posture_answer>;
using totp_token = detail::owned<zec_totp_token>;
using service_updates = detail::owned<zec_service_updates>;
using api_session = detail::owned<zec_api_session>;
using edge_router_list = detail::owned<zec_edge_router_list>;
using identity_detail = detail::owned<zec_identity_detail>;
using session_certificate = detail::owned<zec_session_certificate>;
using session_certificate_list = detail::owned<zec_session_certificate_list>;
using new_session_certificate = detail::owned<zec_new_session_certificate>;
using authenticator = detail::owned<zec_authenticator>;
using authenticator_list = detail::owned<zec_authenticator_list>;
using extended_certificate = detail::owned<zec_extended_certificate>;
using mfa = detail::owned<zec_mfa>;
using recovery_codes = detail::owned<zec_recovery_codes>;
using qr_code = detail::owned<zec_qr_code>;
using service_list = detail::owned<zec_service_list>;
using service = detail::owned<zec_service>;
using posture_query_set_list = detail::owned<zec_posture_query_set_list>;
using intercept_v1 = detail::owned<zec_intercept_v1>;
using host_v1 = detail::owned<zec_host_v1>;
using host_v2 = detail::owned<zec_host_v2>;
using tunneler_client_v1 = detail::owned<zec_tunneler_client_v1>;
using tunneler_server_v1 = detail::owned<zec_tunneler_server_v1>;
using service_changes = detail::owned<zec_service_changes>;
using service_watch = detail::owned<zec_service_watch>;
using terminator_list = detail::owned<zec_terminator_list>;
using session = detail::owned<zec_session>;
using session_list = detail::owned<zec_session_list>;
using auth_query_list = detail::owned<zec_auth_query_list>;
using failed_policy_list = detail::owned<zec_failed_policy_list>;
using answer = detail::owned<zec_answer>;
/// A text that is wiped when it is freed.
using text = detail::owned<char>;

/// Why a call failed.
class error : public std::runtime_error {
 public:
  /// Takes over the error, which is not NULL.
  explicit error(std::shared_ptr<zec_error> owned)
      : std::runtime_error(zec_error_message(owned.get())), error_(std::move(owned)) {}

  zec_code code() const noexcept { return zec_error_code(get()); }
  bool is_retryable() const noexcept { return zec_error_is_retryable(get()); }
  std::uint16_t http_status() const noexcept { return zec_error_http_status(get()); }
  std::chrono::milliseconds retry_after() const { return std::chrono::milliseconds(zec_error_retry_after_ms(get())); }
  /// The texts are NULL where there is none, and live as long as this error or a copy of it.
  const char *stage() const noexcept { return zec_error_stage(get()); }
  const char *enrollment_problem() const noexcept { return zec_error_enrollment_problem(get()); }
  const char *session_problem() const noexcept { return zec_error_session_problem(get()); }
  const char *api_code() const noexcept { return zec_error_api_code(get()); }
  const char *request_id() const noexcept { return zec_error_request_id(get()); }
  const char *cause_json() const noexcept { return zec_error_cause_json(get()); }
  const zec_error *get() const noexcept { return error_.get(); }

 private:
  std::shared_ptr<zec_error> error_;
};

namespace detail {

inline void check(zec_error *failure) {
  if (failure != nullptr) throw error(std::shared_ptr<zec_error>(failure, zec_error_free));
}

/// C ends a text at its first NUL, and would take the start for the whole.
inline const char *whole(const std::string &string) {
  if (string.find('\0') != std::string::npos) throw std::invalid_argument("a text holds a NUL");
  return string.c_str();
}

/// An argument as C takes it: owners and errors lend what they hold, options and queries go by address.
template <typename T>
auto pass(const T &argument) {
  if constexpr (std::is_same_v<T, std::string>) {
    return whole(argument);
  } else if constexpr (!std::is_class_v<T>) {
    return static_cast<std::decay_t<const T>>(argument);
  } else if constexpr (std::is_trivial_v<T>) {
    return &argument;
  } else {
    return argument.get();
  }
}

template <typename T>
owned<T> own(T *out) {
  return owned<T>(out);
}
inline const char *own(const char *out) { return out; }
inline bool own(bool out) { return out; }

template <typename Each>
struct visitor {
  Each &each;
  std::exception_ptr thrown;

  template <typename Row>
  static std::int32_t visit(const Row *row, void *userdata) {
    auto &self = *static_cast<visitor *>(userdata);
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<Each &, const Row &>>) {
        self.each(*row);
        return 0;
      } else {
        return self.each(*row) ? 0 : 1;
      }
    } catch (...) {
      self.thrown = std::current_exception();
      return 1;
    }
  }
};

}  // namespace detail

/// Calls a function of ziti_edge_client.h without its `out`, and returns what it gives there, owned. A failure is
/// thrown as an error.
template <typename... Parameters, typename... Arguments>
auto call(zec_error *(*function)(Parameters...), const Arguments &...arguments) {
  if constexpr (sizeof...(Parameters) == sizeof...(Arguments)) {
    detail::check(function(detail::pass(arguments)...));
  } else {
    static_assert(sizeof...(Parameters) == sizeof...(Arguments) + 1, "all arguments but `out` are wanted");
    std::remove_pointer_t<std::tuple_element_t<sizeof...(Arguments), std::tuple<Parameters...>>> out{};
    detail::check(function(detail::pass(arguments)..., &out));
    return detail::own(out);
  }
}

/// Calls a function that ends in `_for_each`, without its last two parameters, and shows each row to `each`, which
/// returns nothing, or true to go on. What it throws ends the call, and is thrown here.
template <typename Function, typename Each, typename... Arguments>
void for_each(Function function, Each &&each, const Arguments &...arguments) {
  using visitor = detail::visitor<std::remove_reference_t<Each>>;
  visitor state{each, nullptr};
  zec_error *failure = function(detail::pass(arguments)..., &visitor::visit, &state);
  if (state.thrown) {
    zec_error_free(failure);
    std::rethrow_exception(state.thrown);
  }
  detail::check(failure);
}

}  // namespace zec

#endif
