// raii IDENTITY.json: the C++ header: what fails throws, what is owned is freed, and a lambda may throw.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <type_traits>
#include <vector>

#include "ziti_edge_client.hpp"

static int failures;

#define CHECK(condition)                                                    \
  do {                                                                      \
    if (!(condition)) {                                                     \
      std::fprintf(stderr, "raii.cpp:%d: %s\n", __LINE__, #condition);      \
      failures++;                                                           \
    }                                                                       \
  } while (0)

template <typename T>
constexpr bool moves_only = std::is_nothrow_move_constructible_v<T> && !std::is_copy_constructible_v<T>;
static_assert(moves_only<zec::client> && moves_only<zec::identity> && moves_only<zec::session_list>);
static_assert(sizeof(zec::client) == sizeof(zec_client *));
static_assert(std::is_nothrow_copy_constructible_v<zec::error>);

static void a_failure_throws_and_the_exception_can_be_kept() {
  std::unique_ptr<zec::error> kept;
  try {
    zec::call(zec_identity_load, "\xff");
    CHECK(!"it was loaded");
  } catch (const zec::error &error) {
    kept = std::make_unique<zec::error>(error);
  }
  CHECK(kept && kept->code() == ZEC_ERR_INVALID_ARGUMENT && !kept->is_retryable());
  CHECK(kept && std::strstr(kept->what(), "argument path is not UTF-8") != nullptr);
  CHECK(kept && kept->stage() == nullptr && kept->api_code() == nullptr && kept->http_status() == 0);
  CHECK(kept && kept->retry_after().count() == 0 && kept->request_id() == nullptr && kept->cause_json() == nullptr);
  CHECK(kept && kept->enrollment_problem() == nullptr);
  CHECK(kept && zec::call(zec_error_failed_posture, *kept)->len == 0);
}

static void a_token_outlives_a_move() {
  zec::cancel first = zec::call(zec_cancel_new);
  zec::cancel second = std::move(first);
  CHECK(!zec_cancel_is_canceled(second.get()));
  zec_cancel_cancel(second.get());
  CHECK(zec_cancel_is_canceled(second.get()));
}

static void a_text_with_a_nul_is_not_cut() {
  CHECK(zec::call(zec_filter_quote, std::string("a\"b")).get() == std::string("\"a\\\"b\""));
  try {
    zec::call(zec_filter_quote, std::string("a\0b", 3));
    CHECK(!"it was cut");
  } catch (const std::invalid_argument &) {
  }
}

static void calls_give_what_they_own(const zec::client &client) {
  zec::api_session session = zec::call(zec_client_authenticate, client);
  CHECK(session->auth_queries_len == 0);
  zec_service_query query = ZEC_SERVICE_QUERY_INIT;
  query.limit = 2;
  zec::service_list page = zec::call(zec_services_page, client, query);
  CHECK(page->len == 2 && page->total == 5);
  const std::string id = page->items[0]->id;
  zec::service service = zec::call(zec_services_get, client, id);
  CHECK(service->id == id);
  zec_session_request request = ZEC_SESSION_REQUEST_INIT;
  request.service_id = id.c_str();
  zec::session dial = zec::call(zec_sessions_create, client, request);
  zec::call(zec_sessions_delete, client, std::string(dial->id));

  zec::text enrolled = zec::call(zec_mfa_enroll, client);
  zec::mfa mfa = zec::call(zec_mfa_get, client);
  CHECK(std::strcmp(mfa->id, enrolled.get()) == 0 && mfa->recovery_codes_len == 20);
  CHECK(zec::call(zec_mfa_qr_code, client)->png_len > 8);
  zec::call(zec_mfa_delete, client, nullptr);
  CHECK(zec::call(zec_authenticators_list, client, nullptr)->len == 1);
  CHECK(zec::call(zec_service_can_use_dial, service));
  zec::service_watch watch = zec::call(zec_service_watch_new, client, nullptr);
  CHECK(zec::call(zec_service_watch_poll, watch)->added_len == 5);

  zec::client management = zec::call(zec_client_management, client);
  zec::client hurried = zec::call(zec_client_with_timeout, management, 5000u);
  CHECK(std::strcmp(zec::call(zec_current_api_session_get, hurried)->id, session->id) == 0);
  try {
    zec::call(zec_sessions_get, client, "unknown");
    CHECK(!"it was found");
  } catch (const zec::error &error) {
    CHECK(error.code() == ZEC_ERR_API && error.http_status() == 404 && error.api_code() == std::string("NOT_FOUND"));
  }
}

static void rows_are_shown_to_a_lambda(const zec::client &client) {
  std::set<std::string> names;
  const auto note = [&names](const zec_service &service) { names.insert(service.name); };
  zec::for_each(zec_services_for_each, note, client, nullptr);
  CHECK(names.size() == 5);
  int seen = 0;
  auto until_second = [&seen](const zec_service &) { return ++seen < 2; };
  zec::for_each(zec_services_for_each, until_second, client, nullptr);
  CHECK(seen == 2);
  const auto nothing = [](const zec_terminator &) { CHECK(!"there is none"); };
  const std::string id = zec::call(zec_services_list, client, nullptr)->items[0]->id;
  zec::for_each(zec_services_terminators_for_each, nothing, client, id, nullptr);
}

static void what_a_lambda_throws_comes_out_of_the_call(const zec::client &client) {
  struct told {
    std::vector<std::string> names;
  };
  for (int times = 0; times < 2; times++) {
    try {
      zec::for_each(
          zec_services_for_each,
          [](const zec_service &service) { throw told{{service.name, std::string(100, 'x')}}; }, client, nullptr);
      CHECK(!"it went on");
    } catch (const told &thrown) {
      CHECK(thrown.names.size() == 2 && thrown.names[1].size() == 100);
    }
  }
  // A call inside a call, of another client, whose error goes through both.
  zec::client other = zec::call(zec_client_new, zec::call(zec_client_identity, client), nullptr);
  try {
    zec::for_each(
        zec_services_for_each,
        [&](const zec_service &) { zec::call(zec_services_get, other, "unknown"); }, client, nullptr);
    CHECK(!"it went on");
  } catch (const zec::error &error) {
    CHECK(error.http_status() == 404);
  }
  CHECK(zec::call(zec_services_list, client, nullptr)->len == 5);
  zec_list_query query = ZEC_LIST_QUERY_INIT;
  query.limit = 1;
  try {
    zec::for_each(zec_sessions_for_each, [](const zec_session &) { CHECK(!"it was asked"); }, client, query);
    CHECK(!"a limit is for pages");
  } catch (const zec::error &error) {
    CHECK(error.code() == ZEC_ERR_INVALID_ARGUMENT);
  }
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  a_failure_throws_and_the_exception_can_be_kept();
  a_token_outlives_a_move();
  a_text_with_a_nul_is_not_cut();
  zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;
  options.app_id = "raii";
  zec::client client = zec::call(zec_client_new, zec::call(zec_identity_load, argv[1]), options);
  calls_give_what_they_own(client);
  rows_are_shown_to_a_lambda(client);
  what_a_lambda_throws_comes_out_of_the_call(client);
  zec::call(zec_client_logout, client);
  return failures != 0;
}
