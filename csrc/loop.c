/* loop.c: wait for sockets and time: epoll, timers in a heap, libcurl's sockets, and the queue of
   events. Leaves what a transfer or an event means to the files above it. */

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

enum {
  EPOLL_BATCH = 64,
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
  int       epoll;
  pid_t     pid;
  char     *fork_mark;         /* a page that holds 1, and 0 in a forked child: reading it needs no
                                  system call. NULL: the kernel cannot do that; pid tells instead */
  CURLM    *multi;
  Timer     curl_timer;
  Timer   **heap;              /* from 1; the earliest first */
  size_t    timers, heap_cap;
  Watch   **watches;           /* by descriptor */
  size_t    watch_cap, watch_count;
  Ring      news;              /* head of the queued notices */
  Seen     *seen, **seen_end;  /* for observers, oldest first */
  Notice    seen_notice;
  int       flights;           /* see loop_flight */
  int       is_virtual;
  double    jumped;            /* seconds by which the virtual clock is ahead */
  Throttle *throttle;
  Trace    *trace;
  Attachment *attachment;
  Ring      questions;         /* head of the open questions */
  unsigned long last_number;
};

double loop_now(const Loop *loop) {
  struct timespec ts;
  clock_gettime(CLOCK_BOOTTIME, &ts);      /* runs while a laptop sleeps: tokens expire then too */
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9 + loop->jumped;
}

int loop_forked(const Loop *loop) {
  return loop->fork_mark ? !*(volatile char *)loop->fork_mark : loop->pid != getpid();
}

void loop_virtual(Loop *loop, int on) { loop->is_virtual = on; }
Throttle *loop_throttle(Loop *loop) { return loop->throttle; }
Trace *loop_tracer(Loop *loop) { return loop->trace; }
Ring *loop_questions(Loop *loop) { return &loop->questions; }
unsigned long loop_number(Loop *loop) { return ++loop->last_number; }
Attachment *loop_attached(const Loop *loop) { return loop->attachment; }
void loop_attach(Loop *loop, Attachment *attachment) { loop->attachment = attachment; }
void loop_flight(Loop *loop, int change) { loop->flights += change; }

/* -- timers ------------------------------------------------------------------------------------ */

static void heap_put(Loop *loop, Timer *timer, size_t place) {
  loop->heap[place] = timer;
  timer->place = place;
}

static void heap_up(Loop *loop, Timer *timer, size_t place) {
  for (; place > 1 && loop->heap[place / 2]->due > timer->due; place /= 2)
    heap_put(loop, loop->heap[place / 2], place);
  heap_put(loop, timer, place);
}

static void heap_down(Loop *loop, Timer *timer, size_t place) {
  for (;;) {
    size_t child = place * 2;
    if (child > loop->timers) break;
    if (child < loop->timers && loop->heap[child + 1]->due < loop->heap[child]->due) child++;
    if (loop->heap[child]->due >= timer->due) break;
    heap_put(loop, loop->heap[child], place);
    place = child;
  }
  heap_put(loop, timer, place);
}

static int heap_reserve(Loop *loop) {
  if (loop->timers + 1 < loop->heap_cap) return 1;
  size_t cap = loop->heap_cap ? loop->heap_cap * 2 : 64;
  Timer **heap = realloc(loop->heap, cap * sizeof *heap);
  if (!heap) return 0;
  loop->heap = heap;
  loop->heap_cap = cap;
  return 1;
}

void loop_timer_stop(Loop *loop, Timer *timer) {
  size_t place = timer->place;
  if (!place) return;
  timer->place = 0;
  Timer *last = loop->heap[loop->timers--];
  if (last == timer) return;
  if (place > 1 && loop->heap[place / 2]->due > last->due) heap_up(loop, last, place);
  else heap_down(loop, last, place);
}

void loop_timer(Loop *loop, Timer *timer, double due, void (*fire)(Timer *timer)) {
  loop_timer_stop(loop, timer);
  timer->due = due;
  timer->fire = fire;
  if (!heap_reserve(loop)) abort();      /* without the timer, a wait would never end */
  heap_up(loop, timer, ++loop->timers);
}

/* Fire the timers that are due now. A timer that restarts itself without a delay waits for the next
   turn, so that it does not starve the descriptors. */
