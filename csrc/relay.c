/* relay.c: pass HTTP requests on to servers behind unix sockets. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "platform.h"
#include "relay.h"
#include "ring.h"
#include "watchset.h"

enum {
  MAX_HEAD = 64 * 1024,      /* of a request or an answer, with what has come after it */
  MAX_LINKS = 1024,
  HEAD_TIME = 30,            /* seconds that a client has for the head of its request */
  LINGER_TIME = 2,           /* seconds in which a client may still send after its answer */
  PIECE = 64 * 1024,         /* bytes under way in each direction */
  EVENTS = 64
};

typedef struct Link Link;

/* Bytes on their way from one end to the other. */
typedef struct Flow {
  Buf    bytes;
  size_t sent;
  int    has_ended;      /* its source has no more */
  int    is_shut;        /* its target has been told so */
} Flow;

typedef enum Stage {
  HEAD,          /* reads the head of the request */
  DECISION,      /* waits for the owner */
  ANSWER,        /* reads the head of the server's answer */
  COPY,
  FAREWELL       /* sends the end of the answer, then drops what comes until the client closes */
} Stage;

struct Link {
  Ring     place;        /* in relay->links */
  Ring     waiting;      /* in relay->asked while the owner has not seen it */
  Relay   *relay;
  unsigned long id;
  Stage    stage;
  double   due;          /* when the head, or the farewell, must be complete */
  size_t   head_len;
  Watched  client, server;
  Flow     up, down;     /* to the server; to the client */
  char    *path;         /* of the server's socket */
  int      wants_upgrade;
};

