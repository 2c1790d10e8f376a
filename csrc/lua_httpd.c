/* lua_httpd.c: the border to libmicrohttpd as module azureml.httpd, for the emulator alone: requests come up whole, answers go down whole.
   It runs on a foreign loop: whoever owns it watches the descriptor, heeds the timeout, and calls run. */

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "buf.h"
#include "lua_core.h"
#include "ring.h"
#include "text.h"

#define SERVER "azureml.httpd.server"

enum {
  MAX_BODY = 8 * 1024 * 1024,
  MAX_TARGET = 64 * 1024,
  CONNECTION_MEMORY = 128 * 1024,      /* request line and headers, and the same for the answer's headers */
  CONNECTIONS = 4096,
  REQUEST_TIME = 60                    /* seconds that a connection has for its next request, from its first byte to its last */
};

typedef enum Fault { FAULT_NONE, FAULT_CLOSE, FAULT_RESET, FAULT_TRUNCATE, FAULT_GARBAGE } Fault;
static const char *const fault_names[] = { "none", "close", "reset", "truncate", "garbage", NULL };

typedef struct Server Server;

typedef struct Peer {            /* a connection; libmicrohttpd's socket_context */
  Ring     place;                /* in the server's ring of those that owe a request, the one that has for longest first */
  struct MHD_Connection *connection;
  double   since;
} Peer;

typedef struct Exchange {        /* one request and its answer; libmicrohttpd's con_cls */
  Ring      place;               /* in one of the server's rings, once its body is whole */
  Server   *server;
  struct MHD_Connection *connection;
  unsigned long id;
  char     *target, *method;
  Buf       body;
  int       begun, held, answered, refused;
  unsigned  status;
  Fault     fault;
  struct MHD_Response *response;
} Exchange;

struct Server {
  struct MHD_Daemon *daemon;
  Ring     fresh, held;          /* heads of rings: requests not yet handed up; handed up and not answered */
  Ring     owing;                /* of peers */
  unsigned peers, most_peers;
  int      again;                /* a connection has gone, or is to go: there may be room for another */
  double   request_time;
  unsigned long last_id;
  size_t   max_body;
  int      stopping;
};

/* -- peers ------------------------------------------------------------------------------------- */

/* libmicrohttpd's own timeout begins anew with each byte: whoever sends one a minute would keep a place for ever. */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int socket_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

static Peer *peer_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

static void owes(Server *server, Peer *peer) {
  if (!peer) return;
  peer->since = now();
  ring_remove(&peer->place);
  ring_add(&server->owing, &peer->place);
}

static void owes_nothing(Peer *peer) {
  if (peer) ring_remove(&peer->place);
}

static Peer *first_owing(const Server *server) { return container_of(server->owing.next, Peer, place); }

/* Whoever has owed for longest goes; libmicrohttpd sees the end of the connection when it looks next. */
static void cut_oldest(Server *server) {
  Peer *peer = first_owing(server);
  ring_remove(&peer->place);
  server->again = 1;
  shutdown(socket_of(peer->connection), SHUT_RDWR);
}

/* Seconds until the next one's time is up; negative: nobody owes anything. */
static double cut_late(Server *server) {
  double time = now();
  while (!ring_is_empty(&server->owing)) {
    double left = first_owing(server)->since + server->request_time - time;
    if (left > 0) return left;
    cut_oldest(server);
  }
  return -1;
}

/* With the last place taken the oldest one is given up: new clients always get in. */
static void on_connection(void *context, struct MHD_Connection *connection, void **slot, enum MHD_ConnectionNotificationCode what) {
  Server *server = context;
  Peer *peer = *slot;
  if (what == MHD_CONNECTION_NOTIFY_STARTED) {
    peer = *slot = calloc(1, sizeof *peer);
    server->peers++;
    if (peer) peer->connection = connection;
    owes(server, peer);
    if (server->peers >= server->most_peers && !ring_is_empty(&server->owing) && !server->stopping) cut_oldest(server);
  } else {
    server->peers--;
    server->again = 1;
    owes_nothing(peer);
    free(peer);
    *slot = NULL;
  }
}

/* -- what libmicrohttpd calls ------------------------------------------------------------------ */

