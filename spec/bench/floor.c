/* floor.c: run the benchmark's jobs on raw libcurl, the lower bound of their cost. It sends the
   requests of ours.lua under the same settings, and reads only the next URL of a reply. It uses one
   thread, curl_multi_socket_action on epoll, and reuses its handles. It trusts the authorities of
   SSL_CERT_FILE.

     floor URL cold
     floor URL get COUNT AT_ONCE
     floor URL list
     floor URL start COUNT AT_ONCE
     floor URL settle COUNT AT_ONCE

   settle starts, and looks at each instance when it is started. */

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "../../csrc/aml.h"

#define WORKSPACE                                                                    \
  "/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab345/resourceGroups/bench/providers" \
  "/Microsoft.MachineLearningServices/workspaces/bench"
#define VERSION   "?api-version=2025-12-01"

enum { MAX_AT_ONCE = 256, BATCH = 64 };

typedef enum Kind { TOKEN, GET, PAGE, START, POLL } Kind;

typedef struct Slot {          /* a handle and its current request */
  CURL  *easy;
  Kind   kind;
  long   item;
  char  *body;                 /* kept from one reply to the next */
  size_t len, cap;
  char   next[4096];           /* the status URL that a start was answered with */
  double after;                /* Retry-After */
} Slot;

typedef struct Due { double at; long item; Kind kind; } Due;

static const char *base, *authorities;
static CURLM *multi;
static int    epoll;
static double timer = -1;      /* the time of libcurl's timeout; -1: none */
static Slot   slots[MAX_AT_ONCE], *idle[MAX_AT_ONCE];
static int    idle_count;
static struct curl_slist *reading, *posting;
static char **status_urls;     /* by item */
static Due   *dues;            /* a queue in order: Retry-After is equal for all */
static long   due_first, due_end, left;
static int    settles;         /* look at each instance at the end */
static long long bytes;

static double now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void fail(const char *what) { fprintf(stderr, "floor: %s\n", what); exit(1); }

/* -- callbacks of libcurl ---------------------------------------------------------------------- */

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  Slot *s = user;
  size_t needed = s->len + count + 1;
  if (needed > s->cap && !(s->body = realloc(s->body, s->cap = needed * 2))) fail("no memory");
  memcpy(s->body + s->len, data, size * count);
  s->body[s->len += count] = '\0';
  return count;
}

static size_t on_header(char *line, size_t size, size_t count, void *user) {
  Slot *s = user;
  if (count > 21 && strncasecmp(line, "azure-asyncoperation:", 21) == 0)
    sscanf(line + 21, " %4095s", s->next);
  else if (count > 12 && strncasecmp(line, "retry-after:", 12) == 0)
    s->after = atof(line + 12);
  return size * count;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known) {
  struct epoll_event event = { .data.fd = fd };
  (void)easy, (void)user;
  if (what == CURL_POLL_REMOVE) return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL), 0;
  event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  curl_multi_assign(multi, fd, multi);
  return 0;
}

static int on_timer(CURLM *of, long ms, void *user) {
  (void)of, (void)user;
  timer = ms < 0 ? -1 : now() + (double)ms / 1000;
  return 0;
}

/* -- sending ----------------------------------------------------------------------------------- */

static void send_request(Kind kind, long item, const char *target, const char *form) {
  Slot *s = idle[--idle_count];
  int posts = form || kind == START;
  s->kind = kind;
  s->item = item;
  s->len = 0;
  curl_easy_setopt(s->easy, CURLOPT_REQUEST_TARGET, target);
  curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, form ? NULL : posts ? posting : reading);
  if (posts) {
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE, (long)(form ? strlen(form) : 0));
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, form ? form : "");
  } else {
    curl_easy_setopt(s->easy, CURLOPT_HTTPGET, 1L);
  }
  curl_multi_add_handle(multi, s->easy);
}

static void send_get(Kind kind, long item) {
  char target[512];
  const char *action = kind == START ? "/start" : "";
  if (kind == PAGE)
    snprintf(target, sizeof target, WORKSPACE "/computes" VERSION);
  else
    snprintf(target, sizeof target, WORKSPACE "/computes/ci%06ld%s" VERSION, item, action);
  send_request(kind, item, target, NULL);
}

static const char *target_of(const char *url) { return strchr(strstr(url, "://") + 3, '/'); }

/* -- replies ----------------------------------------------------------------------------------- */

/* Send a poll, or a start that was throttled, when Retry-After allows it. */
static void send_later(Slot *s, Kind kind) {
  dues[due_end++] = (Due){ now() + s->after, s->item, kind };
}

static void started(Slot *s) {
  if (!*s->next || !(status_urls[s->item] = strdup(s->next)))
    fail("the reply to a start has no status URL");
  send_later(s, POLL);
}

static void polled(Slot *s) {
  if (!strstr(s->body, "\"Succeeded\"")) { send_later(s, POLL); return; }
  free(status_urls[s->item]);
  if (settles) send_get(GET, s->item);
  else left--;
}

static void turned(Slot *s) {
  char *link = strstr(s->body, "\"nextLink\":\""), target[1024];
  if (!link) { left--; return; }
  snprintf(target, sizeof target, "%.*s", (int)strcspn(target_of(link), "\""), target_of(link));
  send_request(PAGE, 0, target, NULL);
}

