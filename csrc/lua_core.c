/* lua_core.c: the Lua functions for clients, operations, the loop's step and its clock. A function
   reads its tables into plain structs of the core and pushes the results; the core keeps no Lua
   value. azureml.client and azureml.task are the public interface. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lua_core.h"
#include "pace.h"
#include "platform.h"
#include "retry.h"
#include "text.h"
#include "url.h"

#define OPS "azureml.ops"      /* registry: Op or Stream -> its userdata, with weak values */

/* -- replies ----------------------------------------------------------------------------------- */

/* Push status, body, head and the wait that the service asks for. The head holds the header lines
   unparsed, because few scripts read them; headers() parses it.  [-0, +1, m] */
static void push_reply(lua_State *L, const Reply *reply) {
  double after = retry_after(&reply->headers, time(NULL));
  lua_createtable(L, 0, 5);      /* azureml.reply adds a field */
  set_integer(L, "status", reply->status);
  if (after > 0) {
    lua_pushnumber(L, after);
    lua_setfield(L, -2, "retry_after");
  }
  push_buf(L, &reply->body);
  lua_setfield(L, -2, "body");
  push_buf(L, &reply->headers.lines);
  lua_setfield(L, -2, "head");
}

static void push_lower(lua_State *L, const char *text, size_t len) {
  luaL_Buffer lower;
  char *out = luaL_buffinitsize(L, &lower, len);
  for (size_t i = 0; i < len; i++)
    out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
  luaL_pushresultsize(&lower, len);
}

/* read_error(text) -> the error in JSON text: code, message, target, more */
static int l_read_error(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  Error error = { 0 };
  error_from_json(&error, text, len);
  push_error_fields(L, &error);
  error_clear(&error);
  return 1;
}

/* headers(head) -> a table: name in lower case -> value. The first of several headers with the same
   name wins. */
static int l_headers(lua_State *L) {
  Headers headers = { .lines = { 0 } };
  headers.lines.data = (char *)luaL_checklstring(L, 1, &headers.lines.len);
  lua_settop(L, 1);
  lua_newtable(L);
  for (const char *line = headers_next(&headers, NULL); line; line = headers_next(&headers, line)) {
    size_t len = strcspn(line, ":");
    push_lower(L, line, len);
    lua_pushvalue(L, -1);
    int known = lua_rawget(L, 2) != LUA_TNIL;
    lua_pop(L, 1);
    lua_pushstring(L, line + len + 1 + strspn(line + len + 1, " \t"));
    if (known) lua_pop(L, 2);
    else lua_rawset(L, 2);
  }
  return 1;
}

/* -- clients ----------------------------------------------------------------------------------- */

static Client *check_client(lua_State *L) { return check_open_self(L, CLIENT, "client"); }

static const char *const client_keys[] = {
  "endpoint", "credential", "scope", "tenant_id", "user_agent", "ca_file", "proxy", "allow_hosts",
  "connect_timeout", "request_timeout", "poll_interval", "max_reply", "retry", "cookies",
  "observer", NULL
};
static const char *const retry_keys[] = {
  "tries", "delay", "max_delay", "statuses", "methods", NULL
};

