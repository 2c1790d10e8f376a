/* lua_httpd.c: the module azureml.httpd, for the emulator and the studio: an HTTP server with
   libmicrohttpd. Lua gets whole requests and gives whole replies, or streams (feed.c). The server
   has no loop of its own: the caller watches the descriptor and calls run, also at its timeout.
   With TLS, and where libmicrohttpd has no epoll, front.c has the sockets of the clients. */

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>

#include "buf.h"
#include "feed.h"
#include "front.h"
#include "lua_core.h"
#include "lua_relay.h"
#include "ring.h"
#include "text.h"

#define SERVER "azureml.httpd.server"

enum {
  MAX_BODY = 8 * 1024 * 1024,
  MAX_TARGET = 64 * 1024,
  CONNECTION_MEMORY = 128 * 1024,      /* for request line, headers and the reply's headers */
  CONNECTIONS = 4096,
  SELECTED = FD_SETSIZE / 4,           /* connections without epoll: select takes no more */
  REQUEST_TIME = 60,                   /* seconds that a connection has for its next request */
  STREAM_LIMIT = 1024 * 1024           /* bytes of a stream that its client has not taken */
};

typedef enum Fault { FAULT_NONE, FAULT_CLOSE, FAULT_RESET, FAULT_TRUNCATE, FAULT_GARBAGE } Fault;
static const char *const fault_names[] = { "none", "close", "reset", "truncate", "garbage", NULL };

typedef struct Server Server;

/* A connection: libmicrohttpd's socket_context. */
typedef struct Peer {
  Ring     place;                /* in server->awaited */
  struct MHD_Connection *connection;
  double   since;                /* when it began to be awaited */
} Peer;

/* A request and its reply: libmicrohttpd's con_cls. */
typedef struct Exchange {
  Ring      place;               /* in fresh, held or streams of the server, after the body */
  Server   *server;
  struct MHD_Connection *connection;
  unsigned long id;
  char     *target, *method;
  Buf       body;
  int       begun, held, answered, refused;
  unsigned  status;
  Fault     fault;
  struct MHD_Response *response;
  Feed     *feed;                /* of the response; NULL: it is sent whole */
} Exchange;

struct Server {
  struct MHD_Daemon *daemon;
  Front   *front;                /* has the sockets of the clients; NULL: the daemon has them */
  Ring     fresh;                /* exchanges that Lua has not seen */
  Ring     held;                 /* exchanges that Lua has to answer */
  Ring     streams;              /* exchanges that Lua answers piece by piece */
  Ring     awaited;              /* peers that must send a request, the longest awaited first */
  unsigned peers, max_peers;
  int      again;                /* a connection has closed or closes now: a new one may fit */
  double   request_time;
  unsigned long last_id;
  size_t   max_body;
  int      stopping;
};

/* -- peers ------------------------------------------------------------------------------------- */

/* libmicrohttpd's own timeout starts again with each byte, so a client that sends a byte a minute
   would keep its connection for ever. This file limits the time of a whole request. */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int socket_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

static Peer *peer_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

/* Start the time in which a peer must send its next request. */
static void await_request(Server *server, Peer *peer) {
  if (!peer) return;
  peer->since = now();
  ring_remove(&peer->place);
  ring_add(&server->awaited, &peer->place);
}

static void stop_awaiting(Peer *peer) {
  if (peer) ring_remove(&peer->place);
}

static Peer *first_awaited(const Server *server) {
  return container_of(server->awaited.next, Peer, place);
}

/* Close the connection that has been awaited longest. libmicrohttpd sees that in its next run. */
static void cut_oldest(Server *server) {
  Peer *peer = first_awaited(server);
  ring_remove(&peer->place);
  server->again = 1;
  shutdown(socket_of(peer->connection), SHUT_RDWR);
}

/* Close the connections that are too late. Return the seconds until the next one is; negative when
   no connection is awaited. */
static double cut_late(Server *server) {
  double time = now();
  while (!ring_is_empty(&server->awaited)) {
    double left = first_awaited(server)->since + server->request_time - time;
    if (left > 0) return left;
    cut_oldest(server);
  }
  return -1;
}

/* Count a new peer. With the last place taken, close the oldest awaited connection, so that new
   clients always get in. */
