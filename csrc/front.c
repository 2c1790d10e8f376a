/* front.c: accept connections for a server, speak TLS with OpenSSL, and pass bytes on. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "front.h"
#include "platform.h"
#include "ring.h"
#include "watchset.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

enum {
  PIECE = 16 * 1024,        /* bytes that are moved at a time: a record of TLS */
  EVENTS = 64,
  TURNS = 16,               /* pieces that are dropped before others have their turn */
  MAX_LEAVING = 256         /* connections that wait for their clients to take the rest */
};

typedef enum Outcome { MOVED, BLOCKED, ENDED, FAILED } Outcome;

typedef enum Stage {
  OPEN,
  FLUSH,      /* the server has closed: sends the rest of the answer and the end of TLS */
  DRAIN       /* drops what comes until the client closes: closing a socket with unread bytes would
                 reset the connection, and the client would lose the answer */
} Stage;

/* Bytes on their way to the server, or to the client. */
typedef enum Way { UP, DOWN, WAYS } Way;
typedef struct Flow {
  Buf kept;           /* read, but not taken by the other side yet */
  int has_ended;      /* its source has no more */
} Flow;

/* A client's connection and the server's. */
typedef struct Link {
  Ring    place;            /* in links, leaving or dead of the front */
  Front  *front;
  SSL    *ssl;              /* NULL: without TLS, or its end is sent */
  Watched client, server;
  int     server_end;       /* the other end of the pair, which the server owns */
  Flow    flows[WAYS];
  Stage   stage;
  double  due;              /* when the client must have taken all; not in stage OPEN */
  int     is_dead;          /* closed; its memory stays until the events at hand are handled */
  int     is_known;         /* the first byte was looked at */
  int     has_failed;       /* TLS cannot go on */
  int     wants_write;      /* TLS must write before it can go on */
} Link;