static void read_statuses(lua_State *L, int arg, RetryPolicy *retry) {
  if (!opt_field(L, arg, "statuses", LUA_TTABLE)) return;
  lua_Integer count = luaL_len(L, -1);
  if (count >= RETRY_STATUSES)
    luaL_error(L, "option 'retry.statuses' has more than %d entries", RETRY_STATUSES - 1);
  memset(retry->statuses, 0, sizeof retry->statuses);
  for (lua_Integer i = 0; i < count; i++) {
    lua_rawgeti(L, -1, i + 1);
    if (!lua_isinteger(L, -1))
      luaL_error(L, "option 'retry.statuses' must be a list of numbers such as 503");
    retry->statuses[i] = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
}

static void read_methods(lua_State *L, int arg, RetryPolicy *retry) {
  const char *names[MAX_LIST + 1];
  if (!opt_list(L, arg, "methods", names)) return;
  retry->methods = 0;
  retry->methods_given = 1;
  for (size_t i = 0; names[i]; i++) {
    unsigned bit = retry_method(names[i]);
    if (!bit) luaL_error(L, "option 'retry.methods' has the unknown method '%s'", names[i]);
    retry->methods |= bit;
  }
}

static void read_retry(lua_State *L, RetryPolicy *retry) {
  if (!opt_field(L, 1, "retry", LUA_TTABLE)) return;
  int index = lua_gettop(L);
  check_keys(L, index, "retry", retry_keys);
  retry->tries = (int)opt_number(L, index, "tries", retry->tries);
  retry->delay = opt_number(L, index, "delay", retry->delay);
  retry->max_delay = opt_number(L, index, "max_delay", retry->max_delay);
  read_methods(L, index, retry);
  read_statuses(L, index, retry);
}

static void read_client(lua_State *L, ClientOptions *options,
                        const char *hosts[MAX_LIST + 1]) {
  options->endpoint = req_string(L, 1, "endpoint");
  options->scope = opt_string(L, 1, "scope");
  options->tenant_id = opt_string(L, 1, "tenant_id");
  options->user_agent = opt_string(L, 1, "user_agent");
  options->ca_file = opt_string(L, 1, "ca_file");
  options->proxy = opt_string(L, 1, "proxy");
  options->allow_hosts = opt_list(L, 1, "allow_hosts", hosts);
  options->connect_timeout = opt_number(L, 1, "connect_timeout", options->connect_timeout);
  options->request_timeout = opt_number(L, 1, "request_timeout", options->request_timeout);
  options->poll_interval = opt_number(L, 1, "poll_interval", options->poll_interval);
  options->max_reply = (size_t)opt_number(L, 1, "max_reply", (double)options->max_reply);
  options->cookies = opt_boolean(L, 1, "cookies");
  options->observer = (int)opt_number(L, 1, "observer", 0);
  read_retry(L, &options->retry);
  if (lua_getfield(L, 1, "credential") == LUA_TNIL) return;
  options->credential = check_open(L, lua_gettop(L), CREDENTIAL, "credential");
  lua_setiuservalue(L, 2, 1);      /* the client keeps the credential's Lua functions alive */
  if (!options->scope)
    luaL_error(L, "option 'scope' is missing: it names the resource of the credential's token");
}

/* client(options) -> client | nil, error */
static int l_client(lua_State *L) {
  Error error = { 0 };
  ClientOptions options;
  const char *hosts[MAX_LIST + 1];
  lua_settop(L, 1);
  check_keys(L, 1, "a client", client_keys);
  client_defaults(&options);
  void **slot = push_slot(L, CLIENT);
  lua_insert(L, 2);
  read_client(L, &options, hosts);
  *slot = client_new(loop_of(L), &options, &error);
  if (!*slot) return push_failure(L, &error);
  lua_settop(L, 2);
  return 1;
}

/* __gc, __close and close. Operations hold their own reference to the client. */
static int l_client_close(lua_State *L) {
  void **slot = check_self(L, CLIENT);
  if (!is_parents(L)) client_unref(*slot);
  *slot = NULL;
  return 0;
}

static int l_client_tostring(lua_State *L) {
  void **slot = check_self(L, CLIENT);
  lua_pushfstring(L, "client: %s", *slot ? client_endpoint(*slot) : "closed");
  return 1;
}

static int l_client_endpoint(lua_State *L) {
  lua_pushstring(L, client_endpoint(check_client(L)));
  return 1;
}

/* client:remaining(url, method) -> the rest of the throttling budget | nothing: it is unknown */
static int l_client_remaining(lua_State *L) {
  long left = client_remaining(check_client(L), luaL_checkstring(L, 2), luaL_checkstring(L, 3));
  if (left < 0) return 0;
  lua_pushinteger(L, left);
  return 1;
}

/* -- operations -------------------------------------------------------------------------------- */

static Op *check_op(lua_State *L) { return check_open_self(L, OPERATION, "operation"); }

static const char *const request_keys[] = {
  "method", "url", "headers", "body", "timeout", "follow", "final_state", "label", "resume",
  "request_id", "within", "poll_query", "token_only", "cautious", NULL
};
static const char *const resume_keys[] = {
  "mode", "poll_url", "poll_query", "location", "resource_location", "status", NULL
};

static void read_final_state(lua_State *L, Request *request) {
  const char *word = opt_string(L, 2, "final_state");
  if (word && !lro_final_state(word, &request->final_state))
    luaL_error(L, "option 'final_state_via' must be location, azure-async-operation, "
               "operation-location or original-uri, not '%s'", word);
}

static void read_resume(lua_State *L, Request *request, Lro *from) {
  if (!opt_field(L, 2, "resume", LUA_TTABLE)) return;
  int index = lua_gettop(L);
  check_keys(L, index, "resume", resume_keys);
  const char *mode = req_string(L, index, "mode");
  from->mode = lro_mode(mode);
  if (from->mode == LRO_NONE)
    luaL_error(L, "option 'resume.mode' must be monitor, location or body, not '%s'", mode);
  from->poll_url = (char *)req_string(L, index, "poll_url");      /* op_request copies the texts */
  from->poll_query = (char *)opt_string(L, index, "poll_query");
  from->location = (char *)opt_string(L, index, "location");
  from->resource_location = (char *)opt_string(L, index, "resource_location");
  from->status = (char *)opt_string(L, index, "status");
  request->resume = from;
}

static void read_request(lua_State *L, Request *request, const char *headers[MAX_LIST + 1],
                         Lro *from) {
  request->method = req_string(L, 2, "method");
  request->url = req_string(L, 2, "url");
  request->headers = opt_list(L, 2, "headers", headers);
  if (opt_field(L, 2, "body", LUA_TSTRING))
    request->body = lua_tolstring(L, -1, &request->body_len);
  request->timeout = opt_number(L, 2, "timeout", 0);
  request->follow = opt_boolean(L, 2, "follow");
  request->poll_query = opt_string(L, 2, "poll_query");
  request->label = opt_string(L, 2, "label");
  request->request_id = opt_string(L, 2, "request_id");
  request->token_only = opt_boolean(L, 2, "token_only");
  request->cautious = opt_boolean(L, 2, "cautious");
  request->within = (unsigned long)opt_number(L, 2, "within", 0);
  read_final_state(L, request);
  read_resume(L, request, from);
}

void remember(lua_State *L, int index, const void *object) {
  lua_getfield(L, LUA_REGISTRYINDEX, OPS);
  lua_pushvalue(L, index);
  lua_rawsetp(L, -2, object);
  lua_pop(L, 1);
}

/* Start a request of the client that is the first argument. Push the operation and return 1, or
   push nil and an error and return 2.  [-0, +1|+2, em] */
static int push_op(lua_State *L, Client *client, const Request *request) {
  Error error = { 0 };
  void **slot = push_slot(L, OPERATION);
  *slot = op_request(client, request, &error);
  if (!*slot) return push_failure(L, &error);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);      /* the operation keeps its client alive */
  remember(L, lua_gettop(L), *slot);
  return 1;
}