static void *on_uri(void *context, const char *target, struct MHD_Connection *connection) {
  Exchange *one = calloc(1, sizeof *one);
  if (!one) return NULL;
  one->server = context;
  one->connection = connection;
  one->target = strndup(target, MAX_TARGET);
  one->body.limit = one->server->max_body;
  return one;
}

static void on_done(void *context, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode why) {
  Exchange *one = *slot;
  (void)why;
  if (!one) return;
  ring_remove(&one->place);
  owes(context, peer_of(connection));
  if (one->response) MHD_destroy_response(one->response);
  buf_clear(&one->body);
  free(one->target);
  free(one->method);
  free(one);
  *slot = NULL;
}

/* And no more on this connection: where one request ends is not known. */
static enum MHD_Result refuse(Exchange *one, unsigned status) {
  struct MHD_Response *empty = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
  if (empty) MHD_add_response_header(empty, MHD_HTTP_HEADER_CONNECTION, "close");
  one->refused = 1;
  enum MHD_Result result = MHD_queue_response(one->connection, status, empty);
  MHD_destroy_response(empty);
  return result;
}

/* Headers that two readers may read differently: what one takes for a body the other takes for the next request. */
typedef struct Frame { unsigned hosts, lengths, codings; int is_unknown; } Frame;

static enum MHD_Result look_at(void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
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

/* 0, or the status with which such a request is refused. */
static unsigned frame_fault(const Exchange *one) {
  Frame frame = { 0, 0, 0, 0 };
  MHD_get_connection_values(one->connection, MHD_HEADER_KIND, look_at, &frame);
  if (frame.hosts > 1 || frame.lengths > 1 || frame.codings > 1 || (frame.lengths && frame.codings)) return 400;
  return frame.is_unknown ? 501 : 0;
}

static int says_too_large(const Exchange *one) {
  const char *length = MHD_lookup_connection_value(one->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  return length && strtoull(length, NULL, 10) > one->server->max_body;
}

static void hold(Exchange *one) {
  one->id = ++one->server->last_id;
  one->held = 1;
  ring_add(&one->server->fresh, &one->place);
  owes_nothing(peer_of(one->connection));
  MHD_suspend_connection(one->connection);
}

/* SO_LINGER is not enough: libmicrohttpd would send a FIN first. */
static void reset(struct MHD_Connection *connection) {
  struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
  connect(socket_of(connection), &nowhere, sizeof nowhere);
}

static void send_garbage(struct MHD_Connection *connection) {
  static const char garbage[] = "\x7f\x03\xffthis is not HTTP\r\n\r\n";
  send(socket_of(connection), garbage, sizeof garbage, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static enum MHD_Result give_answer(Exchange *one) {
  if (one->server->stopping || one->fault == FAULT_CLOSE) return MHD_NO;
  if (one->fault == FAULT_RESET || one->fault == FAULT_GARBAGE) {
    if (one->fault == FAULT_RESET) reset(one->connection);
    else send_garbage(one->connection);
    return MHD_NO;
  }
  return MHD_queue_response(one->connection, one->status, one->response);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                  const char *piece, size_t *size, void **slot) {
  Exchange *one = *slot;
  (void)context, (void)connection, (void)url, (void)version;
  if (!one || !one->target) return MHD_NO;
  if (one->answered || one->server->stopping) return give_answer(one);
  if (!one->begun) {      /* the headers are there: the only time to refuse a body by its length */
    one->begun = 1;
    one->method = strdup(method);
    unsigned fault = frame_fault(one);
    if (!fault && says_too_large(one)) fault = 413;
    return fault ? refuse(one, fault) : MHD_YES;
  }
  if (*size) {
    int failed = buf_add(&one->body, piece, *size);
    *size = 0;
    return failed ? MHD_NO : MHD_YES;      /* chunked and too large: the connection closes */
  }
  if (!one->refused) hold(one);
  return MHD_YES;
}

/* -- the server -------------------------------------------------------------------------------- */

static Server *check_server(lua_State *L) { return check_open(L, 1, SERVER, "server"); }

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

static struct MHD_Daemon *start(Server *server, const struct sockaddr_storage *address, const char *certificate, const char *key) {
  unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
  struct MHD_OptionItem tls[] = {
    { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)certificate }, { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)key }, { MHD_OPTION_END, 0, NULL }
  };
  struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
  if (certificate) flags |= MHD_USE_TLS;
  if (address->ss_family == AF_INET6) flags |= MHD_USE_IPv6;
  return MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
    MHD_OPTION_NOTIFY_COMPLETED, on_done, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
    MHD_OPTION_CONNECTION_LIMIT, server->most_peers, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, certificate ? tls : plain, MHD_OPTION_END);
}

static const char *opt_text(lua_State *L, const char *name, const char *otherwise) {
  lua_getfield(L, 1, name);
  return luaL_optstring(L, -1, otherwise);
}

static lua_Integer opt_integer(lua_State *L, const char *name, lua_Integer otherwise, lua_Integer most) {
  lua_getfield(L, 1, name);
  lua_Integer value = luaL_optinteger(L, -1, otherwise);
  if (value < 0 || value > most) luaL_error(L, "option '%s' must be from 0 to %d", name, (int)most);
  return value;
}

static lua_Number opt_seconds(lua_State *L, const char *name, lua_Number otherwise) {
  lua_getfield(L, 1, name);
  lua_Number value = luaL_optnumber(L, -1, otherwise);
  if (!(value > 0 && value <= 86400)) luaL_error(L, "option '%s' must be seconds above 0, and a day at most", name);
  return value;
}

/* listen{ address, port, max_body, connections, request_time (seconds), tls_certificate, tls_key (PEM texts) } -> server | nil, why not */
static int l_listen(lua_State *L) {
  struct sockaddr_storage address;
  luaL_checktype(L, 1, LUA_TTABLE);
  const char *text = opt_text(L, "address", "127.0.0.1");
  int port = (int)opt_integer(L, "port", 0, 65535);
  size_t max_body = (size_t)opt_integer(L, "max_body", MAX_BODY, 1 << 30);
  unsigned connections = (unsigned)opt_integer(L, "connections", CONNECTIONS, CONNECTIONS);
  lua_Number request_time = opt_seconds(L, "request_time", REQUEST_TIME);
  const char *certificate = opt_text(L, "tls_certificate", NULL), *key = opt_text(L, "tls_key", NULL);
  if (!read_address(text, port, &address)) return luaL_error(L, "'%s' is not an address such as 127.0.0.1 or ::1", text);
  void **slot = push_slot(L, SERVER);
  Server *server = calloc(1, sizeof *server);
  if (!server) return luaL_error(L, "there is not enough memory");
  *slot = server;
  ring_init(&server->fresh);
  ring_init(&server->held);
  ring_init(&server->owing);
  server->most_peers = connections;
  server->request_time = request_time;
  server->max_body = max_body;
  errno = 0;
  server->daemon = start(server, &address, certificate, key);
  if (server->daemon) return 1;
  int why = errno;
  lua_pushnil(L);
  if (why == EADDRINUSE) lua_pushfstring(L, "port %d on %s is in use", port, text);
  else lua_pushfstring(L, "cannot listen on port %d of %s: %s", port, text, why ? strerror(why) : "libmicrohttpd refuses");
  return 2;
}

static int l_port(lua_State *L) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(check_server(L)->daemon, MHD_DAEMON_INFO_BIND_PORT);
  lua_pushinteger(L, info ? info->port : 0);
  return 1;
}

