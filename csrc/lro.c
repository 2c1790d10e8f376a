/* lro.c: (pure) what replies say of a long-running operation. Leaves to op.c: sending, waiting, and
   whether a URL may be followed. */

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lro.h"
#include "scan.h"
#include "text.h"
#include "url.h"

/* The status for replies that hold no word for it. */
static const char RUNNING[] = "InProgress", DONE[] = "Succeeded";

/* What broken_body says that it expected. */
static const char RESOURCE[] = "the resource as a JSON object";
static const char MONITOR[] = "a JSON object with a text 'status'";

enum { MAX_STATUS = 128 };

void lro_init(Lro *lro, const char *method, const char *original_url, FinalState final_state) {
  *lro = (Lro){
    .final_state = final_state,
    .method = text_copy(method),
    .original_url = text_copy(original_url)
  };
}

void lro_clear(Lro *lro) {
  free(lro->method);
  free(lro->original_url);
  free(lro->poll_url);
  free(lro->location);
  free(lro->resource_location);
  free(lro->poll_query);
  free(lro->status);
  memset(lro, 0, sizeof *lro);
}

/* Return 1 if the method makes or changes a resource, which is then the result. */
static int makes_resource(const Lro *lro) {
  return text_equal(lro->method, "PUT") || text_equal(lro->method, "PATCH");
}

/* -- broken replies ---------------------------------------------------------------------------- */

static LroOutcome broken(Error *error, const Reply *reply) {
  error_note_reply(error, reply);
  error->outcome_unknown = 1;
  return LRO_BROKEN;
}

static LroOutcome no_memory(const Lro *lro, Error *error, const Reply *reply) {
  error_set(error, ERROR_PROTOCOL, "OutOfMemory",
            "there is not enough memory to follow the operation that %s began", lro->method);
  return broken(error, reply);
}

static LroOutcome broken_body(Error *error, const Reply *reply, const char *url,
                              const char *expected, const char *actual) {
  char *shown = url_redacted(url);
  error_set(error, ERROR_PROTOCOL, "InvalidReply",
            "%s should answer %s, but HTTP %d came with %s",
            shown ? shown : "the service", expected, reply->status, actual);
  free(shown);
  return broken(error, reply);
}

static LroOutcome broken_status(Error *error, const Reply *reply, const char *method,
                                const char *url, const char *expected) {
  char *shown = url_redacted(url);
  error_set(error, ERROR_PROTOCOL, "InvalidReply",
            "%s %s should be answered with %s, but HTTP %d came",
            method, shown ? shown : "", expected, reply->status);
  free(shown);
  return broken(error, reply);
}

static LroOutcome broken_pointer(Error *error, const Reply *reply, const char *name) {
  char *shown = url_redacted(headers_get(&reply->headers, name));
  error_set(error, ERROR_PROTOCOL, "InvalidReply",
            "the header %s should hold an http or https URL, but it came as '%s'",
            name, shown ? shown : "");
  free(shown);
  return broken(error, reply);
}

/* -- bodies ------------------------------------------------------------------------------------ */

static const char *kind_of_body(const Reply *reply, const json_t *root) {
  if (reply->body.len == 0) return "an empty body";
  return root ? "JSON that is not an object" : "a body that is not JSON";
}

/* Return properties.provisioningState; NULL: it is missing, empty or no text. */
static const char *provisioning_state(const json_t *root) {
  const json_t *properties = json_object_get(root, "properties");
  const char *state = json_string_value(json_object_get(properties, "provisioningState"));
  return state && *state ? state : NULL;
}

/* -- status words ------------------------------------------------------------------------------ */

static const struct Ending { const char *word, *name; LroOutcome outcome; } endings[] = {
  { "Succeeded", "Succeeded", LRO_SUCCEEDED },
  { "Failed", "Failed", LRO_FAILED },
  { "Canceled", "Canceled", LRO_FAILED },
  { "Cancelled", "Canceled", LRO_FAILED }
};

static const struct Ending *ending(const char *word) {
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (text_equal(endings[i].word, word)) return &endings[i];
  return NULL;      /* any other word: it is running */
}

/* Keep the word as one short line, because people are shown it. */
static void set_status(Lro *lro, const char *word) {
  free(lro->status);
  lro->status = text_line(word, strlen(word), MAX_STATUS);
}