/* client:request(options) -> operation | nil, error */
static int l_request(lua_State *L) {
  Request request = { 0 };
  Lro from = { 0 };
  const char *headers[MAX_LIST + 1];
  Client *client = check_client(L);
  loop_of(L);      /* raises an error in a forked child */
  lua_settop(L, 2);
  check_keys(L, 2, "a request", request_keys);
  read_request(L, &request, headers, &from);
  return push_op(L, client, &request);
}

/* client:get(url, verb, name, timeout, within) -> operation | nil, error. Its label is verb and
   name. The last two arguments may be nil. Most requests are such a GET: it needs no table and no
   string for its label, and takes 6,000 instructions less. */
static int l_get(lua_State *L) {
  Client *client = check_client(L);
  loop_of(L);      /* raises an error in a forked child */
  Request request = {
    .method = "GET",
    .url = arg_string(L, 2, "url"),
    .label = arg_string(L, 3, "verb"),
    .subject = arg_string(L, 4, "name"),
    .timeout = arg_number(L, 5, "timeout"),
    .within = (unsigned long)arg_number(L, 6, "within")
  };
  if (!request.url) return luaL_error(L, "option 'url' is missing");
  return push_op(L, client, &request);
}

/* sleep(seconds) -> an operation that is done after that time */
static int l_sleep(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  luaL_argcheck(L, seconds >= 0 && seconds <= 1e9, 1, "seconds from 0 to 1e9 expected");
  void **slot = push_slot(L, OPERATION);
  *slot = op_sleep(loop_of(L), seconds);
  if (!*slot) return luaL_error(L, "there is not enough memory");
  remember(L, lua_gettop(L), *slot);
  return 1;
}

