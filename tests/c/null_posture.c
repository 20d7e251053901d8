/* Posture with NULL for each of the pointers. */
#include "null.h"

/* A response of a kind in which nothing else is set but its id. */
static void lacks(uint32_t kind, const char *argument) {
  zec_posture_response response = ZEC_POSTURE_RESPONSE_INIT;
  response.kind = kind;
  response.id = "id";
  REFUSES_OUT(zec_posture_answer, zec_posture_submit(NULL, &response, &out), argument);
}

int main(void) {
  zec_posture_response response = ZEC_POSTURE_RESPONSE_INIT;
  const zec_posture_response *responses[2] = {&response, NULL};

  REFUSES(zec_posture_submit(NULL, NULL, NULL), "out");
  REFUSES_OUT(zec_posture_answer, zec_posture_submit(NULL, NULL, &out), "response");
  REFUSES_OUT(zec_posture_answer, zec_posture_submit(NULL, &response, &out), "response.id");
  lacks(ZEC_POSTURE_OS, "response.os_type");
  lacks(ZEC_POSTURE_DOMAIN, "response.domain");
  lacks(ZEC_POSTURE_MAC, "client");
  lacks(ZEC_POSTURE_PROCESS, "response.path");
  lacks(ZEC_POSTURE_ENDPOINT_STATE, "client");

  REFUSES(zec_posture_submit_bulk(NULL, NULL, 0, NULL), "out");
  REFUSES_OUT(zec_posture_answer, zec_posture_submit_bulk(NULL, NULL, 0, &out), "client");
  REFUSES_OUT(zec_posture_answer, zec_posture_submit_bulk(NULL, responses, 1, &out), "responses[0].id");
  response.kind = ZEC_POSTURE_ENDPOINT_STATE;
  response.id = "id";
  REFUSES_OUT(zec_posture_answer, zec_posture_submit_bulk(NULL, responses, 1, &out), "client");
  REFUSES_OUT(zec_posture_answer, zec_posture_submit_bulk(NULL, responses, 2, &out), "responses[1]");

  /* What is not NULL and still wrong. */
  zec_posture_answer *answer = NULL;
  response.kind = 0;
  zec_error *error = zec_posture_submit(NULL, &response, &answer);
  CHECK(strcmp(zec_error_message(error), "argument response.kind is 0; set it to one of ZEC_POSTURE_…") == 0);
  zec_error_free(error);
  error = zec_posture_submit_bulk(NULL, NULL, 3, &answer);
  CHECK(strcmp(zec_error_message(error), "argument responses is NULL, but responses_len is 3") == 0);
  zec_error_free(error);
  error = zec_posture_submit_bulk(NULL, responses, SIZE_MAX, &answer);
  CHECK(strcmp(zec_error_message(error), "argument responses_len is over 10000") == 0);
  zec_error_free(error);
  zec_posture_answer_free(NULL);
  return failures != 0;
}