/* Decide by a status word. */
static LroOutcome judge(Lro *lro, const char *word, const Reply *reply, Error *error) {
  const struct Ending *end = ending(word);
  set_status(lro, word);
  if (!end) return LRO_RUNNING;
  if (end->outcome == LRO_FAILED) error_from_status(error, reply, end->name);
  return end->outcome;
}

/* Decide by the provisioning state in the body; by word if there is none. */
static LroOutcome judge_state(Lro *lro, const json_t *root, const char *word, const Reply *reply,
                              Error *error) {
  const char *state = provisioning_state(root);
  return judge(lro, state ? state : word, reply, error);
}

/* Go on, because the HTTP status says that the operation runs. The body may have a word for it. */
static LroOutcome still_running(Lro *lro, const json_t *root) {
  const char *state = provisioning_state(root);
  set_status(lro, state && !ending(state) ? state : RUNNING);
  return LRO_RUNNING;
}

/* -- pointers: the headers that say where to ask ----------------------------------------------- */

/* The headers in order of precedence. */
static const struct Pointer { const char *name; LroMode mode; } pointers[] = {
  { "Azure-AsyncOperation", LRO_MONITOR },
  { "Operation-Location", LRO_MONITOR },
  { "Location", LRO_LOCATION }
};

/* Return the pointer of a mode that the reply has; of any mode for LRO_NONE. NULL: it has none. */
static const struct Pointer *find_pointer(const Reply *reply, LroMode mode) {
  for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) {
    const char *value = headers_get(&reply->headers, pointers[i].name);
    if (value && *value && (mode == LRO_NONE || mode == pointers[i].mode)) return &pointers[i];
  }
  return NULL;
}

/* Resolve reference against base and put the URL into slot. Return 0 and leave slot alone when it
   is not a URL. */
static int take_url(char **slot, const char *base, const char *reference) {
  char *url = reference && *reference ? url_resolve(base, reference) : NULL;
  if (!url) return 0;
  free(*slot);
  *slot = url;
  return 1;
}

/* Can the result be at Location? lro_final_url decides; where the status alone tells the end, the
   URL is not kept: 10,000 operations would hold 36 MiB of them. */
static int needs_location(const Lro *lro, LroMode mode) {
  if (mode != LRO_MONITOR || text_equal(lro->method, "DELETE")) return 0;
  if (lro->final_state == FINAL_LOCATION) return 1;
  return lro->final_state == FINAL_UNSET && !makes_resource(lro);
}

/* Keep Location for the final GET. Ignore an invalid one: beside a monitor it is not needed. */
static void remember_location(Lro *lro, LroMode mode, const Reply *reply, const char *base) {
  if (!needs_location(lro, mode)) return;
  take_url(&lro->location, base, headers_get(&reply->headers, "Location"));
}

/* Add the caller's query to the URL to poll. If memory runs out, poll without it. */
static void add_poll_query(Lro *lro) {
  char *url = lro->poll_query ? url_add_query(lro->poll_url, lro->poll_query) : NULL;
  if (!url) return;
  free(lro->poll_url);
  lro->poll_url = url;
}

/* Poll where the pointer says from now on. */
static LroOutcome follow(Lro *lro, const struct Pointer *pointer, const Reply *reply,
                         const char *base, Error *error) {
  const char *reference = headers_get(&reply->headers, pointer->name);
  if (!take_url(&lro->poll_url, base, reference))
    return broken_pointer(error, reply, pointer->name);
  add_poll_query(lro);
  lro->mode = pointer->mode;
  return LRO_RUNNING;
}

/* -- the first reply --------------------------------------------------------------------------- */

static LroOutcome judge_resource(Lro *lro, const json_t *root, const Reply *reply,
                                 Error *error) {
  switch (reply->status) {
    case 200: return judge_state(lro, root, DONE, reply, error);
    case 201: return judge_state(lro, root, RUNNING, reply, error);
    case 202: return still_running(lro, root);
    default: return judge(lro, DONE, reply, error);      /* 204 */
  }
}

