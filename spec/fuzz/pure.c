/* pure.c: fuzz all files that read what a server sent: URLs, headers, errors, operations, tokens.
   The input is a list of texts, each ended by a zero byte; a text's use depends on its position. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "callback.h"
#include "challenge.h"
#include "date.h"
#include "error.h"
#include "handshake.h"
#include "headers.h"
#include "jwt.h"
#include "lro.h"
#include "retry.h"
#include "throttle.h"
#include "url.h"

enum { TEXTS = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copy the input and split it into texts. The caller frees the copy, which holds all texts. */
static char *split(const uint8_t *data, size_t size, const char *texts[TEXTS]) {
  char *copy = malloc(size + 1);
  char *text = copy, *end = copy + size;
  memcpy(copy, data, size);
  copy[size] = '\0';
  for (int i = 0; i < TEXTS; i++) {
    texts[i] = text;
    if (text < end) text += strlen(text) + (text + strlen(text) < end);
  }
  return copy;
}

static void try_urls(const char *a, const char *b) {
  Buf escaped = { 0 };
  free(url_origin(a));
  free(url_redacted(a));
  free(url_resolve(a, b));
  free(url_mend(a));
  free(url_add_query(a, b));
  url_same_origin(a, b);
  url_is_loopback(a);
  url_escape(&escaped, b, strlen(b));
  buf_clear(&escaped);
}

static void fill(Reply *reply, int status, const char *lines, const char *body) {
  reply->status = status;
  reply->headers.lines.limit = reply->body.limit = 1024;
  for (const char *line = lines; *line; ) {
    size_t len = strcspn(line, "\n");
    if (line[len]) len++;
    headers_add(&reply->headers, line, len);
    line += len;
  }
  buf_puts(&reply->body, body);
}

static void try_operation(const char *url, Reply *first, Reply *later, unsigned choice) {
  static const char *const methods[] = { "PUT", "POST", "DELETE", "PATCH", "GET" };
  Lro lro = { 0 };
  Error error = { 0 };
  lro_init(&lro, methods[choice % 5], url, (FinalState)(choice / 5 % 4));
  if (choice & 1) lro.poll_query = strdup("api-version=1&x=2");
  LroOutcome outcome = lro_first(&lro, first, &error);
  for (int polls = 0; outcome == LRO_RUNNING && polls < 3; polls++)
    outcome = lro_poll(&lro, later, &error);
  if (outcome == LRO_SUCCEEDED) lro_final_url(&lro);
  error_clear(&error);
  lro_clear(&lro);
}

static void try_errors(Reply *reply) {
  Error error = { 0 };
  error_from_reply(&error, reply);
  error_from_status(&error, reply, "Failed");
  error_from_json(&error, reply->body.data ? reply->body.data : "", reply->body.len);
  error_clear(&error);
}

static void try_headers(const Headers *headers) {
  Throttle *throttle = throttle_new();
  for (const char *line = headers_next(headers, NULL); line; line = headers_next(headers, line))
    headers_get(headers, "retry-after");
  retry_after(headers, 1700000000);
  throttle_note(throttle_scope(throttle, "scope"), THROTTLE_READS, headers, 1, 2);
  throttle_free(throttle);
}

static void try_challenges(const Headers *headers) {
  char *claims;
  challenge_read(headers, &claims);
  free(claims);
  free(challenge_parameter(headers, "Bearer", "authorization_uri"));
}

static void try_callback(const uint8_t *data, size_t size) {
  Callback callback = { 0 };
  callback_read((const char *)data, size, "state", &callback);
  callback_clear(&callback);
}

static void try_handshake(const uint8_t *data, size_t size) {
  Buf came = { 0 };
  Reply reply = { 0 };
  const char *fault;
  reply.body.limit = 1024;
  buf_add(&came, data, size);
  HandshakeStep step = handshake_read(&came, "dGhlIHNhbXBsZSBub25jZQ==", &reply, &fault);
  if ((step == HANDSHAKE_INVALID) != (fault != NULL)) abort();
  if (step == HANDSHAKE_REFUSED) handshake_body(&came, (int)(size & 1), &reply);
  buf_clear(&came);
  reply_clear(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *texts[TEXTS];
  Reply first = { 0 }, later = { 0 };
  if (size < 3) return 0;
  char *copy = split(data + 2, size - 2, texts);
  fill(&first, 200 + data[0] % 5, texts[1], texts[2]);
  fill(&later, 200 + data[1] % 5, texts[3], texts[4]);
  try_urls(texts[0], texts[1]);
  const char *url = "https://management.azure.com/subscriptions/s?api-version=1";
  try_operation(url, &first, &later, data[0] / 5u);
  first.status = 400 + data[1];
  try_errors(&first);
  try_headers(&later.headers);
  try_challenges(&first.headers);
  free(jwt_claim(texts[5], "oid"));
  jwt_number(texts[5], "exp");
  date_read(texts[5]);
  date_read_local(texts[5]);
  try_callback(data + 2, size - 2);
  try_handshake(data, size);
  reply_clear(&first);
  reply_clear(&later);
  free(copy);
  return 0;
}