struct Front {
  int        set;
  Watched    listener, other;      /* other: the server's descriptor */
  SSL_CTX   *context;              /* NULL: without TLS */
  BIO_METHOD *method;
  FrontAccepted *accepted;
  void      *owner;
  Ring       links, leaving, dead;
  unsigned   leaving_count;
  double     linger;
  double     pause_end;            /* when it accepts again; 0: now */
  char       piece[PIECE];
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* -- TLS --------------------------------------------------------------------------------------- */

/* OpenSSL's own BIO for sockets writes with write(2): a client that has gone would raise SIGPIPE,
   and the process may belong to another program. */

static int bio_write(BIO *bio, const char *bytes, int len) {
  const Watched *client = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  ssize_t count = send(client->fd, bytes, (size_t)len, MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return (int)count;
}

static int bio_read(BIO *bio, char *bytes, int len) {
  const Watched *client = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  ssize_t count = recv(client->fd, bytes, (size_t)len, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return (int)count;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
  (void)number, (void)pointer;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *make_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "azureml socket");
  if (!method) return NULL;
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_ctrl(method, bio_control);
  return method;
}

/* Agree to HTTP/1.1, or refuse a client that speaks only something else. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *context) {
  static const unsigned char ours[] = "\x08http/1.1";
  unsigned char *chosen;
  (void)ssl, (void)context;
  int how = SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len);
  *out = chosen;
  return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* OpenSSL would ask for the password of a key at the terminal. */
static int no_password(char *to, int size, int is_writing, void *context) {
  (void)to, (void)size, (void)is_writing, (void)context;
  return 0;
}

/* Use the first certificate of a PEM text for the server, and the others as its issuers'. */
static int use_certificates(SSL_CTX *context, const char *text) {
  BIO *bio = BIO_new_mem_buf(text, -1);
  X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
  int done = certificate && SSL_CTX_use_certificate(context, certificate) == 1;
  X509_free(certificate);
  while (done && (certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL) {
    done = SSL_CTX_add1_chain_cert(context, certificate) == 1;
    X509_free(certificate);
  }
  BIO_free(bio);
  return done;
}

static int use_key(SSL_CTX *context, const char *text) {
  BIO *bio = BIO_new_mem_buf(text, -1);
  EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
  int done = key && SSL_CTX_use_PrivateKey(context, key) == 1
             && SSL_CTX_check_private_key(context) == 1;
  EVP_PKEY_free(key);
  BIO_free(bio);
  return done;
}

int front_secure(Front *front, const char *certificate, const char *key) {
  SSL_CTX *context = front->context = SSL_CTX_new(TLS_server_method());
  front->method = make_method();
  int done = context && front->method
             && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1
             && use_certificates(context, certificate) && use_key(context, key);
  if (done) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                              | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
  }
  ERR_clear_error();
  return done ? 0 : -1;
}

/* Begin to speak TLS with a client. Return 0 or -1. */
static int start_tls(Link *link) {
  BIO *bio = BIO_new(link->front->method);
  link->ssl = SSL_new(link->front->context);
  if (!bio || !link->ssl) {
    BIO_free(bio);
    return -1;
  }
  BIO_set_data(bio, &link->client);
  BIO_set_init(bio, 1);
  SSL_set_bio(link->ssl, bio, bio);
  SSL_set_accept_state(link->ssl);
  return 0;
}

/* Tell how a call of OpenSSL has ended. Its queue of errors must be empty before the call, because
   SSL_get_error looks at it, and after the call, because others in this thread use OpenSSL too. */
static Outcome tls_outcome(Link *link, int result) {
  if (result > 0) return MOVED;
  int why = SSL_get_error(link->ssl, result);
  ERR_clear_error();
  switch (why) {
    case SSL_ERROR_WANT_WRITE:  link->wants_write = 1; return BLOCKED;
    case SSL_ERROR_WANT_READ:   return BLOCKED;
    case SSL_ERROR_ZERO_RETURN: return ENDED;
    default:                    link->has_failed = 1; return FAILED;
  }
}

/* -- reading and writing ----------------------------------------------------------------------- */

static Outcome outcome_of(ssize_t count) {
  if (count > 0) return MOVED;
  if (count == 0) return ENDED;
  return errno == EAGAIN || errno == EINTR ? BLOCKED : FAILED;
}

static Outcome read_socket(int fd, char *bytes, size_t *len) {
  ssize_t count = recv(fd, bytes, *len, 0);
  *len = count > 0 ? (size_t)count : 0;
  return outcome_of(count);
}

static Outcome write_socket(int fd, const char *bytes, size_t *len) {
  ssize_t count = send(fd, bytes, *len, MSG_NOSIGNAL);
  *len = count > 0 ? (size_t)count : 0;
  return outcome_of(count);
}

static Outcome read_client(Link *link, char *bytes, size_t *len) {
  if (!link->ssl) return read_socket(link->client.fd, bytes, len);
  ERR_clear_error();
  return tls_outcome(link, SSL_read_ex(link->ssl, bytes, *len, len));
}

static Outcome write_client(Link *link, const char *bytes, size_t *len) {
  if (!link->ssl) return write_socket(link->client.fd, bytes, len);
  ERR_clear_error();
  Outcome outcome = tls_outcome(link, SSL_write_ex(link->ssl, bytes, *len, len));
  return outcome == ENDED ? FAILED : outcome;
}

/* A server that fails has closed. What it sent before can still be read. */
static Outcome read_server(Link *link, char *bytes, size_t *len) {
  Outcome outcome = read_socket(link->server.fd, bytes, len);
  return outcome == FAILED ? ENDED : outcome;
}

static Outcome write_server(Link *link, const char *bytes, size_t *len) {
  Outcome outcome = write_socket(link->server.fd, bytes, len);
  if (outcome != FAILED) return outcome;
  link->flows[UP].has_ended = 1;
  buf_reset(&link->flows[UP].kept);
  return ENDED;
}

static const struct {
  Outcome (*read)(Link *link, char *bytes, size_t *len);
  Outcome (*write)(Link *link, const char *bytes, size_t *len);
} ways[] = {
  [UP]   = { read_client, write_server },
  [DOWN] = { read_server, write_client }
};

/* Send what is kept. Return MOVED when nothing is left. */
static Outcome flush(Link *link, Way way) {
  Buf *kept = &link->flows[way].kept;
  Outcome outcome = MOVED;
  while (kept->len && outcome == MOVED) {
    size_t len = kept->len;
    outcome = ways[way].write(link, kept->data, &len);
    if (outcome == MOVED) buf_drop(kept, len);
  }
  if (!kept->len) buf_clear(kept);
  return outcome;
}

/* Send the piece that was read, and keep what is not taken. Return MOVED when all is. */
static Outcome pass(Link *link, Way way, size_t size) {
  const char *piece = link->front->piece;
  Outcome outcome = MOVED;
  while (size && outcome == MOVED) {
    size_t len = size;
    outcome = ways[way].write(link, piece, &len);
    if (outcome != MOVED) break;
    piece += len;
    size -= len;
  }
  if (outcome == BLOCKED && buf_add(&link->flows[way].kept, piece, size) != 0) return FAILED;
  return outcome;
}

/* Tell whether a read has probably emptied its source. If not, the set reports it again. */
static int is_empty(const Link *link, Way way, size_t len) {
  return len < PIECE && (way == DOWN || !link->ssl || !SSL_has_pending(link->ssl));
}

/* Move bytes until the source has no more or the target takes no more. */
static Outcome pump(Link *link, Way way) {
  Flow *flow = &link->flows[way];
  Outcome outcome = flush(link, way);
  while (outcome == MOVED && !flow->has_ended) {
    size_t len = PIECE;
    outcome = ways[way].read(link, link->front->piece, &len);
    if (outcome == ENDED) flow->has_ended = 1;
    if (outcome != MOVED) break;
    outcome = pass(link, way, len);
    if (outcome == MOVED && is_empty(link, way, len)) break;
  }
  return outcome;
}

/* -- the life of a link ------------------------------------------------------------------------ */

/* Close a link at once. */
static void link_kill(Link *link) {
  if (link->is_dead) return;
  link->is_dead = 1;
  if (link->stage != OPEN) link->front->leaving_count--;
  ring_remove(&link->place);
  ring_add(&link->front->dead, &link->place);
  SSL_free(link->ssl);
  link->ssl = NULL;
  watchset_close(link->front->set, &link->client);
  watchset_close(link->front->set, &link->server);
  for (Way way = UP; way < WAYS; way++) buf_wipe(&link->flows[way].kept);      /* tokens */
}

static void bury(Front *front) {
  while (!ring_is_empty(&front->dead)) {
    Link *link = container_of(front->dead.next, Link, place);
    ring_remove(&link->place);
    free(link);
  }
}

/* The server has closed its end, or the client has broken the rules. */
static void leave(Link *link) {
  Front *front = link->front;
  if (link->stage != OPEN) return;
  if (front->leaving_count >= MAX_LEAVING)
    link_kill(container_of(front->leaving.next, Link, place));
  watchset_close(front->set, &link->server);
  link->stage = FLUSH;
  link->due = now() + front->linger;
  front->leaving_count++;
  ring_remove(&link->place);
  ring_add(&front->leaving, &link->place);
}

/* Read what the server sent before it closed, so that its end can be closed: epoll would report it
   again and again. A pair of sockets holds little. */
static void take_rest(Link *link) {
  Flow *down = &link->flows[DOWN];
  while (!down->has_ended) {
    size_t len = PIECE;
    Outcome outcome = read_server(link, link->front->piece, &len);
    if (outcome == MOVED && buf_add(&down->kept, link->front->piece, len) == 0) continue;
    down->has_ended = 1;
  }
}

/* Refuse a client that does not speak TLS. All of HTTP's methods are letters. */
static void refuse_plain(Link *link, char first) {
  static const char refusal[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
    "Content-Type: text/plain\r\nContent-Length: 34\r\n\r\nThis port speaks https, not http.\n";
  SSL_free(link->ssl);
  link->ssl = NULL;
  link->flows[UP].has_ended = 1;
  if (isalpha((unsigned char)first)) buf_add(&link->flows[DOWN].kept, refusal, sizeof refusal - 1);
  leave(link);
}

/* Look at a client's first byte: a handshake begins with 22. */
static void look(Link *link) {
  char first;
  if (!link->ssl || link->is_known) return;
  if (recv(link->client.fd, &first, 1, MSG_PEEK) != 1) return;
  link->is_known = 1;
  if (first != 22) refuse_plain(link, first);
}

/* Move bytes both ways. */
static void copy(Link *link) {
  Flow *up = &link->flows[UP], *down = &link->flows[DOWN];
  int was_ended = up->has_ended;
  int failed = pump(link, UP) == FAILED;
  if (up->has_ended && !was_ended) shutdown(link->server.fd, SHUT_WR);
  if (!failed) failed = pump(link, DOWN) == FAILED;
  if (failed) buf_reset(&down->kept);
  if (failed || down->has_ended) leave(link);
}

/* Send the rest of the answer, then the end of TLS. */
static void finish(Link *link) {
  Outcome outcome = link->has_failed ? FAILED : flush(link, DOWN);
  if (outcome == BLOCKED) return;
  if (link->ssl && !link->has_failed) {
    ERR_clear_error();
    int result = SSL_shutdown(link->ssl);
    if (result < 0 && tls_outcome(link, result) == BLOCKED && link->wants_write) return;
  }
  SSL_free(link->ssl);
  link->ssl = NULL;
  shutdown(link->client.fd, SHUT_WR);
  link->stage = DRAIN;
}

static void drain(Link *link) {
  Outcome outcome = MOVED;
  for (int i = 0; i < TURNS && outcome == MOVED; i++) {
    size_t len = PIECE;
    outcome = read_socket(link->client.fd, link->front->piece, &len);
  }
  if (outcome == ENDED || outcome == FAILED) link_kill(link);
}

static int reads(const Flow *flow) { return flow->has_ended || flow->kept.len ? 0 : POLLIN; }
static int writes(const Flow *flow) { return flow->kept.len ? POLLOUT : 0; }

/* Watch for what each end can do next. */
static int rewatch(Link *link) {
  const Flow *up = &link->flows[UP], *down = &link->flows[DOWN];
  int set = link->front->set, client = 0;
  if (link->stage == OPEN) client = reads(up) | writes(down) | (link->wants_write ? POLLOUT : 0);
  else client = link->stage == FLUSH ? POLLOUT : POLLIN;
  if (watchset_watch(set, &link->client, (unsigned)client) != 0) return -1;
  return watchset_watch(set, &link->server, (unsigned)(reads(down) | writes(up)));
}

static void link_run(Link *link) {
  link->wants_write = 0;
  if (link->stage == OPEN) look(link);
  if (link->stage == OPEN) copy(link);
  if (link->stage == FLUSH) finish(link);
  if (link->stage == DRAIN) drain(link);
  if (!link->is_dead && rewatch(link) != 0) link_kill(link);
}

/* In stage OPEN only a reset connection has hung up, and it can be written no more. */
static void link_ready(Link *link, const Ready *ready) {
  int is_lost = (ready->events & (POLLERR | POLLHUP)) != 0;
  if (link->is_dead) return;
  if (is_lost && ready->watched == &link->client) {
    link_kill(link);
    return;
  }
  if (is_lost) take_rest(link);
  link_run(link);
}

/* -- accepting --------------------------------------------------------------------------------- */

/* Let a socket whose other end has closed raise no SIGPIPE, where MSG_NOSIGNAL does not do it. */
static void prevent_signal(int fd) {
#ifdef SO_NOSIGPIPE
  int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof yes);
#else
  (void)fd;
#endif
}

/* Give the server an end of its own. Takes fd; returns 0, or -1 with errno. */
static int link_open(Front *front, int fd) {
  struct sockaddr_storage client;
  socklen_t len = sizeof client;
  int yes = 1, pair[2];
  Link *link = calloc(1, sizeof *link);
  if (!link) goto fail;
  link->front = front;
  link->client = (Watched){ link, fd, WATCHED_NOT };
  link->server = (Watched){ link, -1, WATCHED_NOT };
  ring_add(&front->links, &link->place);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  prevent_signal(fd);
  if (getpeername(fd, (struct sockaddr *)&client, &len) != 0) goto fail;
  if (front->context && start_tls(link) != 0) goto fail;
  if (platform_socket_pair(pair) != 0) goto fail;
  link->server.fd = pair[0];
  link->server_end = pair[1];
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  fcntl(pair[1], F_SETFL, O_NONBLOCK);
  prevent_signal(pair[0]);
  if (front->accepted(front->owner, pair[1], (struct sockaddr *)&client, len) != 0) goto fail;
  if (rewatch(link) != 0) goto fail;
  return 0;

fail:;
  int why = errno;
  if (link) link_kill(link);
  else close(fd);
  errno = why;
  return -1;
}

/* Accept connections; return their number. Stop for a while when descriptors are used up: the
   listening socket would be ready again and again. */
static unsigned accept_some(Front *front, unsigned room) {
  unsigned count = 0;
  for (; count < room && count < EVENTS; count++) {
    int fd = platform_accept(front->listener.fd);
    if (fd >= 0 && link_open(front, fd) == 0) continue;
    if (platform_is_exhausted(errno)) front->pause_end = now() + PLATFORM_ACCEPT_PAUSE;
    if (fd < 0 || front->pause_end > 0) break;
  }
  return count;
}

static void listen_for(Front *front, unsigned room) {
  unsigned events = room && front->pause_end == 0 ? POLLIN : 0;
  watchset_watch(front->set, &front->listener, events);
}

/* Handle an event. Return whether the server may have work by it. */
static int handle(Front *front, const Ready *ready, unsigned *room) {
  if (ready->watched == &front->other) return 0;
  if (ready->watched == &front->listener) *room -= accept_some(front, *room);
  else link_ready(ready->watched->owner, ready);
  return 1;
}

int front_run(Front *front, unsigned room) {
  Ready list[EVENTS];
  int moved = 0;
  if (front->pause_end > 0 && now() >= front->pause_end) front->pause_end = 0;
  listen_for(front, room);
  int count = watchset_ready(front->set, list, EVENTS);
  for (int i = 0; i < count; i++) moved |= handle(front, &list[i], &room);
  listen_for(front, room);
  bury(front);
  return moved;
}

/* -- the front --------------------------------------------------------------------------------- */

/* Open a listening socket. Return 0, or -1 with errno. */
static int open_listener(Front *front, const struct sockaddr *address) {
  enum { BACKLOG = 512 };
  int yes = 1, is_six = address->sa_family == AF_INET6;
  socklen_t len = is_six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  int fd = front->listener.fd = platform_socket(address->sa_family, SOCK_STREAM, 0);
  if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) return -1;
  if (is_six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) != 0) return -1;
  if (bind(fd, address, len) != 0 || listen(fd, BACKLOG) != 0) return -1;
  return watchset_watch(front->set, &front->listener, POLLIN);
}