static void add_peer(Server *server, struct MHD_Connection *connection, void **slot) {
  Peer *peer = *slot = calloc(1, sizeof *peer);
  server->peers++;
  if (peer) peer->connection = connection;
  await_request(server, peer);
  int is_full = server->peers >= server->max_peers;
  if (is_full && !ring_is_empty(&server->awaited) && !server->stopping) cut_oldest(server);
}

static void remove_peer(Server *server, void **slot) {
  server->peers--;
  server->again = 1;
  stop_awaiting(*slot);
  free(*slot);
  *slot = NULL;
}

/* -- callbacks of libmicrohttpd ---------------------------------------------------------------- */

static void on_connection(void *context, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode code) {
  if (code == MHD_CONNECTION_NOTIFY_STARTED) add_peer(context, connection, slot);
  else remove_peer(context, slot);
}

static void *on_uri(void *context, const char *target, struct MHD_Connection *connection) {
  Exchange *exchange = calloc(1, sizeof *exchange);
  if (!exchange) return NULL;
  exchange->server = context;
  exchange->connection = connection;
  exchange->target = strndup(target, MAX_TARGET);
  exchange->body.limit = exchange->server->max_body;
  return exchange;
}

static void on_done(void *context, struct MHD_Connection *connection, void **slot,
                    enum MHD_RequestTerminationCode code) {
  Exchange *exchange = *slot;
  (void)code;
  if (!exchange) return;
  ring_remove(&exchange->place);
  await_request(context, peer_of(connection));
  if (exchange->response) MHD_destroy_response(exchange->response);
  feed_free(exchange->feed);
  buf_clear(&exchange->body);
  free(exchange->target);
  free(exchange->method);
  free(exchange);
  *slot = NULL;
}

/* Refuse a request and close its connection, because the end of the request is unknown. */
static enum MHD_Result refuse(Exchange *exchange, unsigned status) {
  struct MHD_Response *empty = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
  if (empty) MHD_add_response_header(empty, MHD_HTTP_HEADER_CONNECTION, "close");
  exchange->refused = 1;
  enum MHD_Result result = MHD_queue_response(exchange->connection, status, empty);
  MHD_destroy_response(empty);
  return result;
}

/* The headers that define the length of a request. Two programs may read contradictory ones
   differently: one reads as a body what the other reads as the next request. */
typedef struct Frame { unsigned hosts, lengths, codings; int is_unknown; } Frame;

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value) {
  Frame *frame = context;
  (void)kind;
  if (text_equal(name, MHD_HTTP_HEADER_HOST)) frame->hosts++;
  if (text_equal(name, MHD_HTTP_HEADER_CONTENT_LENGTH)) frame->lengths++;
  if (text_equal(name, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
    frame->codings++;
    if (!text_equal(value, "chunked")) frame->is_unknown = 1;
  }
  return MHD_YES;
}

/* Return the status for a request with contradictory headers; 0 when they are right. */
static unsigned frame_fault(const Exchange *exchange) {
  Frame frame = { 0, 0, 0, 0 };
  MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_header, &frame);
  if (frame.hosts > 1 || frame.lengths > 1 || frame.codings > 1) return 400;
  if (frame.lengths && frame.codings) return 400;
  return frame.is_unknown ? 501 : 0;
}

static int is_too_large(const Exchange *exchange) {
  const char *length = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_CONTENT_LENGTH);
  return length && strtoull(length, NULL, 10) > exchange->server->max_body;
}

/* Suspend the connection until Lua has answered the request. */
static void hold(Exchange *exchange) {
  exchange->id = ++exchange->server->last_id;
  exchange->held = 1;
  ring_add(&exchange->server->fresh, &exchange->place);
  stop_awaiting(peer_of(exchange->connection));
  MHD_suspend_connection(exchange->connection);
}

/* Reset a connection. SO_LINGER does not work: libmicrohttpd sends a FIN first. */
static void reset(const Server *server, struct MHD_Connection *connection) {
  struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
  int fd = socket_of(connection);
  connect(server->front ? front_client(server->front, fd) : fd, &nowhere, sizeof nowhere);
}