/* __gc, __close and close; a second call does nothing. The service continues an operation that it
   has accepted. */
static int l_op_close(lua_State *L) {
  void **slot = check_self(L, OPERATION);
  if (*slot && !is_parents(L)) op_free(*slot);
  *slot = NULL;
  return 0;
}

static int l_op_accepted(lua_State *L) {
  lua_pushboolean(L, op_accepted(check_op(L)));
  return 1;
}

/* op:unanswered() -> whether the request is on its way and its answer has not come */
static int l_op_unanswered(lua_State *L) {
  lua_pushboolean(L, op_unanswered(check_op(L)));
  return 1;
}

static int l_op_done(lua_State *L) {
  lua_pushboolean(L, op_done(check_op(L)));
  return 1;
}

static int l_op_polls(lua_State *L) {
  lua_pushinteger(L, op_polls(check_op(L)));
  return 1;
}

static int l_op_request_id(lua_State *L) {
  lua_pushstring(L, op_request_id(check_op(L)));
  return 1;
}

static int l_op_is_closed(lua_State *L) {
  void **slot = check_self(L, OPERATION);
  lua_pushboolean(L, *slot == NULL);
  return 1;
}

/* op:waits_for(id) -> whether the operation waits for the answer to that question */
static int l_op_waits_for(lua_State *L) {
  const Op *op = check_op(L);
  lua_pushboolean(L, op_waits_for(op, (unsigned long)luaL_checkinteger(L, 2)));
  return 1;
}

static int l_op_watch_polls(lua_State *L) {
  op_watch_polls(check_op(L), lua_toboolean(L, 2));
  return 0;
}

static int l_op_hold(lua_State *L) {
  op_hold(check_op(L), lua_toboolean(L, 2));
  return 0;
}

static int l_op_poll_now(lua_State *L) {
  op_poll_now(check_op(L));
  return 0;
}

/* op:next_poll() -> seconds until the next poll is due, whether the service set that time
   | nothing: no poll is planned */
static int l_op_next_poll(lua_State *L) {
  int paced;
  double seconds = op_next_poll(check_op(L), &paced);
  if (seconds < 0) return 0;
  lua_pushnumber(L, seconds);
  lua_pushboolean(L, paced);
  return 2;
}

/* op:status() -> the last status of a followed operation | nil */
static int l_op_status(lua_State *L) {
  lua_pushstring(L, op_status(check_op(L)));
  return 1;
}

/* op:result() -> the reply | nil, error | nothing: the operation is not done */
static int l_op_result(lua_State *L) {
  const Op *op = check_op(L);
  if (!op_done(op)) return 0;
  if (!op_error(op)) {
    push_reply(L, op_reply(op));
    return 1;
  }
  lua_pushnil(L);
  push_error(L, op_error(op));
  return 2;
}

