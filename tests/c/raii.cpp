// The C++ header: what fails throws, what is owned is freed, and every member compiles.
#include <cstdio>
#include <cstring>
#include <type_traits>

#include "ziti_edge_client.hpp"

static int failures;

#define CHECK(condition)                                                    \
  do {                                                                      \
    if (!(condition)) {                                                     \
      std::fprintf(stderr, "raii.cpp:%d: %s\n", __LINE__, #condition);      \
      failures++;                                                           \
    }                                                                       \
  } while (0)

static_assert(std::is_nothrow_move_constructible_v<zec::client> && !std::is_copy_constructible_v<zec::client>);
static_assert(std::is_nothrow_move_constructible_v<zec::identity> && !std::is_copy_constructible_v<zec::identity>);
static_assert(std::is_copy_constructible_v<zec::error>);

static void a_failure_throws_and_the_exception_can_be_kept() {
  std::unique_ptr<zec::error> kept;
  try {
    zec::identity::load("\xff");
    CHECK(!"it was loaded");
  } catch (const zec::error &error) {
    kept = std::make_unique<zec::error>(error);
  }
  CHECK(kept && kept->code() == ZEC_ERR_INVALID_ARGUMENT && !kept->is_retryable());
  CHECK(kept && std::strstr(kept->what(), "argument path is not UTF-8") != nullptr);
  CHECK(kept && kept->stage() == nullptr && kept->api_code() == nullptr && kept->http_status() == 0);
  CHECK(kept && kept->retry_after().count() == 0 && kept->request_id() == nullptr && kept->cause_json() == nullptr);
  CHECK(kept && kept->enrollment_problem() == nullptr);
}

static void a_token_outlives_a_move() {
  zec::cancel first;
  zec::cancel second = std::move(first);
  CHECK(!second.is_canceled());
  second();
  CHECK(second.is_canceled());
}

// Not called: there is no controller here.
int every_member(const zec::identity &identity, const zec_enroll_options &options) {
  zec::cancel cancel;
  zec::identity enrolled = zec::identity::enroll("token", options);
  enrolled.save("identity.json");
  zec::secret_text json = zec::identity::from_json("{}").to_json();
  zec::enrollment token = zec::parse_enrollment("token");
  zec::string_list controllers = enrolled.controllers();
  zec::client client = zec::client(identity).with_timeout(std::chrono::seconds(5)).with_cancel(cancel);
  zec::api_session session = client.authenticate();
  zec::version_info version = client.controller_version();
  zec::service_list list = client.services_list();
  zec::service_list page = client.services_page();
  zec::service service = client.services_get(page->items[0]->id);
  session = client.current_api_session();
  zec::identity renewed = client.identity();
  client.logout();
  return json && token->method && controllers->len && session->auth_queries_len == 0 && version->capabilities_len && list->len && service->id &&
         renewed.get();
}

int main() {
  a_failure_throws_and_the_exception_can_be_kept();
  a_token_outlives_a_move();
  return failures != 0;
}