static void send_garbage(struct MHD_Connection *connection) {
  static const char garbage[] = "\x7f\x03\xffthis is not HTTP\r\n\r\n";
  send(socket_of(connection), garbage, sizeof garbage, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static enum MHD_Result give_answer(Exchange *exchange) {
  if (exchange->server->stopping || exchange->fault == FAULT_CLOSE) return MHD_NO;
  if (exchange->fault == FAULT_RESET || exchange->fault == FAULT_GARBAGE) {
    if (exchange->fault == FAULT_RESET) reset(exchange->server, exchange->connection);
    else send_garbage(exchange->connection);
    return MHD_NO;
  }
  return MHD_queue_response(exchange->connection, exchange->status, exchange->response);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *url, const char *method, const char *version,
                                  const char *piece, size_t *size, void **slot) {
  Exchange *exchange = *slot;
  (void)context, (void)connection, (void)url, (void)version;
  if (!exchange || !exchange->target) return MHD_NO;
  if (exchange->answered || exchange->server->stopping) return give_answer(exchange);
  if (!exchange->begun) {      /* only now can a body be refused by its length */
    exchange->begun = 1;
    exchange->method = strdup(method);
    if (!exchange->method) return MHD_NO;
    unsigned fault = frame_fault(exchange);
    if (!fault && is_too_large(exchange)) fault = 413;
    return fault ? refuse(exchange, fault) : MHD_YES;
  }
  if (*size) {
    int failed = buf_add(&exchange->body, piece, *size);
    *size = 0;
    return failed ? MHD_NO : MHD_YES;      /* a chunked body is too large: close the connection */
  }
  if (!exchange->refused) hold(exchange);
  return MHD_YES;
}

/* -- the server -------------------------------------------------------------------------------- */

static Server *check_server(lua_State *L) { return check_open(L, 1, SERVER, "server"); }

/* Read an IPv4 or IPv6 address; return 0 when it is neither. */
static int read_address(const char *text, int port, struct sockaddr_storage *address) {
  struct sockaddr_in *four = (struct sockaddr_in *)address;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
  } else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
  } else {
    return 0;
  }
  return 1;
}

/* Without epoll libmicrohttpd has no descriptor to watch. Then a front has the sockets, and
   libmicrohttpd looks at its own ends at each run. */
static int has_epoll(void) {
#ifdef AML_LOOP_POLL
  return 0;
#else
  return MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES;
#endif
}

static int add_connection(void *owner, int fd, const struct sockaddr *client, socklen_t len) {
  Server *server = owner;
  return MHD_add_connection(server->daemon, fd, client, len) == MHD_YES ? 0 : -1;
}

static struct MHD_Daemon *start_daemon(Server *server, const struct sockaddr_storage *address) {
  unsigned flags = MHD_ALLOW_SUSPEND_RESUME | (has_epoll() ? MHD_USE_EPOLL : 0);
  if (address->ss_family == AF_INET6) flags |= MHD_USE_IPv6;
  if (server->front) flags |= MHD_USE_NO_LISTEN_SOCKET;
  return MHD_start_daemon(flags, 0, NULL, NULL, on_request, server,
    MHD_OPTION_SOCK_ADDR, address,
    MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
    MHD_OPTION_NOTIFY_COMPLETED, on_done, server,
    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
    MHD_OPTION_CONNECTION_LIMIT, server->max_peers,
    MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
    MHD_OPTION_STRICT_FOR_CLIENT, 1,
    MHD_OPTION_END);
}

/* Return the descriptor that libmicrohttpd is to be run for; -1: there is none. */
static int daemon_descriptor(const Server *server) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return info ? info->epoll_fd : -1;
}

/* Listen. Return NULL, or why that fails. */
static const char *start(Server *server, const struct sockaddr_storage *address,
                         const char *certificate, const char *key) {
  errno = 0;
  if (certificate || !has_epoll()) {
    server->front = front_new((const struct sockaddr *)address, server->request_time,
                              add_connection, server);
    if (!server->front) return strerror(errno);
    if (certificate && front_secure(server->front, certificate, key ? key : "") != 0)
      return "certificate and key cannot be used";
  }
  server->daemon = start_daemon(server, address);
  if (!server->daemon) return errno ? strerror(errno) : "libmicrohttpd could not start";
  if (server->front && has_epoll() && front_watch(server->front, daemon_descriptor(server)) != 0)
    return strerror(errno);
  return NULL;
}

static const char *opt_text(lua_State *L, const char *name, const char *otherwise) {
  lua_getfield(L, 1, name);
  return luaL_optstring(L, -1, otherwise);
}

static lua_Integer opt_integer(lua_State *L, const char *name, lua_Integer otherwise,
                               lua_Integer max) {
  lua_getfield(L, 1, name);
  lua_Integer value = luaL_optinteger(L, -1, otherwise);
  if (value < 0 || value > max)
    luaL_error(L, "option '%s' must be from 0 to %d", name, (int)max);
  return value;
}