/* Return the body of the reply; NULL: there is no such reply. */
static const Buf *body_of(const Op *op) {
  if (!op_done(op) || op_error(op)) return NULL;
  const Buf *body = &op_reply(op)->body;
  return body->data ? body : NULL;
}

/* op:document(scanner) -> document, the seconds that the service asks the client to wait or nil
   | nothing: there is no such reply. The reply is scanned where it lies: the text and the headers
   become no Lua strings. */
static int l_op_document(lua_State *L) {
  const Op *op = check_op(L);
  const Buf *body = body_of(op);
  if (!body || !lua_scan_push_object(L, 2, body->data, body->len)) return 0;
  double after = retry_after(&op_reply(op)->headers, time(NULL));
  if (after > 0) lua_pushnumber(L, after);
  else lua_pushnil(L);
  return 2;
}

/* op:page(scanner, items, next) -> documents, the next page's URL or nil | nothing: there is no
   such reply. The reply is scanned where it lies: a page of 220 KB becomes no Lua string. */
static int l_op_page(lua_State *L) {
  const Buf *body = body_of(check_op(L));
  return body ? lua_scan_push_page(L, 2, body->data, body->len) : 0;
}

/* op:trouble() -> the final error, or the error of the last poll | nothing */
static int l_op_trouble(lua_State *L) {
  const Error *error = op_error(check_op(L));
  if (!error) return 0;
  push_error(L, error);
  return 1;
}

/* op:first() -> the reply that accepted a followed operation, without headers | nothing */
static int l_op_first(lua_State *L) {
  Reply first;
  if (!op_first_reply(check_op(L), &first)) return 0;
  push_reply(L, &first);
  return 1;
}

/* op:is_polled() -> whether the operation has a status to poll. Such an operation can be written as
   JSON and continued by another process. */
static int l_op_is_polled(lua_State *L) {
  lua_pushboolean(L, op_is_polled(check_op(L)));
  return 1;
}

static int l_op_tostring(lua_State *L) {
  void **slot = check_self(L, OPERATION);
  char *text = *slot ? op_describe(*slot) : NULL;
  if (text) return push_owned(L, text);
  lua_pushstring(L, *slot ? "operation" : "closed operation");
  return 1;
}

/* -- step -------------------------------------------------------------------------------------- */

static lua_State *main_coroutine(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_State *main = lua_tothread(L, -1);
  lua_pop(L, 1);
  return main;
}

/* Tell whether the signal handler of lua.c has set its hook. The hooks of debuggers and coverage
   tools have another mask or count. */
static int is_interrupted(lua_State *L) {
  const int mask = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;
  return lua_gethookmask(L) == mask && lua_gethookcount(L) == 1;
}

/* Move the interrupt hook from the main coroutine to L: Lua calls the hook of the running coroutine
   only. */
static void carry_interrupt(lua_State *L, lua_State *main) {
  if (main == L || !is_interrupted(main)) return;
  lua_sethook(L, lua_gethook(main), lua_gethookmask(main), lua_gethookcount(main));
  lua_sethook(main, NULL, 0, 0);
}

/* Tell whether a signal makes a descriptor ready that the loop watches. */
static int wakes_loop(lua_State *L) {
  int wakes = lua_getfield(L, LUA_REGISTRYINDEX, SIGNALS_WAKE_LOOP) != LUA_TNIL;
  lua_pop(L, 1);
  return wakes;
}

/* Wait for an event. Under lua.c SIGINT is unblocked only during the wait itself: a signal between
   the check and the wait would be lost otherwise. */
static Event wait_for_event(lua_State *L, lua_State *main, Loop *loop, double timeout) {
  sigset_t block, before;
  if (wakes_loop(L)) return loop_step(loop, timeout, NULL);
  sigemptyset(&block);
  sigaddset(&block, SIGINT);
  sigprocmask(SIG_BLOCK, &block, &before);
  if (is_interrupted(main) || is_interrupted(L)) timeout = 0;
  Event event = loop_step(loop, timeout, &before);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return event;
}

