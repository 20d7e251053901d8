/* Controllers, lists and the raw door with NULL for each of their pointers. */
#include "null.h"

static int32_t callback(const zec_controller *controller, void *userdata) {
  (void)controller;
  (void)userdata;
  return 0;
}

int main(void) {
  REFUSES(zec_controllers_list(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_controller_list, zec_controllers_list(NULL, NULL, &out), "client");
  REFUSES(zec_controllers_page(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_controller_list, zec_controllers_page(NULL, NULL, &out), "client");
  REFUSES(zec_controllers_for_each(NULL, NULL, NULL, NULL), "callback");
  REFUSES(zec_controllers_for_each(NULL, NULL, callback, NULL), "client");
  zec_controller_list_free(NULL);

  REFUSES(zec_filter_quote("text", NULL), "out");
  REFUSES_OUT(char, zec_filter_quote(NULL, &out), "value");
  REFUSES(zec_client_management(NULL, NULL), "out");
  REFUSES_OUT(zec_client, zec_client_management(NULL, &out), "client");
  REFUSES(zec_client_request(NULL, NULL, NULL), "out");
  zec_request request = ZEC_REQUEST_INIT;
  REFUSES_OUT(zec_answer, zec_client_request(NULL, NULL, &out), "request");
  REFUSES_OUT(zec_answer, zec_client_request(NULL, &request, &out), "request.method");
  request.method = "GET";
  REFUSES_OUT(zec_answer, zec_client_request(NULL, &request, &out), "request.path");
  request.path = "/services";
  REFUSES_OUT(zec_answer, zec_client_request(NULL, &request, &out), "client");
  zec_answer_free(NULL);
  return failures != 0;
}