static int l_fd(lua_State *L) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(check_server(L)->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  lua_pushinteger(L, info ? info->epoll_fd : -1);
  return 1;
}

static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
  lua_State *L = context;
  char lower[256];
  size_t i = 0;
  (void)kind;
  for (; name[i] && i < sizeof lower - 1; i++) lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
  lower[i] = '\0';
  lua_pushstring(L, value ? value : "");
  lua_setfield(L, -2, lower);
  return MHD_YES;
}

static void push_request(lua_State *L, Exchange *one) {
  lua_createtable(L, 0, 5);
  set_integer(L, "id", (lua_Integer)one->id);
  set_text(L, "method", one->method);
  set_text(L, "target", one->target);
  push_buf(L, &one->body);
  lua_setfield(L, -2, "body");
  lua_newtable(L);
  MHD_get_connection_values(one->connection, MHD_HEADER_KIND, add_header, L);
  lua_setfield(L, -2, "headers");
}

/* With all places taken it looks away from its listening socket, and looks back when it runs after one was freed. */
static void run(Server *server) {
  enum { MOST_TURNS = 16 };
  int turns = 0;
  do {
    server->again = 0;
    MHD_run(server->daemon);
  } while (server->again && ++turns < MOST_TURNS);
}

/* run() -> the requests that are whole, seconds until it wants to run again (or nil). To be called when the descriptor is ready, when that
   time has passed, and once after answers: a resume wakes nobody. */