static Event step(lua_State *L, Loop *loop, double timeout) {
  lua_State *main = main_coroutine(L);
  Event event = loop_has_news(loop) ? loop_step(loop, timeout, NULL)
                                    : wait_for_event(L, main, loop, timeout);
  carry_interrupt(L, main);
  return event;
}

/* Set the fields of an exchange in the table on top: its url replaces the shortened one.
   [-0, +0, m] */
static void push_recorded(lua_State *L, const Recorded *recorded) {
  set_text(L, "url", recorded->url);
  set_text(L, "sent", recorded->sent);
  set_text(L, "headers", recorded->headers);
  set_text(L, "body", recorded->body);
}

/* Push a request or a reply of an observed client.  [-0, +1, m] */
static void push_seen(lua_State *L, const Seen *seen) {
  const TraceLine *line = &seen->line;
  lua_createtable(L, 0, 10);
  set_integer(L, "observer", seen->observer);
  lua_pushboolean(L, seen->answered);
  lua_setfield(L, -2, "answered");
  set_text(L, "event", line->event);
  set_text(L, "method", line->method);
  set_text(L, "url", line->url);
  set_integer(L, "attempt", line->attempt);
  set_text(L, "client_request_id", line->client_request_id);
  if (!seen->answered) return;
  if (line->status) set_integer(L, "status", line->status);
  set_integer(L, "bytes", (lua_Integer)line->bytes);
  lua_pushnumber(L, line->seconds);
  lua_setfield(L, -2, "seconds");
  if (line->retry_after > 0) {
    lua_pushnumber(L, line->retry_after);
    lua_setfield(L, -2, "retry_after");
  }
  set_text(L, "request_id", line->request_id);
  set_text(L, "error", line->error);
  if (seen->recorded.url) push_recorded(L, &seen->recorded);
}

/* Push an event and return how many values it has; see l_step.  [-0, +0..5, m] */
static int push_event(lua_State *L, Event event) {
  switch (event.kind) {
    case EVENT_OP:
    case EVENT_STREAM:
      lua_pushliteral(L, "op");
      lua_getfield(L, LUA_REGISTRYINDEX, OPS);
      lua_rawgetp(L, -1, event.kind == EVENT_OP ? (void *)event.op : (void *)event.stream);
      lua_remove(L, -2);
      return 2;
    case EVENT_WATCH:
      lua_pushliteral(L, "watch");
      lua_pushinteger(L, event.fd);
      return 2;
    case EVENT_QUESTION:
      lua_pushliteral(L, "question");
      return 1 + lua_credential_push_question(L, event.question);
    case EVENT_SEEN:
      lua_pushliteral(L, "seen");
      return 1;
    case EVENT_IDLE:
      lua_pushliteral(L, "idle");
      return 1;
    default:
      return 0;
  }
}

/* step(seconds) -> "op", op or stream | "watch", fd | "question", id, kind, payload, handler
   | "seen" | "idle" | nothing: the time has passed. Without seconds it waits for an event. */
static int l_step(lua_State *L) {
  double timeout = luaL_optnumber(L, 1, -1);
  return push_event(L, step(L, loop_of(L), timeout >= 0 ? timeout : -1));
}

/* next() -> an event that has come already, as step returns it | nothing: there is none */
static int l_next(lua_State *L) {
  Loop *loop = loop_of(L);
  return loop_has_news(loop) ? push_event(L, loop_step(loop, 0, NULL)) : 0;
}

/* send(): send started requests now instead of at the next step */
static int l_send(lua_State *L) {
  loop_send(loop_of(L));
  return 0;
}

/* seen() -> the oldest request or reply of an observed client: { observer, answered, event, ... }
   | nothing: there is no other */