static void granted(Slot *s) {
  char line[8192], *token = strstr(s->body, "\"access_token\":\"");
  static const char *const lines[] = {
    "Accept: application/json",
    "x-ms-client-request-id: 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "x-ms-return-client-request-id: true",
    "User-Agent: azureml-lua/" AML_VERSION,
    "Expect:",
  };
  if (!token) fail("no token");
  token += strlen("\"access_token\":\"");
  snprintf(line, sizeof line, "Authorization: Bearer %.*s", (int)strcspn(token, "\""), token);
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    reading = curl_slist_append(reading, lines[i]);
    posting = curl_slist_append(posting, lines[i]);
  }
  reading = curl_slist_append(reading, line);
  posting = curl_slist_append(curl_slist_append(posting, line), "Content-Type:");
}

static void done(Slot *s, CURLcode result) {
  long status;
  curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
  if (result != CURLE_OK || (status > 299 && status != 429)) fail(curl_easy_strerror(result));
  curl_multi_remove_handle(multi, s->easy);
  idle[idle_count++] = s;
  if (status == 429) { send_later(s, s->kind); return; }
  bytes += (long long)s->len;
  switch (s->kind) {
    case TOKEN: granted(s); break;
    case GET:   left--; break;
    case PAGE:  turned(s); break;
    case START: started(s); break;
    case POLL:  polled(s); break;
  }
}

/* -- the loop ---------------------------------------------------------------------------------- */

static int milliseconds_until(double time) {
  double remaining = (time - now()) * 1000;
  return remaining <= 0 ? 0 : (int)remaining + 1;
}

static void turn(double until) {
  struct epoll_event ready[BATCH];
  int running, queued, ms = until < 0 ? -1 : milliseconds_until(until);
  if (timer >= 0 && (ms < 0 || milliseconds_until(timer) < ms)) ms = milliseconds_until(timer);
  int count = epoll_wait(epoll, ready, BATCH, ms);
  for (int i = 0; i < count; i++) {
    int mask = ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0;
    if (ready[i].events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
    curl_multi_socket_action(multi, ready[i].data.fd, mask, &running);
  }
  if (timer >= 0 && timer <= now()) {
    timer = -1;
    curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  for (CURLMsg *message; (message = curl_multi_info_read(multi, &queued)); ) {
    Slot *s;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&s);
    done(s, message->data.result);
  }
}

/* Run a job of count items. Send due polls first, then first requests of further items. */
static void run(Kind kind, long count) {
  long begun = 0;
  for (left = count; left > 0; ) {
    while (idle_count && due_first < due_end && dues[due_first].at <= now()) {
      Due due = dues[due_first++];
      if (due.kind == POLL) send_request(POLL, due.item, target_of(status_urls[due.item]), NULL);
      else send_get(due.kind, due.item);
    }
    while (idle_count && begun < count) send_get(kind, begun++);
    turn(idle_count && due_first < due_end ? dues[due_first].at : -1);
  }
}

static void fetch_token(void) {
  static const char form[] =
    "grant_type=client_credentials&client_id=10a1b2c3-0003-4000-8000-000000000003"
    "&client_secret=not-a-secret&scope=https%3A%2F%2Fmanagement.azure.com%2F.default";
  send_request(TOKEN, 0, "/34adfa4f-cedf-4dc0-ba29-000000000000/oauth2/v2.0/token", form);
  while (!reading) turn(-1);
}

/* -- main -------------------------------------------------------------------------------------- */

static void open_slot(Slot *s) {
  s->easy = curl_easy_init();
  curl_easy_setopt(s->easy, CURLOPT_URL, base);
  curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
  if (authorities) curl_easy_setopt(s->easy, CURLOPT_CAINFO, authorities);
  curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(s->easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
  curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, 100000L);
  curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
  curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
  idle[idle_count++] = s;
}

static void open_all(int at_once) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(multi = curl_multi_init())
      || (epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
    fail("cannot start");
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)MAX_AT_ONCE);
  for (int i = 0; i < at_once; i++) open_slot(&slots[i]);
}

int main(int argc, char **argv) {
  static const struct { const char *name; Kind kind; } jobs[] = {
    { "cold", GET }, { "get", GET }, { "list", PAGE }, { "start", START }, { "settle", START },
  };
  size_t job = 0;
  if (argc < 3) fail("URL JOB [COUNT AT_ONCE]");
  while (job < sizeof jobs / sizeof *jobs && strcmp(jobs[job].name, argv[2]) != 0) job++;
  if (job == sizeof jobs / sizeof *jobs) fail("no such job");
  long count = argc > 3 ? atol(argv[3]) : 1;
  int at_once = argc > 4 ? atoi(argv[4]) : 1;
  settles = strcmp(argv[2], "settle") == 0;
  base = argv[1];
  authorities = getenv("SSL_CERT_FILE");
  open_all(at_once < 1 ? 1 : at_once < MAX_AT_ONCE ? at_once : MAX_AT_ONCE);
  dues = calloc((size_t)count * 64, sizeof *dues);
  status_urls = calloc((size_t)count, sizeof *status_urls);
  if (!dues || !status_urls) fail("no memory");
  fetch_token();
  run(jobs[job].kind, count);
  printf("%lld bytes\n", bytes);
  curl_multi_cleanup(multi);
  return 0;
}