static void fire_timers(Loop *loop) {
  double now = loop_now(loop);
  while (loop->timers && loop->heap[1]->due <= now) {
    Timer *timer = loop->heap[1];
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

int loop_watch_add(Loop *loop, Watch *watch, unsigned epoll_events) {
  struct epoll_event event = { .events = epoll_events, .data.fd = watch->fd };
  if (watch->fd < 0) { errno = EBADF; return -1; }
  if (!watches_reserve(loop, watch->fd)) { errno = ENOMEM; return -1; }
  Watch *old = loop->watches[watch->fd];
  int done = epoll_ctl(loop->epoll, old ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watch->fd, &event);
  if (done != 0 && old && errno == ENOENT)      /* it was closed, and its number was reused */
    done = epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event);
  if (done != 0) return -1;
  if (!old) loop->watch_count++;
  loop->watches[watch->fd] = watch;
  return 0;
}

void loop_watch_remove(Loop *loop, Watch *watch) {
  if (watch_at(loop, watch->fd) != watch) return;
  epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
  loop->watches[watch->fd] = NULL;
  loop->watch_count--;
}

static void owner_ready(Watch *watch, unsigned epoll_events) {
  OwnerWatch *own = container_of(watch, OwnerWatch, watch);
  (void)epoll_events;
  loop_notify(own->loop, &own->notice);
}

static int owner_watch(Loop *loop, int fd) {
  OwnerWatch *own = calloc(1, sizeof *own);
  if (!own) { errno = ENOMEM; return -1; }
  own->loop = loop;
  own->watch.fd = fd;
  own->watch.ready = owner_ready;
  own->notice.event.kind = EVENT_WATCH;
  own->notice.event.fd = fd;
  if (loop_watch_add(loop, &own->watch, EPOLLIN) == 0) return 0;
  free(own);
  return -1;
}

static void owner_unwatch(Loop *loop, Watch *watch) {
  OwnerWatch *own = container_of(watch, OwnerWatch, watch);
  loop_watch_remove(loop, watch);
  loop_unnotify(&own->notice);
  free(own);
}

int loop_watch(Loop *loop, int fd, int on) {
  Watch *watch = watch_at(loop, fd);
  if (watch && watch->ready != owner_ready) { errno = EBUSY; return -1; }
  if (watch && !on) owner_unwatch(loop, watch);
  if (!watch && on) return owner_watch(loop, fd);
  return 0;
}

/* -- libcurl ----------------------------------------------------------------------------------- */

void loop_handle_add(Loop *loop, Handle *handle) {
  curl_easy_setopt(handle->easy, CURLOPT_PRIVATE, handle);
  curl_multi_add_handle(loop->multi, handle->easy);
}

void loop_handle_remove(Loop *loop, Handle *handle) {
  curl_multi_remove_handle(loop->multi, handle->easy);
}

static void handle_end(CURL *easy, CURLcode result) {
  Handle *handle = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&handle);
  handle->ended(handle, result);
}

/* Tell the owners of the transfers that have ended. */
static void reap(Loop *loop) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(loop->multi, &left)))
    if (message->msg == CURLMSG_DONE) handle_end(message->easy_handle, message->data.result);
}

static void socket_ready(Watch *watch, unsigned events) {
  Socket *sock = container_of(watch, Socket, watch);
  Loop *loop = sock->loop;      /* libcurl may close the socket in the call below */
  int running, mask = 0;
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) mask |= CURL_CSELECT_IN;
  if (events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
  if (events & EPOLLERR) mask |= CURL_CSELECT_ERR;
  curl_multi_socket_action(loop->multi, watch->fd, mask, &running);
}

static int on_socket(CURL *easy, curl_socket_t fd, int action, void *user, void *assigned) {
  Loop *loop = user;
  Socket *sock = assigned;
  (void)easy;
  if (action == CURL_POLL_REMOVE) {
    if (sock) loop_watch_remove(loop, &sock->watch);
    free(sock);
    return 0;
  }
  if (!sock) {
    sock = calloc(1, sizeof *sock);
    if (!sock) return -1;
    sock->loop = loop;
    sock->watch.fd = fd;
    sock->watch.ready = socket_ready;
    curl_multi_assign(loop->multi, fd, sock);
  }
  unsigned events = 0;
  if (action & CURL_POLL_IN) events |= EPOLLIN;
  if (action & CURL_POLL_OUT) events |= EPOLLOUT;
  return loop_watch_add(loop, &sock->watch, events);
}

static void curl_due(Timer *timer) {
  Loop *loop = container_of(timer, Loop, curl_timer);
  int running;
  curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static int on_timer(CURLM *multi, long ms, void *user) {
  Loop *loop = user;
  (void)multi;
  if (ms < 0) loop_timer_stop(loop, &loop->curl_timer);
  else loop_timer(loop, &loop->curl_timer, loop_now(loop) + (double)ms / 1000, curl_due);
  return 0;
}

static int curl_open(Loop *loop) {
  loop->multi = curl_multi_init();
  if (!loop->multi) return 0;
  curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
  curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
  curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, (long)MAX_IDLE_CONNECTIONS);
  return 1;
}

