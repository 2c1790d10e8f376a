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

enum { MAX_LAYERS = 8 };      /* JSON texts within JSON texts */

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

/* Return the text of a body, without a byte order mark. */
static const char *body_text(const Buf *body, size_t *len) {
  *len = body->len;
  return text_after_mark(body->data ? body->data : "", len);
}

static const size_t LENIENT = JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL;

json_t *reply_json(const Reply *reply) {
  size_t len;
  const char *text = body_text(&reply->body, &len);
  errno = 0;
  json_t *root = json_loadb(text, len, JSON_DECODE_ANY | LENIENT, NULL);
  if (!root || errno != ENOMEM) return root;
  json_decref(root);      /* jansson leaves out what it has no memory for */
  errno = ENOMEM;
  return NULL;
}

static json_t *load_json(const Buf *body, size_t flags) {
  size_t len;
  const char *text = body_text(body, &len);
  return json_loadb(text, len, flags, NULL);
}

json_t *body_json(const Buf *body) { return load_json(body, 0); }

json_t *body_json_first(const Buf *body) { return load_json(body, JSON_DISABLE_EOF_CHECK); }

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
  to->more = text_copy(from->more);
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
  free(error->more);
  memset(error, 0, sizeof *error);
}

/* -- errors in JSON ---------------------------------------------------------------------------- */

/* What a body says of an error. It owns its texts and one reference to each value.
   NULL: the body does not say it. */
typedef struct Account {
  char *code, *message, *target, *request_id;
  json_t *details, *innererror, *additional_info;
  int is_detail;      /* it is one of the details: its own are not read */
} Account;

static void account_clear(Account *account) {
  free(account->code);
  free(account->message);
  free(account->target);
  free(account->request_id);
  json_decref(account->details);
  json_decref(account->innererror);
  json_decref(account->additional_info);
}

/* Return a member by name, ignoring case: services send "Message" too. NULL: the member is missing
   or null, or object is not an object. */
static json_t *member(json_t *object, const char *name) {
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value)
    if (text_equal(key, name) && !json_is_null(value)) return value;
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

static void read_node(Account *account, json_t *node, int layers);

/* Parse a text that is itself an object or array. NULL: it is another text. */
static json_t *json_in(json_t *value) {
  size_t len = json_string_length(value);
  const char *text = json_is_string(value) ? text_after_mark(json_string_value(value), &len) : "";
  char first = text[strspn(text, " \t\r\n")];
  return first == '{' || first == '[' ? json_loadb(text, len, LENIENT, NULL) : NULL;
}

/* Read the JSON within a text: the provider wraps the reason of a failed operation in this way. */
static void read_within(Account *account, json_t *value, int layers) {
  json_t *inner = layers < MAX_LAYERS ? json_in(value) : NULL;
  read_node(account, inner, layers + 1);
  json_decref(inner);
}

/* Read "text", {"lang": "en", "value": "text"}, or an error in the place of a message. */
static void read_message(Account *account, json_t *message, int layers) {
  json_t *value = member(message, "value");
  if (value) message = value;
  take(&account->message, message, MAX_MESSAGE);
  if (json_is_string(message)) read_within(account, message, layers);
  else read_node(account, message, layers);
}

/* -- details ----------------------------------------------------------------------------------- */

static void set_text(json_t *object, const char *name, const char *text) {
  if (text) json_object_set_new(object, name, json_string(text));
}

static int is_plain_detail(json_t *item) {
  json_t *message = json_object_get(item, "message"), *inner = json_in(message);
  int is_plain = json_is_string(message) && !inner;
  json_decref(inner);
  return is_plain;
}

/* Return a detail with code and message in their usual places. The caller owns the reference. */
static json_t *plain_detail(json_t *item, int layers) {
  Account account = { .is_detail = 1 };
  if (is_plain_detail(item)) return json_incref(item);
  read_node(&account, item, layers);
  if (!account.code && !account.message) {
    account_clear(&account);
    return json_incref(item);
  }
  json_t *plain = json_is_object(item) ? json_copy(item) : json_object();
  set_text(plain, "code", account.code);
  set_text(plain, "message", account.message);
  set_text(plain, "target", account.target);
  account_clear(&account);
  return plain;
}

/* Take a list of further errors, unless it is empty. A text stands for a list of one error. */
static void take_details(Account *account, json_t *details, int layers) {
  if (account->is_detail) return;
  json_t *list = json_array(), *item;
  size_t i;
  json_array_foreach(details, i, item) json_array_append_new(list, plain_detail(item, layers));
  if (json_is_string(details) && json_string_length(details))
    json_array_append_new(list, plain_detail(details, layers));
  if (json_array_size(list)) {
    json_decref(account->details);
    account->details = json_incref(list);
  }
  json_decref(list);
}

static void take_object(json_t **slot, json_t *value) {
  if (!json_object_size(value) && !json_array_size(value)) return;
  json_decref(*slot);
  *slot = json_incref(value);
}

static void read_more(Account *account, json_t *object, int layers) {
  take_details(account, member(object, "details"), layers);
  take_object(&account->innererror, member(object, "innererror"));
  take_object(&account->additional_info, member(object, "additionalInfo"));
}