static int l_seen(lua_State *L) {
  Seen *seen = loop_take_seen(loop_of(L));
  if (!seen) return 0;
  push_seen(L, seen);
  seen_free(seen);
  return 1;
}

/* watch(fd, "input" | "output" | "nothing"): report when a descriptor is ready, or stop that */
static int l_watch(lua_State *L) {
  static const char *const names[] = { "nothing", "input", "output", NULL };
  int fd = (int)luaL_checkinteger(L, 1);
  if (loop_watch(loop_of(L), fd, (LoopWatch)luaL_checkoption(L, 2, NULL, names)) == 0) return 0;
  return luaL_error(L, "cannot watch descriptor %d: %s", fd, strerror(errno));
}

/* trace(path) -> true | nil, error */
static int l_trace(lua_State *L) {
  Error error = { 0 };
  if (loop_trace(loop_of(L), luaL_checkstring(L, 1), &error) != 0) return push_failure(L, &error);
  lua_pushboolean(L, 1);
  return 1;
}

/* record(observer): show all exchanges but those of tokens to this observer; 0: stop */
static int l_record(lua_State *L) {
  loop_record(loop_of(L), (int)luaL_checkinteger(L, 1));
  return 0;
}

/* traffic() -> requests, throttled, held: a list of { purpose, method, status, count }, the number
   of replies of status 429, and the seconds in which throttling held requests back */
static int l_traffic(lua_State *L) {
  Loop *loop = loop_of(L);
  const Traffic *traffic = loop_traffic(loop);
  TrafficCount row;
  lua_newtable(L);
  for (int place = 0; traffic_next(traffic, &place, &row); ) {
    lua_createtable(L, 0, 4);
    set_text(L, "purpose", row.purpose);
    set_text(L, "method", row.method);
    set_text(L, "status", row.status);
    set_integer(L, "count", (lua_Integer)row.count);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  }
  lua_pushinteger(L, (lua_Integer)traffic->throttled);
  lua_pushnumber(L, traffic_held(traffic, loop_now(loop)));
  return 3;
}

/* -- clock ------------------------------------------------------------------------------------- */

/* pace_after(seconds) -> the pause that follows a pause of so many seconds */
static int l_pace_after(lua_State *L) {
  lua_pushnumber(L, pace_after(&pace_default, luaL_checknumber(L, 1)));
  return 1;
}

/* now() -> seconds on the loop's clock, which never goes back */
static int l_now(lua_State *L) {
  lua_pushnumber(L, loop_now(loop_of(L)));
  return 1;
}