static lua_Number opt_seconds(lua_State *L, const char *name, lua_Number otherwise) {
  lua_getfield(L, 1, name);
  lua_Number value = luaL_optnumber(L, -1, otherwise);
  if (!(value > 0 && value <= 86400))
    luaL_error(L, "option '%s' must be seconds above 0, and a day at most", name);
  return value;
}

static void resume_all(Ring *head) {
  while (!ring_is_empty(head)) {
    Exchange *exchange = container_of(head->next, Exchange, place);
    ring_remove(&exchange->place);
    MHD_resume_connection(exchange->connection);
  }
}

static void stop_streams(Server *server) {
  for (Ring *place = server->streams.next; place != &server->streams; place = place->next)
    feed_stop(container_of(place, Exchange, place)->feed);
}

/* Resume all connections first: libmicrohttpd aborts the process when it stops with a suspended
   connection. */
static void server_free(Server *server) {
  server->stopping = 1;
  resume_all(&server->fresh);
  resume_all(&server->held);
  stop_streams(server);
  if (server->daemon) MHD_stop_daemon(server->daemon);
  front_free(server->front);
  free(server);
}

static Server *server_new(void) {
  Server *server = calloc(1, sizeof *server);
  if (!server) return NULL;
  ring_init(&server->fresh);
  ring_init(&server->held);
  ring_init(&server->streams);
  ring_init(&server->awaited);
  return server;
}

/* listen{ address, port, max_body, connections, request_time (seconds), tls_certificate, tls_key
   (PEM texts) } -> server | nil, reason */
static int l_listen(lua_State *L) {
  struct sockaddr_storage address;
  luaL_checktype(L, 1, LUA_TTABLE);
  const char *text = opt_text(L, "address", "127.0.0.1");
  int port = (int)opt_integer(L, "port", 0, 65535);
  size_t max_body = (size_t)opt_integer(L, "max_body", MAX_BODY, 1 << 30);
  unsigned connections = (unsigned)opt_integer(L, "connections", CONNECTIONS, CONNECTIONS);
  lua_Number request_time = opt_seconds(L, "request_time", REQUEST_TIME);
  const char *certificate = opt_text(L, "tls_certificate", NULL);
  const char *key = opt_text(L, "tls_key", NULL);
  if (!read_address(text, port, &address))
    return luaL_error(L, "'%s' is not an address such as 127.0.0.1 or ::1", text);
  void **slot = push_slot(L, SERVER);
  Server *server = *slot = server_new();
  if (!server) return luaL_error(L, "there is not enough memory");
  server->max_peers = connections;
  if (!has_epoll() && connections > SELECTED) server->max_peers = SELECTED;
  server->request_time = request_time;
  server->max_body = max_body;
  const char *reason = start(server, &address, certificate, key);
  if (!reason) return 1;
  int is_in_use = errno == EADDRINUSE;
  server_free(server);
  *slot = NULL;
  lua_pushnil(L);
  if (is_in_use) lua_pushfstring(L, "port %d on %s is in use", port, text);
  else lua_pushfstring(L, "cannot listen on port %d of %s: %s", port, text, reason);
  return 2;
}

/* server:port() -> the port that the server listens on */
static int l_port(lua_State *L) {
  const Server *server = check_server(L);
  const union MHD_DaemonInfo *info =
    MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
  lua_pushinteger(L, server->front ? front_port(server->front) : info ? info->port : 0);
  return 1;
}

/* server:fd() -> the descriptor to watch */
static int l_fd(lua_State *L) {
  const Server *server = check_server(L);
  lua_pushinteger(L, server->front ? front_descriptor(server->front) : daemon_descriptor(server));
  return 1;
}

/* Set a header in the table on top, with its name in lower case.  [-0, +0, m] */
static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *value) {
  lua_State *L = context;
  char lower[256];
  size_t i = 0;
  (void)kind;
  for (; name[i] && i < sizeof lower - 1; i++)
    lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
  lower[i] = '\0';
  lua_pushstring(L, value ? value : "");
  lua_setfield(L, -2, lower);
  return MHD_YES;
}

static void push_request(lua_State *L, Exchange *exchange) {
  lua_createtable(L, 0, 5);
  set_integer(L, "id", (lua_Integer)exchange->id);
  set_text(L, "method", exchange->method);
  set_text(L, "target", exchange->target);
  push_buf(L, &exchange->body);
  lua_setfield(L, -2, "body");
  lua_newtable(L);
  MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, add_header, L);
  lua_setfield(L, -2, "headers");
}

