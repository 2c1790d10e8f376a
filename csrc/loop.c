/* loop.c: wait for sockets and time: a poller, timers in a heap, libcurl's sockets, and the queue
   of events. Leaves what a transfer or an event means to the files above it. */

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "platform.h"
#include "text.h"

static const double LEAST_JUMP = 1e-6;      /* seconds of virtual time */

enum {
  BATCH = 64,
  GUIDS = 64,
  MAX_IDLE_CONNECTIONS = 160      /* more than transfer.c uses: libcurl must not close idle ones */
};

/* A descriptor that the loop's owner watches. */
typedef struct OwnerWatch {
  Watch  watch;
  Notice notice;
  Loop  *loop;
} OwnerWatch;

/* A socket of libcurl. */
typedef struct Socket {
  Watch watch;
  Loop *loop;
} Socket;

struct Loop {
  Poller   *poller;
  pid_t     pid;
  char     *fork_mark;         /* platform_fork_mark; NULL: there is none, and pid tells instead */
  CURLM    *multi;             /* NULL before the first transfer */
  Timer     curl_timer;
  Timer    *first;             /* the timer that is due first; NULL: no timer runs */
  Ring      handles;           /* head of the handles that libcurl has */
  Watch   **watches;           /* by descriptor */
  size_t    watch_cap, watch_count;
  Ring      news;              /* head of the queued notices */
  Seen     *seen, **seen_end;  /* for observers, oldest first */
  Notice    seen_notice;
  int       recorder;          /* the number of an observer; 0: there is no recording */
  int       flights;           /* see loop_flight */
  int       is_virtual;
  double    virtual_now;       /* the time while the clock is virtual */
  double    ahead;             /* seconds by which the clock is ahead of the system's */
  unsigned long timers;        /* how many were started */
  Throttle *throttle;
  Trace    *trace;
  Traffic   traffic;
  Attachment *attachment;
  Ring      questions;         /* head of the open questions */
  unsigned long last_number;
  unsigned char random[16 * GUIDS];      /* for GUIDs: one system call for many requests */
  size_t    random_left;       /* bytes at its beginning that no GUID has used */
};