/* Return details, innererror and additionalInfo as JSON text. NULL: the body has none of them. */
static char *more_text(const Account *account) {
  json_t *more = json_object();
  if (account->details) json_object_set(more, "details", account->details);
  if (account->innererror) json_object_set(more, "innererror", account->innererror);
  if (account->additional_info) json_object_set(more, "additionalInfo", account->additional_info);
  char *text = json_object_size(more) ? json_dumps(more, JSON_COMPACT) : NULL;
  json_decref(more);
  return text;
}

/* -- envelopes --------------------------------------------------------------------------------- */

/* Take the first sentence or sentences of Entra's text. Ids and a time follow, on the same line or
   on further lines. */
static void take_description(char **slot, const char *text) {
  text += strspn(text, " \r\n");
  const char *tail = strstr(text, "Trace ID:");
  size_t len = strcspn(text, "\r\n");
  take_text(slot, text, tail && tail < text + len ? (size_t)(tail - text) : len, MAX_MESSAGE);
}

/* Read an error that is a text: a word is the code, a sentence is the message if there is no
   other. */
static void read_word(Account *account, json_t *word, int layers) {
  int is_sentence = strchr(json_string_value(word), ' ') != NULL;
  json_t *inner = json_in(word);
  if (inner) read_within(account, word, layers);
  else if (is_sentence && !account->message) take(&account->message, word, MAX_MESSAGE);
  else take(&account->code, word, MAX_CODE);
  json_decref(inner);
}

/* Read {"error": "invalid_client", "error_description", "trace_id", "correlation_id"}: Entra's. */
static void read_entra(Account *account, json_t *object, json_t *word, int layers) {
  const char *description = json_string_value(member(object, "error_description"));
  take(&account->request_id, member(object, "trace_id"), MAX_CODE);
  take(&account->request_id, member(object, "correlation_id"), MAX_CODE);
  if (description) take_description(&account->message, description);
  read_word(account, word, layers);
}

/* Return what an object wraps: an error, or a list of errors. */
static json_t *wrapped(json_t *object) {
  static const char *const names[] = { "error", "odata.error", "errors" };
  json_t *found = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
    found = member(object, names[i]);
  return found;
}

/* Read one level of an error: {code, message, target}, or {title, detail} as in RFC 9457.
   Return the level within it; NULL: there is none. */
static json_t *read_level(Account *account, json_t *object, int layers) {
  json_t *inner = wrapped(object), *message = member(object, "message");
  take(&account->message, member(object, "title"), MAX_MESSAGE);
  take(&account->message, member(object, "detail"), MAX_MESSAGE);
  take(&account->code, member(object, "code"), MAX_CODE);
  take(&account->target, member(object, "target"), MAX_MESSAGE);
  read_more(account, object, layers);
  if (message) read_message(account, message, layers);
  if (!json_is_string(inner)) return inner;
  read_entra(account, object, inner, layers);
  return NULL;
}

/* Read an error with or without envelopes around it, or the first one of a list: the others are
   details. */
static void read_node(Account *account, json_t *node, int layers) {
  while (node) {
    if (json_is_object(node)) {
      node = read_level(account, node, layers);
    } else if (json_is_array(node)) {
      if (json_array_size(node) > 1) take_details(account, node, layers);
      node = json_array_get(node, 0);
    } else {
      if (json_is_string(node)) read_message(account, node, layers);
      return;
    }
  }
}

/* Read the reasons that a failed resource keeps in its properties. */
static void read_reasons(Account *account, json_t *root) {
  json_t *properties = member(root, "properties");
  json_t *inner = member(properties, "properties");
  read_node(account, member(properties, "error"), 0);
  if (!account->message) read_node(account, member(properties, "provisioningErrors"), 0);
  if (!account->message) read_node(account, member(inner, "errors"), 0);
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
  const char *text = body_text(&reply->body, &len);
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

/* Fill in what code and message leave out, and release the account. reply is NULL for an error that
   is not a reply's. */
static void finish(Error *error, const Reply *reply, Account *account) {
  if (reply) error_note_reply(error, reply);
  text_set(&error->target, account->target);
  if (account->request_id) text_set(&error->request_id, account->request_id);
  error->more = more_text(account);
  account_clear(account);
}

void error_from_json(Error *error, const char *text, size_t len) {
  Account account = { 0 };
  json_t *root = json_loadb(text, len, JSON_DECODE_ANY | LENIENT, NULL);
  read_node(&account, root, 0);
  fill(error, ERROR_OPERATION, account.code, account.message);
  finish(error, NULL, &account);
  json_decref(root);
}

void error_from_reply(Error *error, const Reply *reply) {
  Account account = { 0 };
  char plain[32];
  json_t *root = reply_json(reply);
  snprintf(plain, sizeof plain, "Http%d", reply->status);
  read_node(&account, root, 0);
  if (!account.code) take_header(&account.code, reply, "x-ms-error-code");
  if (!account.message) account.message = message_from_reply(reply, root != NULL);
  fill(error, ERROR_HTTP, account.code ? account.code : plain, account.message);
  finish(error, reply, &account);
  json_decref(root);
}

void error_from_status(Error *error, const Reply *reply, const char *status) {
  Account account = { 0 };
  json_t *root = reply_json(reply);
  read_node(&account, root, 0);
  if (!account.message) read_reasons(&account, root);
  if (!account.message)
    account.message = text_format("the operation ended as %s; the service gave no reason", status);
  fill(error, ERROR_OPERATION, account.code ? account.code : status, account.message);
  finish(error, reply, &account);
  json_decref(root);
}