struct Relay {
  int      set;
  Watched  listener;
  double   pause_end;    /* when it accepts again; 0: now */
  Ring     links, asked;
  unsigned count;
  unsigned long last_id;
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void link_free(Link *link) {
  ring_remove(&link->place);
  ring_remove(&link->waiting);
  watchset_close(link->relay->set, &link->client);
  watchset_close(link->relay->set, &link->server);
  buf_wipe(&link->up.bytes);      /* heads hold tokens */
  buf_wipe(&link->down.bytes);
  link->relay->count--;
  free(link->path);
  free(link);
}

/* -- heads ------------------------------------------------------------------------------------- */

/* Return the length of a head with its empty line; 0 while that has not come. */
static size_t head_length(const Buf *buf) {
  const char *end = buf->data ? memmem(buf->data, buf->len, "\r\n\r\n", 4) : NULL;
  return end ? (size_t)(end - buf->data) + 4 : 0;
}

static int is_header(const char *line, size_t len, const char *name) {
  size_t count = strlen(name);
  return len > count && line[count] == ':' && strncasecmp(line, name, count) == 0;
}

/* Copy the head of an answer without the server's cookies: a cookie alone opens a Jupyter server,
   and browsers would send it to every port of this machine. */
static int copy_answer_head(Buf *to, const char *head, size_t len) {
  const char *end = head + len;
  while (head < end) {
    const char *next = memmem(head, (size_t)(end - head), "\r\n", 2);
    size_t line = next ? (size_t)(next - head) + 2 : (size_t)(end - head);
    if (!is_header(head, line, "Set-Cookie")) buf_add(to, head, line);
    head += line;
  }
  return to->failed ? -1 : 0;
}

static int is_switching(const char *head, size_t len) {
  return len > 12 && strncmp(head, "HTTP/1.1 101", 12) == 0;
}

/* Pass the head of an answer on once it is complete. A server that refuses an upgrade gets nothing
   more from this client. Return -1 when the answer is malformed. */
static int take_answer_head(Link *link) {
  Buf raw = link->down.bytes;
  size_t len = head_length(&raw);
  if (!len) return raw.len >= MAX_HEAD ? -1 : 0;
  link->down.bytes = (Buf){ .limit = 0 };
  int failed = copy_answer_head(&link->down.bytes, raw.data, len) != 0
               || buf_add(&link->down.bytes, raw.data + len, raw.len - len) != 0;
  if (link->wants_upgrade && !is_switching(raw.data, len)) link->up.has_ended = 1;
  buf_wipe(&raw);
  link->stage = COPY;
  return failed ? -1 : 0;
}

/* -- copying ----------------------------------------------------------------------------------- */

static size_t left(const Flow *flow) { return flow->bytes.len - flow->sent; }

/* Send what is under way. Return -1 when the target has gone. */
static int flow_send(Flow *flow, int fd) {
  while (left(flow)) {
    ssize_t count = send(fd, flow->bytes.data + flow->sent, left(flow), MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    flow->sent += (size_t)count;
  }
  buf_reset(&flow->bytes);
  flow->sent = 0;
  if (flow->has_ended && !flow->is_shut) {
    flow->is_shut = 1;
    shutdown(fd, SHUT_WR);
  }
  return 0;
}

/* Read once from the source. Return -1 when the connection is broken. */
static int flow_read(Flow *flow, int fd) {
  char piece[PIECE];
  if (flow->has_ended || left(flow) >= PIECE) return 0;
  ssize_t count = recv(fd, piece, sizeof piece, 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  if (count == 0) flow->has_ended = 1;
  return count > 0 ? buf_add(&flow->bytes, piece, (size_t)count) : 0;
}

static unsigned reads(const Flow *flow) {
  return !flow->has_ended && left(flow) < PIECE ? POLLIN : 0;
}

static unsigned writes(const Flow *flow) { return left(flow) ? POLLOUT : 0; }

/* Watch for what each end can do next. */
static int rewatch(Link *link) {
  int copies = link->stage == COPY;
  unsigned client = 0, server = 0;
  int set = link->relay->set;
  if (link->stage == HEAD) client = POLLIN;
  else if (link->stage == FAREWELL) client = POLLIN | writes(&link->down);
  else if (link->stage != DECISION) {
    client = reads(&link->up) | (copies ? writes(&link->down) : 0);
    server = reads(&link->down) | writes(&link->up);
  }
  return watchset_watch(set, &link->client, client) | watchset_watch(set, &link->server, server);
}

/* Forget a server that has closed its socket. epoll would report that again and again. */
static void lose_server(Link *link) {
  watchset_close(link->relay->set, &link->server);
  link->up.has_ended = 1;
  buf_reset(&link->up.bytes);
  link->up.sent = 0;
}

/* The answer is complete. */
static void begin_farewell(Link *link) {
  lose_server(link);
  link->stage = FAREWELL;
  link->due = now() + LINGER_TIME;
  link->up.has_ended = 0;
}

/* Move bytes both ways. Return -1 when the link is over. */
static int move(Link *link, const Watched *ready, unsigned events) {
  int is_client = ready == &link->client;
  if (events & POLLERR) return -1;
  if (events & (POLLIN | POLLHUP)) {
    Flow *flow = is_client ? &link->up : &link->down;
    if (flow_read(flow, ready->fd) != 0) return -1;
    if (is_client && (events & POLLHUP) && link->up.has_ended) return -1;
    if (!is_client && (events & POLLHUP) && link->down.has_ended) lose_server(link);
  }
  if (link->stage == ANSWER && take_answer_head(link) != 0) return -1;
  if (link->stage == ANSWER && link->down.has_ended) return -1;
  if (link->server.fd >= 0 && flow_send(&link->up, link->server.fd) != 0) link->up.has_ended = 1;
  if (link->stage == COPY && flow_send(&link->down, link->client.fd) != 0) return -1;
  if (link->down.is_shut) begin_farewell(link);
  return 0;
}

/* -- requests ---------------------------------------------------------------------------------- */

/* Read the head of a request. Return -1 when the link is over. */
static int take_head(Link *link) {
  link->up.bytes.limit = MAX_HEAD + PIECE;
  if (flow_read(&link->up, link->client.fd) != 0) return -1;
  link->head_len = head_length(&link->up.bytes);
  if (!link->head_len) return link->up.has_ended || link->up.bytes.len >= MAX_HEAD ? -1 : 0;
  link->stage = DECISION;
  ring_add(&link->relay->asked, &link->waiting);
  return 0;
}

/* Send the end of an answer. Read on afterwards: closing a socket with unread bytes would reset the
   connection, and the client would lose the answer. Return -1 when the link is over. */
static int take_leave(Link *link) {
  buf_reset(&link->up.bytes);
  if (flow_read(&link->up, link->client.fd) != 0 || link->up.has_ended) return -1;
  return flow_send(&link->down, link->client.fd);
}

static void link_ready(const Watched *end, unsigned events) {
  Link *link = end->owner;
  int over = 0;
  switch (link->stage) {
    case HEAD:     over = take_head(link); break;
    case DECISION: over = events & (POLLERR | POLLHUP) ? -1 : 0; break;
    case FAREWELL:  over = events & POLLERR ? -1 : take_leave(link); break;
    default:       over = move(link, end, events);
  }
  if (over || rewatch(link) != 0) link_free(link);
}

/* Accept no connection for a while: descriptors are used up. */
static void begin_pause(Relay *relay) {
  relay->pause_end = now() + PLATFORM_ACCEPT_PAUSE;
  watchset_watch(relay->set, &relay->listener, 0);
}

/* Accept connections again after a pause. Return the seconds that are left of it; negative: there
   is none. */
static double end_pause(Relay *relay) {
  if (relay->pause_end == 0) return -1;
  double left = relay->pause_end - now();
  if (left > 0) return left;
  relay->pause_end = 0;
  watchset_watch(relay->set, &relay->listener, POLLIN);
  return -1;
}

static void accept_link(Relay *relay) {
  int yes = 1, fd = platform_accept(relay->listener.fd);
  if (fd < 0 && platform_is_exhausted(errno)) begin_pause(relay);
  if (fd < 0) return;
  Link *link = relay->count < MAX_LINKS ? calloc(1, sizeof *link) : NULL;
  if (!link) { close(fd); return; }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  link->relay = relay;
  link->id = ++relay->last_id;
  link->due = now() + HEAD_TIME;
  link->client = (Watched){ link, fd, WATCHED_NOT };
  link->server = (Watched){ link, -1, WATCHED_NOT };
  relay->count++;
  ring_add(&relay->links, &link->place);
  if (rewatch(link) != 0) link_free(link);
}

/* Close the links that are too late. Return the seconds until the next one is, or `next` if that is
   sooner. Negative: never. */
static double cut_late(Relay *relay, double next) {
  double time = now();
  for (Ring *place = relay->links.next, *after; place != &relay->links; place = after) {
    Link *link = container_of(place, Link, place);
    after = place->next;
    if (link->stage != HEAD && link->stage != FAREWELL) continue;
    if (link->due <= time) link_free(link);
    else if (next < 0 || link->due - time < next) next = link->due - time;
  }
  return next;
}

/* Take one event at a time: handling one may free the link of another. */
double relay_run(Relay *relay) {
  Ready ready;
  for (int i = 0; i < EVENTS && watchset_ready(relay->set, &ready, 1) == 1; i++) {
    if (ready.watched == &relay->listener) accept_link(relay);
    else link_ready(ready.watched, ready.events);
  }
  return cut_late(relay, end_pause(relay));
}

unsigned long relay_next(Relay *relay, const char **head, size_t *len) {
  if (ring_is_empty(&relay->asked)) return 0;
  Link *link = container_of(relay->asked.next, Link, waiting);
  ring_remove(&link->waiting);
  *head = link->up.bytes.data;
  *len = link->head_len;
  return link->id;
}

static Link *find_waiting(Relay *relay, unsigned long id) {
  for (Ring *place = relay->links.next; place != &relay->links; place = place->next) {
    Link *link = container_of(place, Link, place);
    if (link->id == id && link->stage == DECISION) return link;
  }
  return NULL;
}

void relay_refuse(Relay *relay, unsigned long id, const char *answer, size_t len) {
  Link *link = find_waiting(relay, id);
  if (!link) return;
  begin_farewell(link);
  link->down.has_ended = 1;
  if (buf_add(&link->down.bytes, answer, len) != 0 || flow_send(&link->down, link->client.fd) != 0
      || rewatch(link) != 0) link_free(link);
}

static int connect_to(const char *path) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if (strlen(path) >= sizeof address.sun_path) { errno = ENAMETOOLONG; return -1; }
  strcpy(address.sun_path, path);
  int fd = platform_socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0
      && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  int why = errno;
  if (fd >= 0) close(fd);
  errno = why;
  return -1;
}

int relay_connect(Relay *relay, unsigned long id, const char *path, const char *head, size_t len) {
  Link *link = find_waiting(relay, id);
  if (!link) return 0;
  int fd = connect_to(path);
  if (fd < 0) return -1;
  Buf bytes = { .limit = 0 };
  Buf *old = &link->up.bytes;
  buf_add(&bytes, head, len);
  buf_add(&bytes, old->data + link->head_len, old->len - link->head_len);
  link->wants_upgrade = memmem(head, len, "\r\nUpgrade:", 10) != NULL;
  link->path = strdup(path);
  link->server.fd = fd;
  buf_wipe(old);
  link->up.bytes = bytes;
  link->stage = ANSWER;
  if (bytes.failed || !link->path || rewatch(link) != 0) link_free(link);
  return 0;
}

void relay_cut(Relay *relay, const char *path) {
  for (Ring *place = relay->links.next, *after; place != &relay->links; place = after) {
    Link *link = container_of(place, Link, place);
    after = place->next;
    if (link->path && strcmp(link->path, path) == 0) link_free(link);
  }
}

/* -- the relay --------------------------------------------------------------------------------- */

Relay *relay_new(const struct sockaddr *address, socklen_t len) {
  enum { BACKLOG = 128 };
  Relay *relay = calloc(1, sizeof *relay);
  if (!relay) return NULL;
  ring_init(&relay->links);
  ring_init(&relay->asked);
  relay->listener = (Watched){ NULL, -1, WATCHED_NOT };
  relay->set = watchset_open();
  relay->listener.fd = platform_socket(address->sa_family, SOCK_STREAM, 0);
  int yes = 1, fd = relay->listener.fd;
  if (relay->set >= 0 && fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0
      && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0
      && bind(fd, address, len) == 0 && listen(fd, BACKLOG) == 0
      && watchset_watch(relay->set, &relay->listener, POLLIN) == 0) return relay;
  int why = errno;
  relay_free(relay);
  errno = why;
  return NULL;
}

void relay_free(Relay *relay) {
  while (!ring_is_empty(&relay->links)) link_free(container_of(relay->links.next, Link, place));
  watchset_close(relay->set, &relay->listener);
  if (relay->set >= 0) close(relay->set);
  free(relay);
}

int relay_port(const Relay *relay) {
  struct sockaddr_storage address;
  socklen_t len = sizeof address;
  if (getsockname(relay->listener.fd, (struct sockaddr *)&address, &len) != 0) return 0;
  if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
  return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int relay_descriptor(const Relay *relay) { return relay->set; }