/* -- events ------------------------------------------------------------------------------------ */

void loop_notify(Loop *loop, Notice *notice) {
  if (!notice->place.next) ring_add(&loop->news, &notice->place);
}

void loop_unnotify(Notice *notice) { ring_remove(&notice->place); }

void loop_seen(Loop *loop, int observer, int answered, const TraceLine *line) {
  Seen *seen = calloc(1, sizeof *seen);
  if (!seen || !trace_line_copy(&seen->line, line)) {      /* only the observer will miss it */
    free(seen);
    return;
  }
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
  free(seen);
}

int loop_has_news(const Loop *loop) { return !ring_is_empty(&loop->news); }

/* -- running ----------------------------------------------------------------------------------- */

/* Return the milliseconds until the next timer, at most timeout; -1: no limit. Round up, because
   the service answers an early poll with another Retry-After. */
static int wait_ms(const Loop *loop, double timeout) {
  double seconds = timeout;
  if (loop->timers) {
    double left = loop->heap[1]->due - loop_now(loop);
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
  struct epoll_event ready[EPOLL_BATCH];
  int count = epoll_pwait(loop->epoll, ready, EPOLL_BATCH, ms, mask);
  for (int i = 0; i < count; i++) {      /* look each up: an earlier one may have removed it */
    Watch *watch = watch_at(loop, ready[i].data.fd);
    if (watch) watch->ready(watch, ready[i].events);
  }
  return count;
}

/* Return 1 if virtual time may replace the wait: nothing is in flight, and the end is known. */
static int may_jump(const Loop *loop, double timeout) {
  if (!loop->is_virtual || loop->flights || loop_has_news(loop)) return 0;
  return loop->timers || timeout >= 0;
}

/* Move the virtual clock to the next due time. */
static void jump(Loop *loop, double timeout) {
  double ahead = loop->timers ? loop->heap[1]->due - loop_now(loop) : timeout;
  if (timeout >= 0 && timeout < ahead) ahead = timeout;
  if (ahead > 0) loop->jumped += ahead;
}

static int is_idle(const Loop *loop) {
  return !loop->timers && !loop->flights && !loop->watch_count;
}

/* Let libcurl send the transfers that were just started. */
static void send_started(Loop *loop) {
  Timer *timer = &loop->curl_timer;
  if (!timer->place || timer->due > loop_now(loop)) return;
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
  int jumps = may_jump(loop, timeout);
  int ms = jumps || loop_has_news(loop) ? 0 : wait_ms(loop, timeout);
  int ready = wait_descriptors(loop, ms, mask);
  if (jumps && ready == 0) jump(loop, timeout);
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

/* Return a page for Loop.fork_mark; NULL: there is none. */
static char *fork_mark_new(void) {
  char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return NULL;
  if (madvise(page, 1, MADV_WIPEONFORK) != 0) {
    munmap(page, 1);
    return NULL;
  }
  *page = 1;
  return page;
}

Loop *loop_new(void) {
  Loop *loop = calloc(1, sizeof *loop);
  if (!loop) return NULL;
  ring_init(&loop->news);
  ring_init(&loop->questions);
  loop->seen_end = &loop->seen;
  loop->seen_notice.event.kind = EVENT_SEEN;
  loop->pid = getpid();
  loop->fork_mark = fork_mark_new();
  loop->epoll = epoll_create1(EPOLL_CLOEXEC);
  loop->throttle = throttle_new();
  if (loop->epoll < 0 || !loop->throttle || !heap_reserve(loop) || !curl_open(loop)) {
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

static void close_watches(Loop *loop) {
  for (size_t fd = 0; fd < loop->watch_cap; fd++) {
    Watch *watch = loop->watches[fd];
    if (watch && watch->ready == owner_ready) owner_unwatch(loop, watch);
  }
}

void loop_free(Loop *loop) {
  if (!loop) return;
  if (loop->attachment) loop->attachment->release(loop->attachment);
  for (Seen *seen; (seen = loop_take_seen(loop)); ) seen_free(seen);
  if (loop->multi) curl_multi_cleanup(loop->multi);      /* calls on_socket for each it closes */
  close_watches(loop);
  throttle_free(loop->throttle);
  trace_close(loop->trace);
  if (loop->epoll >= 0) close(loop->epoll);
  if (loop->fork_mark) munmap(loop->fork_mark, 1);
  free(loop->heap);
  free(loop->watches);
  free(loop);
}