/* Tell whether libmicrohttpd, without epoll, has something to read or to write at once. */
static int has_work(const Server *server) {
  struct timeval none = { 0, 0 };
  fd_set reads, writes, others;
  int last = -1;
  if (has_epoll()) return 0;
  FD_ZERO(&reads);
  FD_ZERO(&writes);
  FD_ZERO(&others);
  if (MHD_get_fdset(server->daemon, &reads, &writes, &others, &last) != MHD_YES) return 0;
  return select(last + 1, &reads, &writes, &others, &none) > 0;
}

/* Without epoll, let libmicrohttpd begin the answers before it reads again: it closes a connection
   when it reads its end, also while an answer waits. */
static void begin_answers(Server *server) {
  fd_set none;
  FD_ZERO(&none);
  if (!has_epoll()) MHD_run_from_select(server->daemon, &none, &none, &none);
}

/* Let the front move bytes. Return whether it moved any. */
static int run_front(Server *server) {
  unsigned room = server->peers < server->max_peers ? server->max_peers - server->peers : 0;
  return server->front ? front_run(server->front, room) : 0;
}

/* Run libmicrohttpd until no connection closes and no bytes move. With all places taken it stops
   watching its listening socket; it watches the socket again when it runs after a place became
   free. */
static void run(Server *server) {
  enum { MAX_TURNS = 16 };
  int turns = 0;
  run_front(server);
  do {
    server->again = 0;
    begin_answers(server);
    MHD_run(server->daemon);
    if (run_front(server) || has_work(server)) server->again = 1;
  } while (server->again && ++turns < MAX_TURNS);
}

/* Return the earlier of two times in seconds; a negative one means never. */
static double earlier(double a, double b) { return b < 0 || (a >= 0 && a < b) ? a : b; }

/* server:run() -> a list of new requests, seconds until it must run again (or nil). The caller runs
   it when the descriptor is ready, when that time has passed, and once after its answers, because
   resuming a connection makes no event. */
static int l_run(lua_State *L) {
  Server *server = check_server(L);
  MHD_UNSIGNED_LONG_LONG ms;
  run(server);
  lua_newtable(L);
  for (lua_Integer i = 1; !ring_is_empty(&server->fresh); i++) {
    Exchange *exchange = container_of(server->fresh.next, Exchange, place);
    push_request(L, exchange);
    ring_remove(&exchange->place);
    ring_add(&server->held, &exchange->place);
    lua_rawseti(L, -2, i);
  }
  double left = cut_late(server);
  if (MHD_get_timeout(server->daemon, &ms) == MHD_YES) left = earlier(left, (double)ms / 1000);
  if (server->front) left = earlier(left, front_cut_late(server->front));
  if (server->again) left = 0;
  if (left < 0) return 1;
  lua_pushnumber(L, left);
  return 2;
}

static Exchange *find(const Ring *head, unsigned long id) {
  for (Ring *place = head->next; place != head; place = place->next) {
    Exchange *exchange = container_of(place, Exchange, place);
    if (exchange->id == id) return exchange;
  }
  return NULL;
}

/* A body of which the server sends the first half, then closes the connection. */
typedef struct Half { size_t len; char bytes[]; } Half;

static ssize_t read_half(void *context, uint64_t offset, char *out, size_t max) {
  Half *half = context;
  size_t left = offset < half->len ? half->len - (size_t)offset : 0;
  if (!left) return MHD_CONTENT_READER_END_WITH_ERROR;
  size_t count = left < max ? left : max;
  memcpy(out, half->bytes + offset, count);
  return (ssize_t)count;
}

static struct MHD_Response *truncated_response(const char *body, size_t len) {
  Half *half = malloc(sizeof *half + len / 2 + 1);
  if (!half) return NULL;
  half->len = len / 2;
  memcpy(half->bytes, body, half->len);
  return MHD_create_response_from_callback(len, 1024, read_half, half, free);
}

static struct MHD_Response *whole_response(const char *body, size_t len) {
  return MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY);
}

