/* Services, what they say and what changed, with NULL for each pointer. */
#include "null.h"

static int32_t callback(const zec_service *service, void *userdata) {
  (void)service;
  (void)userdata;
  return 0;
}

static void changing(void) {
  zec_service_update update = ZEC_SERVICE_UPDATE_INIT;
  zec_service_patch patch = ZEC_SERVICE_PATCH_INIT;
  REFUSES(zec_services_update(NULL, NULL, NULL), "id");
  REFUSES(zec_services_update(NULL, "id", NULL), "service");
  REFUSES(zec_services_update(NULL, "id", &update), "client");
  REFUSES(zec_services_patch(NULL, NULL, NULL), "id");
  REFUSES(zec_services_patch(NULL, "id", NULL), "service");
  REFUSES(zec_services_patch(NULL, "id", &patch), "client");
  REFUSES(zec_services_delete(NULL, NULL), "id");
  REFUSES(zec_services_delete(NULL, "id"), "client");
}

static void what_a_service_says(void) {
  bool can_use = true;
  REFUSES(zec_service_posture_queries(NULL, NULL), "out");
  REFUSES_OUT(zec_posture_query_set_list, zec_service_posture_queries(NULL, &out), "service");
  REFUSES(zec_service_can_use_dial(NULL, NULL), "out");
  REFUSES(zec_service_can_use_dial(NULL, &can_use), "service");
  CHECK(!can_use);
  can_use = true;
  REFUSES(zec_service_can_use_bind(NULL, NULL), "out");
  REFUSES(zec_service_can_use_bind(NULL, &can_use), "service");
  CHECK(!can_use);
  REFUSES(zec_service_raw_config(NULL, "intercept.v1", NULL), "out");
  REFUSES_OUT(char, zec_service_raw_config(NULL, NULL, &out), "config_type");
  REFUSES_OUT(char, zec_service_raw_config(NULL, "intercept.v1", &out), "service");
  REFUSES(zec_service_intercept_v1(NULL, NULL), "out");
  REFUSES_OUT(zec_intercept_v1, zec_service_intercept_v1(NULL, &out), "service");
  REFUSES(zec_service_host_v1(NULL, NULL), "out");
  REFUSES_OUT(zec_host_v1, zec_service_host_v1(NULL, &out), "service");
  REFUSES(zec_service_host_v2(NULL, NULL), "out");
  REFUSES_OUT(zec_host_v2, zec_service_host_v2(NULL, &out), "service");
  REFUSES(zec_service_tunneler_client_v1(NULL, NULL), "out");
  REFUSES_OUT(zec_tunneler_client_v1, zec_service_tunneler_client_v1(NULL, &out), "service");
  REFUSES(zec_service_tunneler_server_v1(NULL, NULL), "out");
  REFUSES_OUT(zec_tunneler_server_v1, zec_service_tunneler_server_v1(NULL, &out), "service");
}

static void what_changed(void) {
  REFUSES(zec_current_api_session_service_updates(NULL, NULL), "out");
  REFUSES_OUT(zec_service_updates, zec_current_api_session_service_updates(NULL, &out), "client");
  REFUSES(zec_services_changed_since(NULL, NULL, NULL), "out");
  REFUSES_OUT(char, zec_services_changed_since(NULL, NULL, &out), "client");
  REFUSES(zec_service_watch_new(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_service_watch, zec_service_watch_new(NULL, NULL, &out), "client");
  REFUSES(zec_service_watch_poll(NULL, NULL), "out");
  REFUSES_OUT(zec_service_changes, zec_service_watch_poll(NULL, &out), "watch");
}

int main(void) {
  REFUSES(zec_services_for_each(NULL, NULL, NULL, NULL), "callback");
  REFUSES(zec_services_for_each(NULL, NULL, callback, NULL), "client");
  changing();
  what_a_service_says();
  what_changed();

  zec_posture_query_set_list_free(NULL);
  zec_intercept_v1_free(NULL);
  zec_host_v1_free(NULL);
  zec_host_v2_free(NULL);
  zec_tunneler_client_v1_free(NULL);
  zec_tunneler_server_v1_free(NULL);
  zec_service_updates_free(NULL);
  zec_service_changes_free(NULL);
  zec_service_watch_free(NULL);
  return failures != 0;
}