static int l_run(lua_State *L) {
  Server *server = check_server(L);
  MHD_UNSIGNED_LONG_LONG ms;
  run(server);
  lua_newtable(L);
  for (lua_Integer i = 1; !ring_is_empty(&server->fresh); i++) {
    Exchange *one = container_of(server->fresh.next, Exchange, place);
    push_request(L, one);
    ring_remove(&one->place);
    ring_add(&server->held, &one->place);
    lua_rawseti(L, -2, i);
  }
  double left = cut_late(server);
  if (MHD_get_timeout(server->daemon, &ms) == MHD_YES && (left < 0 || left > (double)ms / 1000)) left = (double)ms / 1000;
  if (server->again) left = 0;
  if (left < 0) return 1;
  lua_pushnumber(L, left);
  return 2;
}

static Exchange *find_held(Server *server, unsigned long id) {
  for (Ring *place = server->held.next; place != &server->held; place = place->next) {
    Exchange *exchange = container_of(place, Exchange, place);
    if (exchange->id == id) return exchange;
  }
  return NULL;
}

/* The reader of a body that breaks off half-way: what there is, then an error. */
typedef struct Half { size_t len; char bytes[]; } Half;

static ssize_t read_half(void *context, uint64_t at, char *out, size_t max) {
  Half *half = context;
  size_t left = at < half->len ? half->len - (size_t)at : 0;
  if (!left) return MHD_CONTENT_READER_END_WITH_ERROR;
  size_t count = left < max ? left : max;
  memcpy(out, half->bytes + at, count);
  return (ssize_t)count;
}

static struct MHD_Response *truncated(const char *body, size_t len) {
  Half *half = malloc(sizeof *half + len / 2 + 1);
  if (!half) return NULL;
  half->len = len / 2;
  memcpy(half->bytes, body, half->len);
  return MHD_create_response_from_callback(len, 1024, read_half, half, free);
}

static void add_answer_headers(lua_State *L, int index, struct MHD_Response *response) {
  if (lua_getfield(L, index, "headers") != LUA_TTABLE) return;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
    if (lua_type(L, -2) == LUA_TSTRING && lua_isstring(L, -1)) MHD_add_response_header(response, lua_tostring(L, -2), lua_tostring(L, -1));
}

/* answer(id, { status, headers, body, fault }); an id whose connection has gone is ignored */
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
  Exchange *one = find_held(server, id);
  if (!one) return 0;
  one->response = fault == FAULT_TRUNCATE ? truncated(body, len) : MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY);
  if (!one->response) return luaL_error(L, "there is not enough memory");
  add_answer_headers(L, 3, one->response);
  one->status = (unsigned)status;
  one->fault = fault;
  one->answered = 1;
  ring_remove(&one->place);
  owes(server, peer_of(one->connection));      /* to read the answer, too */
  MHD_resume_connection(one->connection);
  return 0;
}

static void resume_all(Ring *head) {
  while (!ring_is_empty(head)) {
    Exchange *one = container_of(head->next, Exchange, place);
    ring_remove(&one->place);
    MHD_resume_connection(one->connection);
  }
}

/* A daemon that is stopped with a connection suspended aborts the process: all are resumed first. */
static int l_close(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, SERVER);
  Server *server = *slot;
  *slot = NULL;
  if (!server) return 0;
  server->stopping = 1;
  resume_all(&server->fresh);
  resume_all(&server->held);
  if (server->daemon) MHD_stop_daemon(server->daemon);
  free(server);
  return 0;
}

static const luaL_Reg functions[] = { { "listen", l_listen }, { NULL, NULL } };

static const luaL_Reg methods[] = {
  { "port",   l_port },
  { "fd",     l_fd },
  { "run",    l_run },
  { "answer", l_answer },
  { "close",  l_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = { { "__gc", l_close }, { "__close", l_close }, { NULL, NULL } };

AML_EXPORT int luaopen_azureml_httpd(lua_State *L);

AML_EXPORT int luaopen_azureml_httpd(lua_State *L) {
  make_type(L, SERVER, meta, methods);
  luaL_newlib(L, functions);
  return 1;
}