/* Copy field 'headers' of the table at index to a response.  [-0, +1, e] */
static void add_answer_headers(lua_State *L, int index, struct MHD_Response *response) {
  if (lua_getfield(L, index, "headers") != LUA_TTABLE) return;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
    if (lua_type(L, -2) == LUA_TSTRING && lua_isstring(L, -1))
      MHD_add_response_header(response, lua_tostring(L, -2), lua_tostring(L, -1));
}

/* server:answer(id, { status, headers, body, fault }): answer a request; do nothing when its
   connection has closed */
static int l_answer(lua_State *L) {
  static const char nothing[] = "";
  Server *server = check_server(L);
  unsigned long id = (unsigned long)luaL_checkinteger(L, 2);
  size_t len = 0;
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_getfield(L, 3, "status");
  lua_Integer status = luaL_optinteger(L, -1, 200);
  luaL_argcheck(L, status >= 100 && status <= 599, 3, "a status from 100 to 599 expected");
  lua_getfield(L, 3, "body");
  const char *body = luaL_optlstring(L, -1, nothing, &len);
  lua_getfield(L, 3, "fault");
  Fault fault = (Fault)luaL_checkoption(L, -1, "none", fault_names);
  Exchange *exchange = find(&server->held, id);
  if (!exchange) return 0;
  exchange->response = fault == FAULT_TRUNCATE ? truncated_response(body, len)
                                               : whole_response(body, len);
  if (!exchange->response) return luaL_error(L, "there is not enough memory");
  add_answer_headers(L, 3, exchange->response);
  exchange->status = (unsigned)status;
  exchange->fault = fault;
  exchange->answered = 1;
  ring_remove(&exchange->place);
  await_request(server, peer_of(exchange->connection));      /* reading the answer counts, too */
  MHD_resume_connection(exchange->connection);
  return 0;
}

/* server:stream(id, { headers, limit, lost }): answer a request with a stream; `emit` adds to it.
   limit: the bytes that it keeps for a slow client; lost: the text in place of what it drops. */
static int l_stream(lua_State *L) {
  size_t len;
  Server *server = check_server(L);
  unsigned long id = (unsigned long)luaL_checkinteger(L, 2);
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_getfield(L, 3, "limit");
  lua_Integer limit = luaL_optinteger(L, -1, STREAM_LIMIT);
  luaL_argcheck(L, limit > 0 && limit <= MAX_BODY, 3, "a limit from 1 to 8 MiB expected");
  lua_getfield(L, 3, "lost");
  const char *lost = luaL_optlstring(L, -1, "", &len);
  Exchange *exchange = find(&server->held, id);
  if (!exchange) return 0;
  if (!exchange->feed)
    exchange->feed = feed_new(exchange->connection, (size_t)limit, lost, len);
  if (exchange->feed) exchange->response = feed_response(exchange->feed);
  if (!exchange->response) return luaL_error(L, "there is not enough memory");
  add_answer_headers(L, 3, exchange->response);
  exchange->status = MHD_HTTP_OK;
  exchange->answered = 1;
  ring_remove(&exchange->place);
  ring_add(&server->streams, &exchange->place);
  MHD_resume_connection(exchange->connection);
  return 0;
}

/* server:emit(id, text) -> whether the stream is open: add a text to it. The caller calls run
   afterwards. */
static int l_emit(lua_State *L) {
  size_t len;
  Server *server = check_server(L);
  unsigned long id = (unsigned long)luaL_checkinteger(L, 2);
  const char *text = luaL_checklstring(L, 3, &len);
  Exchange *exchange = find(&server->streams, id);
  if (exchange) feed_emit(exchange->feed, text, len);
  lua_pushboolean(L, exchange != NULL);
  return 1;
}

/* __gc, __close and close; a second call does nothing. */
static int l_close(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, SERVER);
  if (*slot) server_free(*slot);
  *slot = NULL;
  return 0;
}

static const luaL_Reg functions[] = { { "listen", l_listen }, { NULL, NULL } };

static const luaL_Reg methods[] = {
  { "port",   l_port },
  { "fd",     l_fd },
  { "run",    l_run },
  { "answer", l_answer },
  { "stream", l_stream },
  { "emit",   l_emit },
  { "close",  l_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = { { "__gc", l_close }, { "__close", l_close }, { NULL, NULL } };

AML_EXPORT int luaopen_azureml_httpd(lua_State *L);

AML_EXPORT int luaopen_azureml_httpd(lua_State *L) {
  make_type(L, SERVER, meta, methods);
  luaL_newlib(L, functions);
  lua_relay_register(L);
  lua_pushliteral(L, AML_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