static LroOutcome first_resource(Lro *lro, const Reply *reply, Error *error) {
  json_t *root = reply_json(reply);
  if (!root && errno == ENOMEM) return no_memory(lro, error, reply);
  if (reply->body.len && !root)
    return broken_body(error, reply, lro->original_url, RESOURCE, kind_of_body(reply, root));
  LroOutcome outcome = judge_resource(lro, root, reply, error);
  lro->mode = LRO_BODY;
  text_set(&lro->poll_url, lro->original_url);
  add_poll_query(lro);
  json_decref(root);
  if (lro->poll_url || outcome != LRO_RUNNING) return outcome;
  return no_memory(lro, error, reply);
}

static LroOutcome first_without_pointer(Lro *lro, const Reply *reply, Error *error) {
  if (makes_resource(lro)) return first_resource(lro, reply, error);
  if (reply->status != 202) return judge(lro, DONE, reply, error);
  error_set(error, ERROR_PROTOCOL, "InvalidReply",
            "HTTP 202 to %s should name a status URL in Azure-AsyncOperation, Operation-Location "
            "or Location, but none of them came: the operation cannot be followed", lro->method);
  return broken(error, reply);
}

static int is_first_status(int status) {
  return status == 200 || status == 201 || status == 202 || status == 204;
}

LroOutcome lro_first(Lro *lro, const Reply *reply, Error *error) {
  /* A PATCH with 200 is complete: its headers mean nothing. */
  int is_complete = text_equal(lro->method, "PATCH") && reply->status == 200;
  const struct Pointer *pointer = is_complete ? NULL : find_pointer(reply, LRO_NONE);
  if (!is_first_status(reply->status))
    return broken_status(error, reply, lro->method, lro->original_url, "200, 201, 202 or 204");
  if (!pointer) return first_without_pointer(lro, reply, error);
  remember_location(lro, pointer->mode, reply, lro->original_url);
  LroOutcome outcome = follow(lro, pointer, reply, lro->original_url, error);
  if (outcome == LRO_RUNNING && pointer->mode == LRO_LOCATION) set_status(lro, RUNNING);
  return outcome;
}

/* -- polls ------------------------------------------------------------------------------------- */

static LroOutcome poll_monitor(Lro *lro, const json_t *root, const Reply *reply, Error *error) {
  const json_t *status = json_object_get(root, "status");
  const char *word = json_string_value(status), *fault = NULL;
  if (!json_is_object(root)) fault = kind_of_body(reply, root);
  else if (!status) fault = "no 'status'";
  else if (!word) fault = "a 'status' that is not text";
  else if (!*word) fault = "an empty 'status'";
  if (fault) return broken_body(error, reply, lro->poll_url, MONITOR, fault);
  const char *location = json_string_value(json_object_get(root, "resourceLocation"));
  take_url(&lro->resource_location, lro->poll_url, location);
  return judge(lro, word, reply, error);
}

/* Return the status word of a Location that answers 200 with the body of a monitor. NULL: the body
   is a result. A resource has properties, a monitor's body does not need them. */
static const char *monitor_status(const json_t *root) {
  if (json_object_get(root, "properties")) return NULL;
  return json_string_value(json_object_get(root, "status"));
}

static LroOutcome poll_location(Lro *lro, const json_t *root, const Reply *reply, Error *error) {
  const char *word = reply->status == 200 ? monitor_status(root) : NULL;
  if (word && *word) return judge(lro, word, reply, error);
  if (reply->status == 202) return still_running(lro, root);
  return judge_state(lro, root, DONE, reply, error);
}

static LroOutcome poll_resource(Lro *lro, const json_t *root, const Reply *reply, Error *error) {
  if (json_is_object(root)) return judge_state(lro, root, DONE, reply, error);
  return broken_body(error, reply, lro->poll_url, RESOURCE, kind_of_body(reply, root));
}

static LroOutcome poll_by_mode(Lro *lro, const json_t *root, const Reply *reply, Error *error) {
  switch (lro->mode) {
    case LRO_MONITOR: return poll_monitor(lro, root, reply, error);
    case LRO_LOCATION: return poll_location(lro, root, reply, error);
    default: return poll_resource(lro, root, reply, error);
  }
}

/* Read the status of a monitor whose body names no resourceLocation, as most do, without a tree of
   its values: a poll takes 7,000 instructions less. Return 0 when jansson must read the body. */