/* time() -> seconds since 1970, with a fraction */
static int l_time(lua_State *L) {
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  lua_pushnumber(L, (double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
  return 1;
}

/* clock("real" | "virtual"): a virtual clock jumps to the next due time instead of waiting */
static int l_clock(lua_State *L) {
  static const char *const names[] = { "real", "virtual", NULL };
  loop_virtual(loop_of(L), luaL_checkoption(L, 1, NULL, names));
  return 0;
}

/* -- random numbers and URLs ------------------------------------------------------------------- */

/* random(count) -> random bytes */
static int l_random(lua_State *L) {
  char bytes[256];
  lua_Integer count = luaL_checkinteger(L, 1);
  luaL_argcheck(L, count > 0 && count <= (lua_Integer)sizeof bytes, 1, "1 to 256 bytes expected");
  if (platform_random(bytes, (size_t)count) != 0)
    return luaL_error(L, "the system gave no random bytes");
  lua_pushlstring(L, bytes, (size_t)count);
  return 1;
}

static int l_guid(lua_State *L) {
  char guid[37];
  loop_guid(loop_of(L), guid);
  lua_pushstring(L, guid);
  return 1;
}

/* escape(text) -> the text, percent-encoded for a URL. Most texts, such as names, are returned as
   they are, for 1,000 instructions less. */
static int l_escape(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  Buf out = { 0 };
  if (url_is_unreserved(text, len)) {
    lua_settop(L, 1);
    return 1;
  }
  url_escape(&out, text, len);
  if (out.failed) {
    buf_clear(&out);
    return luaL_error(L, "there is not enough memory");
  }
  push_owned_buf(L, &out);
  return 1;
}

/* origin(url) -> scheme, host and port of an http(s) URL | nil */
static int l_origin(lua_State *L) {
  const char *url = luaL_checkstring(L, 1);
  errno = 0;
  char *origin = url_origin(url);
  if (!origin && errno == ENOMEM) luaL_error(L, "there is not enough memory");
  return push_owned(L, origin);
}

/* redacted(url) -> the URL for people, without user information and values of its query */
static int l_redacted(lua_State *L) {
  return push_owned(L, url_redacted(luaL_checkstring(L, 1)));
}

/* resolve(base, reference) -> URL | nil: the result is not an http(s) URL */
static int l_resolve(lua_State *L) {
  return push_owned(L, url_resolve(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
}

/* mend(url): escape what a URL must not hold */
static int l_mend(lua_State *L) {
  return push_owned(L, url_mend(luaL_checkstring(L, 1)));
}

static int l_is_loopback(lua_State *L) {
  lua_pushboolean(L, url_is_loopback(luaL_checkstring(L, 1)));
  return 1;
}

/* -- registering ------------------------------------------------------------------------------- */

static const luaL_Reg functions[] = {
  { "client",      l_client },
  { "sleep",       l_sleep },
  { "step",        l_step },
  { "next",        l_next },
  { "send",        l_send },
  { "seen",        l_seen },
  { "watch",       l_watch },
  { "trace",       l_trace },
  { "record",      l_record },
  { "traffic",     l_traffic },
  { "now",         l_now },
  { "pace_after",  l_pace_after },
  { "time",        l_time },
  { "clock",       l_clock },
  { "random",      l_random },
  { "guid",        l_guid },
  { "escape",      l_escape },
  { "headers",     l_headers },
  { "read_error",  l_read_error },
  { "origin",      l_origin },
  { "redacted",    l_redacted },
  { "resolve",     l_resolve },
  { "mend",        l_mend },
  { "is_loopback", l_is_loopback },
  { NULL, NULL }
};

static const luaL_Reg client_methods[] = {
  { "request",   l_request },
  { "get",       l_get },
  { "endpoint",  l_client_endpoint },
  { "remaining", l_client_remaining },
  { "close",     l_client_close },
  { NULL, NULL }
};

static const luaL_Reg client_meta[] = {
  { "__gc",       l_client_close },
  { "__close",    l_client_close },
  { "__tostring", l_client_tostring },
  { NULL, NULL }
};

static const luaL_Reg op_methods[] = {
  { "accepted",    l_op_accepted },
  { "done",        l_op_done },
  { "unanswered",  l_op_unanswered },
  { "is_closed",   l_op_is_closed },
  { "result",      l_op_result },
  { "document",    l_op_document },
  { "page",        l_op_page },
  { "first",       l_op_first },
  { "trouble",     l_op_trouble },
  { "status",      l_op_status },
  { "polls",       l_op_polls },
  { "watch_polls", l_op_watch_polls },
  { "waits_for",   l_op_waits_for },
  { "hold",        l_op_hold },
  { "poll_now",    l_op_poll_now },
  { "next_poll",   l_op_next_poll },
  { "is_polled",   l_op_is_polled },
  { "request_id",  l_op_request_id },
  { "close",       l_op_close },
  { NULL, NULL }
};

static const luaL_Reg op_meta[] = {
  { "__gc",       l_op_close },
  { "__close",    l_op_close },
  { "__tostring", l_op_tostring },
  { NULL, NULL }
};

void lua_core_register(lua_State *L) {
  make_weak(L, OPS);
  make_type(L, CLIENT, client_meta, client_methods);
  make_type(L, OPERATION, op_meta, op_methods);
  luaL_setfuncs(L, functions, 0);
}
