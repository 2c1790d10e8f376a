/* error.c: (pure) replies, and what went wrong, read from the many forms in which services say it.
   Leaves raising to the border. */

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "retry.h"
#include "text.h"

enum { MAX_CODE = 128, MAX_MESSAGE = 1024, MAX_TITLE = 200 };

/* -- replies ----------------------------------------------------------------------------------- */

void reply_reset(Reply *reply) {
  reply->status = 0;
  headers_reset(&reply->headers);
  buf_reset(&reply->body);
}

void reply_clear(Reply *reply) {
  reply->status = 0;
  headers_clear(&reply->headers);
  buf_clear(&reply->body);
}

/* The body without a byte order mark. */
static const char *body_text(const Reply *reply, size_t *len) {
  const Buf *body = &reply->body;
  size_t mark = body->len >= 3 && memcmp(body->data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  *len = body->len - mark;
  return body->data ? body->data + mark : "";
}

json_t *reply_json(const Reply *reply) {
  size_t len;
  const char *text = body_text(reply, &len);
  errno = 0;
  json_t *root = json_loadb(text, len,
                            JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
  if (!root || errno != ENOMEM) return root;
  json_decref(root);      /* jansson leaves out what it has no memory for */
  errno = ENOMEM;
  return NULL;
}

/* -- errors ------------------------------------------------------------------------------------ */

static char *line_of(const char *text, size_t max) {
  return text ? text_line(text, strlen(text), max) : NULL;
}

static void fill(Error *error, ErrorKind kind, const char *code, const char *message) {
  char *code_line = line_of(code, MAX_CODE), *message_line = line_of(message, MAX_MESSAGE);
  error_clear(error);      /* only now: code and message may belong to it */
  *error = (Error){ .kind = kind, .code = code_line, .message = message_line };
}

void error_set_list(Error *error, ErrorKind kind, const char *code, const char *format,
                    va_list args) {
  char *message = NULL;
  if (vasprintf(&message, format, args) < 0) message = NULL;
  fill(error, kind, code, message);
  free(message);
}

void error_set(Error *error, ErrorKind kind, const char *code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  error_set_list(error, kind, code, format, args);
  va_end(args);
}

void error_remark(Error *error, const char *remark) {
  if (!remark) return;
  char *message = text_format("%s; %s", error->message ? error->message : "", remark);
  if (message) text_set(&error->message, message);
  free(message);
}

void error_copy(Error *to, const Error *from) {
  if (to == from) return;
  error_clear(to);
  *to = *from;
  to->code = text_copy(from->code);
  to->message = text_copy(from->message);
  to->target = text_copy(from->target);
  to->request_id = text_copy(from->request_id);
  to->body = text_copy(from->body);
}

void error_move(Error *to, Error *from) {
  if (to == from) return;
  error_clear(to);
  *to = *from;
  memset(from, 0, sizeof *from);
}

void error_clear(Error *error) {
  free(error->code);
  free(error->message);
  free(error->target);
  free(error->request_id);
  free(error->body);
  memset(error, 0, sizeof *error);
}

/* -- errors in JSON ---------------------------------------------------------------------------- */

/* What a body says of an error. It owns its texts; NULL: the body does not say it. */
typedef struct Account {
  char *code, *message, *target, *request_id;
} Account;

static void account_clear(Account *account) {
  free(account->code);
  free(account->message);
  free(account->target);
  free(account->request_id);
}

/* Return a member by name, ignoring case: services send "Message" too. NULL: the member is missing,
   or object is not an object. */
static json_t *member(json_t *object, const char *name) {
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value)
    if (text_equal(key, name)) return value;
  return NULL;
}

/* Replace the text in slot, unless the new one is empty. The callers go from the outer, general
   error to the inner, precise one. */
static void take_text(char **slot, const char *text, size_t len, size_t max) {
  char *line = text_line(text, len, max);
  if (line && *line) text_set(slot, line);
  free(line);
}

static void take(char **slot, json_t *value, size_t max) {
  char number[32];
  if (json_is_string(value)) {
    take_text(slot, json_string_value(value), json_string_length(value), max);
  } else if (json_is_number(value)) {
    snprintf(number, sizeof number, "%.0f", json_number_value(value));
    take_text(slot, number, strlen(number), max);
  }
}

/* Read {"error": {"error": {"code", "message", "target"}}}, with or without the envelopes. */
static void read_envelope(Account *account, json_t *node) {
  for (; json_is_object(node); node = member(node, "error")) {
    take(&account->code, member(node, "code"), MAX_CODE);
    take(&account->message, member(node, "message"), MAX_MESSAGE);
    take(&account->target, member(node, "target"), MAX_MESSAGE);
  }
}

/* Take the first sentence or sentences of Entra's text. Ids and a time follow, on the same line or
   on further lines. */
static void take_description(char **slot, const char *text) {
  text += strspn(text, " \r\n");
  const char *tail = strstr(text, "Trace ID:");
  size_t len = strcspn(text, "\r\n");
  take_text(slot, text, tail && tail < text + len ? (size_t)(tail - text) : len, MAX_MESSAGE);
}

/* Read {"error": "invalid_client", "error_description", "trace_id", "correlation_id"}. */
static void read_entra(Account *account, json_t *root) {
  const char *description = json_string_value(member(root, "error_description"));
  take(&account->code, member(root, "error"), MAX_CODE);
  take(&account->message, member(root, "message"), MAX_MESSAGE);
  take(&account->request_id, member(root, "trace_id"), MAX_CODE);
  take(&account->request_id, member(root, "correlation_id"), MAX_CODE);
  if (description) take_description(&account->message, description);
}

static void read_account(Account *account, json_t *root) {
  if (json_is_string(root)) take(&account->message, root, MAX_MESSAGE);
  else if (json_is_string(member(root, "error"))) read_entra(account, root);
  else read_envelope(account, root);
}

/* Read the reasons that a failed resource keeps in lists. */
static void read_reasons(Account *account, json_t *root) {
  json_t *properties = member(root, "properties");
  json_t *inner = member(properties, "properties");
  read_envelope(account, json_array_get(member(properties, "provisioningErrors"), 0));
  if (!account->message) read_envelope(account, json_array_get(member(inner, "errors"), 0));
}

/* -- errors in other replies ------------------------------------------------------------------- */

static const struct { int status; const char *phrase; } phrases[] = {
  { 400, " Bad Request" },
  { 401, " Unauthorized" },
  { 403, " Forbidden" },
  { 404, " Not Found" },
  { 405, " Method Not Allowed" },
  { 406, " Not Acceptable" },
  { 408, " Request Timeout" },
  { 409, " Conflict" },
  { 410, " Gone" },
  { 411, " Length Required" },
  { 412, " Precondition Failed" },
  { 413, " Content Too Large" },
  { 414, " URI Too Long" },
  { 415, " Unsupported Media Type" },
  { 422, " Unprocessable Content" },
  { 429, " Too Many Requests" },
  { 431, " Request Header Fields Too Large" },
  { 500, " Internal Server Error" },
  { 501, " Not Implemented" },
  { 502, " Bad Gateway" },
  { 503, " Service Unavailable" },
  { 504, " Gateway Timeout" },
  { 505, " HTTP Version Not Supported" }
};

static const char *phrase_of(int status) {
  for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
    if (phrases[i].status == status) return phrases[i].phrase;
  return "";
}

static int is_html(const Reply *reply, const char *text) {
  const char *type = headers_get(&reply->headers, "Content-Type");
  text += strspn(text, " \t\r\n");
  if (type && strcasestr(type, "html")) return 1;
  return text_starts(text, "<!doctype html") || text_starts(text, "<html");
}

static char *html_title(const char *text) {
  const char *begin = strcasestr(text, "<title");
  const char *end = begin ? strcasestr(begin, "</title") : NULL;
  begin = begin ? strchr(begin, '>') : NULL;
  if (!begin || !end || begin >= end) return NULL;
  return text_line(begin + 1, (size_t)(end - begin) - 1, MAX_TITLE);
}

static char *message_from_html(const char *status_line, const char *text) {
  char *title = html_title(text);
  char *message = title && *title ? text_format("%s, with an HTML page: %s", status_line, title)
                                  : text_format("%s, with an HTML page", status_line);
  free(title);
  return message;
}

/* Return the message of a body that is not JSON. */
static char *message_from_text(const Reply *reply, const char *status_line) {
  size_t len;
  const char *text = body_text(reply, &len);
  if (!text_is_text(text, len))
    return text_format("%s, with a body that is not text", status_line);
  if (text[strspn(text, " \t\r\n")] == '\0') return text_copy(status_line);
  if (is_html(reply, text)) return message_from_html(status_line, text);
  return text_line(text, len, MAX_MESSAGE);
}

static char *message_from_reply(const Reply *reply, int is_json) {
  char *status_line = text_format("HTTP %d%s", reply->status, phrase_of(reply->status));
  if (!status_line || is_json) return status_line;
  char *message = message_from_text(reply, status_line);
  free(status_line);
  return message;
}

static void take_header(char **slot, const Reply *reply, const char *name) {
  const char *value = headers_get(&reply->headers, name);
  if (value) take_text(slot, value, strlen(value), MAX_CODE);
}

void error_note_reply(Error *error, const Reply *reply) {
  error->status = reply->status;
  text_set(&error->request_id, NULL);
  take_header(&error->request_id, reply, "x-ms-correlation-request-id");
  take_header(&error->request_id, reply, "x-ms-request-id");
  error->retry_after = retry_after(&reply->headers, time(NULL));
}

/* -- errors from replies ----------------------------------------------------------------------- */

/* Fill in what code and message leave out, and release the account. */
static void finish(Error *error, const Reply *reply, Account *account, int is_json) {
  size_t len;
  error_note_reply(error, reply);
  text_set(&error->target, account->target);
  if (account->request_id) text_set(&error->request_id, account->request_id);
  if (is_json) error->body = text_copy(body_text(reply, &len));
  account_clear(account);
}

void error_from_reply(Error *error, const Reply *reply) {
  Account account = { 0 };
  char plain[32];
  json_t *root = reply_json(reply);
  snprintf(plain, sizeof plain, "Http%d", reply->status);
  read_account(&account, root);
  if (!account.code) take_header(&account.code, reply, "x-ms-error-code");
  if (!account.message) account.message = message_from_reply(reply, root != NULL);
  fill(error, ERROR_HTTP, account.code ? account.code : plain, account.message);
  finish(error, reply, &account, root != NULL);
  json_decref(root);
}

void error_from_status(Error *error, const Reply *reply, const char *status) {
  Account account = { 0 };
  json_t *root = reply_json(reply);
  read_account(&account, root);
  if (!account.message) read_reasons(&account, root);
  if (!account.message)
    account.message = text_format("the operation ended as %s; the service gave no reason", status);
  fill(error, ERROR_OPERATION, account.code ? account.code : status, account.message);
  finish(error, reply, &account, root != NULL);
  json_decref(root);
}