Front *front_new(const struct sockaddr *address, double linger, FrontAccepted *accepted,
                 void *owner) {
  Front *front = calloc(1, sizeof *front);
  if (!front) return NULL;
  ring_init(&front->links);
  ring_init(&front->leaving);
  ring_init(&front->dead);
  front->listener = front->other = (Watched){ NULL, -1, WATCHED_NOT };
  front->linger = linger;
  front->accepted = accepted;
  front->owner = owner;
  front->set = watchset_open();
  if (front->set >= 0 && open_listener(front, address) == 0) return front;
  int why = errno;
  front_free(front);
  errno = why;
  return NULL;
}

void front_free(Front *front) {
  if (!front) return;
  while (!ring_is_empty(&front->links)) {
    Link *link = container_of(front->links.next, Link, place);
    take_rest(link);
    leave(link);
    finish(link);
  }
  while (!ring_is_empty(&front->leaving))
    link_kill(container_of(front->leaving.next, Link, place));
  bury(front);
  SSL_CTX_free(front->context);
  BIO_meth_free(front->method);
  watchset_close(front->set, &front->listener);
  if (front->set >= 0) close(front->set);
  free(front);
}

int front_port(const Front *front) {
  struct sockaddr_storage address;
  socklen_t len = sizeof address;
  if (getsockname(front->listener.fd, (struct sockaddr *)&address, &len) != 0) return 0;
  if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
  return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int front_descriptor(const Front *front) { return front->set; }

int front_watch(Front *front, int fd) {
  front->other.fd = fd;
  return watchset_watch(front->set, &front->other, POLLIN);
}

double front_cut_late(Front *front) {
  double time = now(), next = front->pause_end > 0 ? front->pause_end - time : -1;
  while (!ring_is_empty(&front->leaving)) {
    Link *link = container_of(front->leaving.next, Link, place);
    double left = link->due - time;
    if (left > 0) return next < 0 || left < next ? left : next;
    link_kill(link);
  }
  bury(front);
  return next < 0 && front->pause_end > 0 ? 0 : next;
}

/* The newest link first: the server has closed its descriptor of an older one with that number. */
int front_client(const Front *front, int fd) {
  for (Ring *place = front->links.prev; place != &front->links; place = place->prev) {
    const Link *link = container_of(place, Link, place);
    if (link->server_end == fd) return link->client.fd;
  }
  return -1;
}