static int scan_status(const Reply *reply, char word[MAX_STATUS + 1]) {
  static const char *const names[] = { "status", "resourceLocation" };
  ScanPaths paths = { .count = 0 };
  Span found[2];
  for (size_t i = 0; i < 2; i++) scan_paths_add(&paths, &names[i], 1);
  size_t len = reply->body.len;
  const char *text = text_after_mark(reply->body.data ? reply->body.data : "", &len);
  if (!scan_object(text, len, &paths, found) || found[1].text) return 0;
  Span status = found[0];
  if (!scan_is_text(status) || status.len < 3 || status.len > MAX_STATUS + 2) return 0;
  if (memchr(status.text, '\\', status.len)) return 0;
  memcpy(word, status.text + 1, status.len - 2);
  word[status.len - 2] = '\0';
  return 1;
}

/* Read the body of a reply to a poll. */
static LroOutcome poll_body(Lro *lro, const Reply *reply, Error *error) {
  char word[MAX_STATUS + 1];
  if (lro->mode == LRO_MONITOR && scan_status(reply, word)) return judge(lro, word, reply, error);
  json_t *root = reply_json(reply);
  if (!root && errno == ENOMEM) return no_memory(lro, error, reply);
  LroOutcome outcome = poll_by_mode(lro, root, reply, error);
  json_decref(root);
  return outcome;
}

LroOutcome lro_poll(Lro *lro, const Reply *reply, Error *error) {
  if (reply->status < 200 || reply->status > 299)
    return broken_status(error, reply, "GET", lro->poll_url, "a status from 200 to 299");
  LroOutcome outcome = poll_body(lro, reply, error);
  const struct Pointer *pointer = lro->mode == LRO_BODY ? NULL : find_pointer(reply, lro->mode);
  remember_location(lro, lro->mode, reply, lro->poll_url);
  if (outcome != LRO_RUNNING || !pointer) return outcome;
  return follow(lro, pointer, reply, lro->poll_url, error);
}

/* -- the result -------------------------------------------------------------------------------- */

const char *lro_final_url(const Lro *lro) {
  int resource = makes_resource(lro);
  if (lro->mode != LRO_MONITOR || text_equal(lro->method, "DELETE")) return NULL;
  if (lro->final_state == FINAL_ORIGINAL) return lro->original_url;
  if (lro->final_state == FINAL_LOCATION && lro->location) return lro->location;
  if (lro->final_state == FINAL_MONITOR && !resource) return NULL;
  if (lro->resource_location) return lro->resource_location;
  return resource ? lro->original_url : lro->location;
}

int lro_forget_url(Lro *lro) {
  int is_needed = lro->mode == LRO_BODY || makes_resource(lro);
  if (is_needed || lro->final_state == FINAL_ORIGINAL) return 0;
  free(lro->original_url);
  lro->original_url = NULL;
  return 1;
}

/* The first word of each is its name. */
static const struct { const char *word; FinalState final_state; } final_states[] = {
  { "", FINAL_UNSET },
  { "azure-async-operation", FINAL_MONITOR },
  { "operation-location", FINAL_MONITOR },
  { "location", FINAL_LOCATION },
  { "original-uri", FINAL_ORIGINAL }
};

enum { FINAL_STATES = sizeof final_states / sizeof *final_states };

int lro_final_state(const char *word, FinalState *final_state) {
  for (size_t i = 0; i < FINAL_STATES; i++) {
    if (text_equal(final_states[i].word, word)) {
      *final_state = final_states[i].final_state;
      return 1;
    }
  }
  return 0;
}

const char *lro_final_state_name(FinalState final_state) {
  size_t i = 0;
  while (i + 1 < FINAL_STATES && final_states[i].final_state != final_state) i++;
  return final_states[i].word;
}

static const char *const mode_names[] = {
  [LRO_NONE] = "none",
  [LRO_MONITOR] = "monitor",
  [LRO_LOCATION] = "location",
  [LRO_BODY] = "body"
};

LroMode lro_mode(const char *word) {
  int mode = LRO_BODY;
  while (mode > LRO_NONE && strcmp(mode_names[mode], word) != 0) mode--;
  return (LroMode)mode;
}

const char *lro_mode_name(LroMode mode) { return mode_names[mode]; }