static double system_now(void) {
  struct timespec ts;
  clock_gettime(PLATFORM_CLOCK, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double loop_now(const Loop *loop) {
  return loop->is_virtual ? loop->virtual_now : system_now() + loop->ahead;
}

void loop_virtual(Loop *loop, int on) {
  double ahead = loop_now(loop) - system_now();
  loop->virtual_now = loop_now(loop);
  if (ahead > loop->ahead) loop->ahead = ahead;
  loop->is_virtual = on;
}

int loop_forked(const Loop *loop) {
  return loop->fork_mark ? !*(volatile char *)loop->fork_mark : loop->pid != getpid();
}

Throttle *loop_throttle(Loop *loop) { return loop->throttle; }
Trace *loop_tracer(Loop *loop) { return loop->trace; }
Traffic *loop_traffic(Loop *loop) { return &loop->traffic; }
Ring *loop_questions(Loop *loop) { return &loop->questions; }
unsigned long loop_number(Loop *loop) { return ++loop->last_number; }

void loop_guid(Loop *loop, char out[37]) {
  if (loop->random_left == 0) {
    if (platform_random(loop->random, sizeof loop->random) != 0) {
      text_guid(out);
      return;
    }
    loop->random_left = sizeof loop->random;
  }
  loop->random_left -= 16;
  text_guid_of(loop->random + loop->random_left, out);
}

Attachment *loop_attached(const Loop *loop) { return loop->attachment; }
void loop_attach(Loop *loop, Attachment *attachment) { loop->attachment = attachment; }
void loop_flight(Loop *loop, int change) { loop->flights += change; }

/* -- timers ------------------------------------------------------------------------------------ */

/* The timers form a pairing heap: each fires before its children. A heap whose links lie in the
   timers needs no memory of its own, so that a timer can always start. */

/* Return 1 if a fires before b: it is due earlier, or at the same time and was started earlier. */
static int is_before(const Timer *a, const Timer *b) {
  return a->due < b->due || (a->due == b->due && a->number < b->number);
}

/* Join two heaps. Either may be NULL. Return the first timer of both. */
static Timer *meld(Timer *a, Timer *b) {
  if (!a || !b) return a ? a : b;
  if (is_before(b, a)) {
    Timer *later = a;
    a = b;
    b = later;
  }
  b->before = a;
  b->next = a->child;
  if (b->next) b->next->before = b;
  a->child = b;
  return a;
}

/* Join the heaps of a list of siblings: in pairs, then the pairs from the last to the first. */
static Timer *meld_siblings(Timer *sibling) {
  Timer *pairs = NULL, *whole = NULL;
  while (sibling) {
    Timer *a = sibling, *b = a->next;
    sibling = b ? b->next : NULL;
    a->next = NULL;
    if (b) b->next = NULL;
    a = meld(a, b);
    a->next = pairs;
    pairs = a;
  }
  while (pairs) {
    Timer *pair = pairs;
    pairs = pair->next;
    pair->next = NULL;
    whole = meld(whole, pair);
  }
  if (whole) whole->before = NULL;
  return whole;
}

/* Take a timer that is not the first out of its siblings. */
static void unlink_timer(Timer *timer) {
  if (timer->before->child == timer) timer->before->child = timer->next;
  else timer->before->next = timer->next;
  if (timer->next) timer->next->before = timer->before;
}

void loop_timer_stop(Loop *loop, Timer *timer) {
  if (!timer->is_running) return;
  Timer *children = meld_siblings(timer->child);
  if (timer == loop->first) {
    loop->first = children;
  } else {
    unlink_timer(timer);
    loop->first = meld(loop->first, children);
  }
  timer->child = timer->next = timer->before = NULL;
  timer->is_running = 0;
}

void loop_timer(Loop *loop, Timer *timer, double due, void (*fire)(Timer *timer)) {
  loop_timer_stop(loop, timer);
  timer->due = due;
  timer->number = ++loop->timers;
  timer->fire = fire;
  timer->is_running = 1;
  loop->first = meld(loop->first, timer);
}

/* Fire the timers that are due now. A timer that restarts itself without a delay waits for the next
   turn, so that it does not starve the descriptors. */
static void fire_timers(Loop *loop) {
  double now = loop_now(loop);
  unsigned long last = loop->timers;
  while (loop->first && loop->first->due <= now && loop->first->number <= last) {
    Timer *timer = loop->first;
    loop_timer_stop(loop, timer);
    timer->fire(timer);
  }
}

/* -- descriptors ------------------------------------------------------------------------------- */

static int watches_reserve(Loop *loop, int fd) {
  if ((size_t)fd < loop->watch_cap) return 1;
  size_t cap = loop->watch_cap ? loop->watch_cap : 64;
  while (cap <= (size_t)fd) cap *= 2;
  Watch **watches = realloc(loop->watches, cap * sizeof *watches);
  if (!watches) return 0;
  for (size_t i = loop->watch_cap; i < cap; i++) watches[i] = NULL;
  loop->watches = watches;
  loop->watch_cap = cap;
  return 1;
}

static Watch *watch_at(const Loop *loop, int fd) {
  return fd >= 0 && (size_t)fd < loop->watch_cap ? loop->watches[fd] : NULL;
}

int loop_watch_add(Loop *loop, Watch *watch, unsigned events) {
  if (watch->fd < 0) { errno = EBADF; return -1; }
  if (!watches_reserve(loop, watch->fd)) { errno = ENOMEM; return -1; }
  Watch *old = loop->watches[watch->fd];
  int (*set)(Poller *, int, unsigned) = old ? poller_change : poller_add;
  if (set(loop->poller, watch->fd, events) != 0) return -1;
  if (!old) loop->watch_count++;
  loop->watches[watch->fd] = watch;
  return 0;
}

void loop_watch_remove(Loop *loop, Watch *watch) {
  if (watch_at(loop, watch->fd) != watch) return;
  poller_remove(loop->poller, watch->fd);
  loop->watches[watch->fd] = NULL;
  loop->watch_count--;
}

static void owner_ready(Watch *watch, unsigned events) {
  OwnerWatch *own = container_of(watch, OwnerWatch, watch);
  (void)events;
  loop_notify(own->loop, &own->notice);
}

static int owner_watch(Loop *loop, int fd, unsigned events) {
  OwnerWatch *own = calloc(1, sizeof *own);
  if (!own) { errno = ENOMEM; return -1; }
  own->loop = loop;
  own->watch.fd = fd;
  own->watch.ready = owner_ready;
  own->notice.event.kind = EVENT_WATCH;
  own->notice.event.fd = fd;
  if (loop_watch_add(loop, &own->watch, events) == 0) return 0;
  free(own);
  return -1;
}

static void owner_unwatch(Loop *loop, Watch *watch) {
  OwnerWatch *own = container_of(watch, OwnerWatch, watch);
  loop_watch_remove(loop, watch);
  loop_unnotify(&own->notice);
  free(own);
}

int loop_watch(Loop *loop, int fd, LoopWatch what) {
  static const unsigned events[] = {
    [LOOP_WATCH_INPUT] = POLLER_READ, [LOOP_WATCH_OUTPUT] = POLLER_WRITE
  };
  Watch *watch = watch_at(loop, fd);
  if (watch && watch->ready != owner_ready) { errno = EBUSY; return -1; }
  if (watch && what) return loop_watch_add(loop, watch, events[what]);
  if (watch) owner_unwatch(loop, watch);
  return what ? owner_watch(loop, fd, events[what]) : 0;
}

/* -- libcurl ----------------------------------------------------------------------------------- */

static void end_for_memory(Timer *timer) {
  Handle *handle = container_of(timer, Handle, lack);
  handle->ended(handle, CURLE_OUT_OF_MEMORY);
}

/* End a transfer that libcurl cannot go on with, in the next turn. */
static void lack_memory(Loop *loop, Handle *handle) {
  loop_timer(loop, &handle->lack, loop_now(loop), end_for_memory);
}

static Handle *handle_of(CURL *easy) {
  Handle *handle = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&handle);
  return handle;
}

static void handle_end(CURL *easy, CURLcode result) {
  Handle *handle = handle_of(easy);
  handle->ended(handle, result);
}

/* Tell the owners of the transfers that have ended. */
static void reap(Loop *loop) {
  CURLMsg *message;
  int left;
  while (loop->multi && (message = curl_multi_info_read(loop->multi, &left)))
    if (message->msg == CURLMSG_DONE) handle_end(message->easy_handle, message->data.result);
}

/* Let libcurl go on. Without memory it forgets a socket and does not say whose: end the transfers
   that it has, because they could wait for ever. */
static void act(Loop *loop, curl_socket_t fd, int mask) {
  int running;
  if (curl_multi_socket_action(loop->multi, fd, mask, &running) == CURLM_OK) return;
  for (Ring *place = loop->handles.next; place != &loop->handles; place = place->next)
    lack_memory(loop, container_of(place, Handle, place));
}

static void socket_ready(Watch *watch, unsigned events) {
  Socket *sock = container_of(watch, Socket, watch);
  Loop *loop = sock->loop;      /* libcurl may close the socket in the call below */
  int mask = 0;
  if (events & POLLER_READ) mask |= CURL_CSELECT_IN;
  if (events & POLLER_WRITE) mask |= CURL_CSELECT_OUT;
  if (events & POLLER_ERROR) mask |= CURL_CSELECT_ERR;
  act(loop, watch->fd, mask);
}

static Socket *socket_new(Loop *loop, curl_socket_t fd) {
  Socket *sock = calloc(1, sizeof *sock);
  if (!sock) return NULL;
  sock->loop = loop;
  sock->watch.fd = fd;
  sock->watch.ready = socket_ready;
  curl_multi_assign(loop->multi, fd, sock);
  return sock;
}

/* Watch a socket for libcurl. A failure ends its transfer only: with -1 libcurl would refuse all
   later work. */
static int on_socket(CURL *easy, curl_socket_t fd, int action, void *user, void *assigned) {
  Loop *loop = user;
  Socket *sock = assigned;
  if (action == CURL_POLL_REMOVE) {
    if (sock) loop_watch_remove(loop, &sock->watch);
    free(sock);
    return 0;
  }
  unsigned events = 0;
  if (action & CURL_POLL_IN) events |= POLLER_READ;
  if (action & CURL_POLL_OUT) events |= POLLER_WRITE;
  if (!sock) sock = socket_new(loop, fd);
  if (!sock || loop_watch_add(loop, &sock->watch, events) != 0) lack_memory(loop, handle_of(easy));
  return 0;
}

static void curl_due(Timer *timer) {
  act(container_of(timer, Loop, curl_timer), CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long ms, void *user) {
  Loop *loop = user;
  (void)multi;
  if (ms < 0) loop_timer_stop(loop, &loop->curl_timer);
  else loop_timer(loop, &loop->curl_timer, loop_now(loop) + (double)ms / 1000, curl_due);
  return 0;
}

/* Let libcurl begin, at the first transfer: it takes 2.3 million instructions, and many commands
   send nothing. */
static int curl_open(Loop *loop) {
  if (loop->multi) return 1;
  loop->multi = curl_multi_init();
  if (!loop->multi) return 0;
  curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
  curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
  curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, (long)MAX_IDLE_CONNECTIONS);
  return 1;
}

void loop_handle_add(Loop *loop, Handle *handle) {
  ring_add(&loop->handles, &handle->place);
  curl_easy_setopt(handle->easy, CURLOPT_PRIVATE, handle);
  if (!curl_open(loop) || curl_multi_add_handle(loop->multi, handle->easy) != CURLM_OK)
    lack_memory(loop, handle);
}

void loop_handle_lack(Loop *loop, Handle *handle) {
  ring_add(&loop->handles, &handle->place);
  lack_memory(loop, handle);
}

void loop_handle_remove(Loop *loop, Handle *handle) {
  ring_remove(&handle->place);
  loop_timer_stop(loop, &handle->lack);
  if (handle->easy) curl_multi_remove_handle(loop->multi, handle->easy);
}

/* -- events ------------------------------------------------------------------------------------ */

void loop_notify(Loop *loop, Notice *notice) {
  if (!notice->place.next) ring_add(&loop->news, &notice->place);
}

void loop_unnotify(Notice *notice) { ring_remove(&notice->place); }

void loop_seen(Loop *loop, int observer, int answered, const TraceLine *line, Recorded *recorded) {
  Seen *seen = calloc(1, sizeof *seen);
  if (!seen || !trace_line_copy(&seen->line, line)) {      /* only the observer will miss it */
    free(seen);
    if (recorded) recorded_clear(recorded);
    return;
  }
  if (recorded) seen->recorded = *recorded;
  seen->observer = observer;
  seen->answered = answered;
  *loop->seen_end = seen;
  loop->seen_end = &seen->next;
  loop_notify(loop, &loop->seen_notice);
}

Seen *loop_take_seen(Loop *loop) {
  Seen *seen = loop->seen;
  if (!seen) return NULL;
  loop->seen = seen->next;
  if (!loop->seen) loop->seen_end = &loop->seen;
  return seen;
}

void seen_free(Seen *seen) {
  if (!seen) return;
  trace_line_clear(&seen->line);
  recorded_clear(&seen->recorded);
  free(seen);
}

int loop_has_news(const Loop *loop) { return !ring_is_empty(&loop->news); }

/* -- running ----------------------------------------------------------------------------------- */

/* Return the milliseconds until the next timer, at most timeout; -1: no limit. Round up, because
   the service answers an early poll with another Retry-After. */
static int wait_ms(const Loop *loop, double timeout) {
  double seconds = timeout;
  if (loop->first) {
    double left = loop->first->due - loop_now(loop);
    if (left < 0) left = 0;
    if (seconds < 0 || left < seconds) seconds = left;
  }
  if (seconds < 0) return -1;
  if (seconds > 3600) seconds = 3600;
  double ms = seconds * 1000;
  return (int)ms + (ms > (double)(int)ms);
}

/* Wait for descriptors and serve them. Return how many were ready; -1: a signal arrived. */
static int wait_descriptors(Loop *loop, int ms, const sigset_t *mask) {
  PollerReady ready[BATCH];
  int count = poller_wait(loop->poller, ready, BATCH, ms, mask);
  for (int i = 0; i < count; i++) {      /* look each up: an earlier one may have removed it */
    Watch *watch = watch_at(loop, ready[i].fd);
    if (watch) watch->ready(watch, ready[i].events);
  }
  return count;
}

/* Return 1 if virtual time may replace the wait: nothing is in flight, and the end is known. */
static int may_jump(const Loop *loop, double timeout) {
  if (!loop->is_virtual || loop->flights) return 0;
  return loop->first || timeout >= 0;
}

/* Move the virtual clock to the next due time, and a little beyond it: a pause may be too short to
   change the clock, and must end nevertheless. */
static void jump(Loop *loop, double timeout) {
  double ahead = loop->first ? loop->first->due - loop_now(loop) : timeout;
  if (timeout >= 0 && timeout < ahead) ahead = timeout;
  loop->virtual_now += (ahead > 0 ? ahead : 0) + LEAST_JUMP;
}

static int is_idle(const Loop *loop) {
  return !loop->first && !loop->flights && !loop->watch_count;
}

/* Let libcurl send the transfers that were just started. */
static void send_started(Loop *loop) {
  Timer *timer = &loop->curl_timer;
  if (!timer->is_running || timer->due > loop_now(loop)) return;
  loop_timer_stop(loop, timer);
  curl_due(timer);
}

void loop_send(Loop *loop) {
  fire_timers(loop);
  send_started(loop);
}

/* Run the loop once. Return as wait_descriptors does. It looks at the descriptors even if there is
   news already, so that timers that keep bringing news do not starve them. */
static int turn(Loop *loop, double timeout, const sigset_t *mask) {
  loop_send(loop);
  reap(loop);              /* a quick reply may have come already */
  if (loop->attachment && !loop_has_news(loop)) loop->attachment->before_wait(loop->attachment);
  int has_news = loop_has_news(loop);
  int ms = has_news || may_jump(loop, timeout) ? 0 : wait_ms(loop, timeout);
  int ready = wait_descriptors(loop, ms, mask);
  if (loop->is_virtual && !has_news && ready == 0) jump(loop, timeout);
  reap(loop);
  send_started(loop);      /* the service works on these while the owner reads the news */
  return ready;
}

static Event take_news(Loop *loop) {
  Notice *first = container_of(loop->news.next, Notice, place);
  loop_unnotify(first);
  return first->event;
}

Event loop_step(Loop *loop, double timeout, const sigset_t *mask) {
  double deadline = timeout < 0 ? -1 : loop_now(loop) + timeout;
  Event nothing = { .kind = EVENT_NONE, .fd = -1 };
  for (;;) {
    if (loop_has_news(loop)) return take_news(loop);
    if (timeout < 0 && is_idle(loop)) { nothing.kind = EVENT_IDLE; return nothing; }
    double left = timeout < 0 ? -1 : deadline - loop_now(loop);
    if (timeout >= 0 && left < 0) left = 0;
    if (turn(loop, left, mask) < 0) break;      /* a signal: let the owner look */
    if (timeout >= 0 && left <= 0) break;
  }
  return loop_has_news(loop) ? take_news(loop) : nothing;
}

/* -- life -------------------------------------------------------------------------------------- */

Loop *loop_new(void) {
  Loop *loop = calloc(1, sizeof *loop);
  if (!loop) return NULL;
  ring_init(&loop->news);
  ring_init(&loop->questions);
  ring_init(&loop->handles);
  loop->seen_end = &loop->seen;
  loop->seen_notice.event.kind = EVENT_SEEN;
  loop->pid = getpid();
  loop->fork_mark = platform_fork_mark();
  loop->poller = poller_new();
  loop->throttle = throttle_new();
  if (!loop->poller || !loop->throttle) {
    loop_free(loop);
    return NULL;
  }
  return loop;
}

int loop_trace(Loop *loop, const char *path, Error *error) {
  Trace *trace = trace_open(path, error);
  if (!trace) return -1;
  trace_close(loop->trace);
  loop->trace = trace;
  return 0;
}

void loop_record(Loop *loop, int observer) { loop->recorder = observer; }
int  loop_recorder(const Loop *loop) { return loop->recorder; }

static void close_watches(Loop *loop) {
  for (size_t fd = 0; fd < loop->watch_cap; fd++) {
    Watch *watch = loop->watches[fd];
    if (watch && watch->ready == owner_ready) owner_unwatch(loop, watch);
  }
}

/* End what is still under way without an owner. */
static void end_handles(Loop *loop) {
  while (!ring_is_empty(&loop->handles)) {
    Handle *handle = container_of(loop->handles.next, Handle, place);
    handle->ended(handle, CURLE_ABORTED_BY_CALLBACK);
  }
}

void loop_free(Loop *loop) {
  if (!loop) return;
  if (loop->attachment) loop->attachment->release(loop->attachment);
  end_handles(loop);
  for (Seen *seen; (seen = loop_take_seen(loop)); ) seen_free(seen);
  if (loop->multi) curl_multi_cleanup(loop->multi);      /* calls on_socket for each it closes */
  close_watches(loop);
  throttle_free(loop->throttle);
  trace_close(loop->trace);
  poller_free(loop->poller);
  platform_fork_mark_free(loop->fork_mark);
  free(loop->watches);
  free(loop);
}
