/* trace.c: write what goes over the wire as JSON lines. Each line is a single write(), so that
   several processes can share a file. op.c fills the lines. */

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "trace.h"
#include "url.h"

struct Trace {
  int fd;
};

Trace *trace_open(const char *path, Error *error) {
  static const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
  int is_file = strcmp(path, "-") != 0;
  int fd = is_file ? open(path, flags, 0600) : dup(STDERR_FILENO);
  if (fd < 0) {
    error_set(error, ERROR_USAGE, "TraceFailed", "cannot write the trace to %s: %s",
              is_file ? path : "standard error", strerror(errno));
    return NULL;
  }
  Trace *trace = malloc(sizeof *trace);
  if (trace) trace->fd = fd;
  else close(fd);
  return trace;
}

void trace_close(Trace *trace) {
  if (!trace) return;
  close(trace->fd);
  free(trace);
}

static json_t *now_as_text(void) {
  struct timespec now;
  struct tm utc;
  char seconds[32];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
  return json_sprintf("%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

static void add_text(json_t *object, const char *name, const char *text) {
  if (text) json_object_set_new(object, name, json_string(text));
}

static void add_integer(json_t *object, const char *name, double number) {
  json_object_set_new(object, name, json_integer((json_int_t)number));
}

static json_t *describe(const TraceLine *line) {
  char *shown = url_redacted(line->url);
  json_t *object = json_object();
  json_object_set_new(object, "time", now_as_text());
  add_text(object, "event", line->event);
  add_text(object, "method", line->method);
  add_text(object, "url", shown ? shown : "");
  add_integer(object, "attempt", line->attempt);
  if (line->status) add_integer(object, "status", line->status);
  add_integer(object, "bytes", (double)line->bytes);
  add_integer(object, "ms", floor(line->seconds * 1000 + 0.5));
  add_text(object, "client_request_id", line->client_request_id);
  add_text(object, "request_id", line->request_id);
  add_text(object, "error", line->error);
  free(shown);
  return object;
}

void trace_write(Trace *trace, const TraceLine *line) {
  if (!trace) return;
  json_t *object = describe(line);
  char *json = json_dumps(object, JSON_COMPACT);
  char *text = json ? text_format("%s\n", json) : NULL;
  /* Ignore a failed write: the traced work goes on. */
  if (text && write(trace->fd, text, strlen(text)) < 0) errno = 0;
  free(text);
  free(json);
  json_decref(object);
}

/* -- copies ------------------------------------------------------------------------------------ */

int trace_line_copy(TraceLine *copy, const TraceLine *line) {
  *copy = *line;
  copy->event = text_copy(line->event);
  copy->method = text_copy(line->method);
  copy->url = url_redacted(line->url);
  copy->client_request_id = text_copy(line->client_request_id);
  copy->request_id = text_copy(line->request_id);
  copy->error = text_copy(line->error);
  if (copy->event && copy->method && copy->url) return 1;
  trace_line_clear(copy);
  return 0;
}

void trace_line_clear(TraceLine *copy) {
  const char *const texts[] = {
    copy->event, copy->method, copy->url, copy->client_request_id, copy->request_id, copy->error
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free((char *)texts[i]);
  memset(copy, 0, sizeof *copy);
}

void recorded_clear(Recorded *recorded) {
  text_wipe(recorded->url);
  text_wipe(recorded->sent);
  text_wipe(recorded->headers);
  text_wipe(recorded->body);
  memset(recorded, 0, sizeof *recorded);
}
