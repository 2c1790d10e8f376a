/* pure.c: bind the files of csrc that need no Lua and no network, as the Lua module `pure` for the
   specs. Each binding only calls its function. It is never installed. */

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <string.h>

#include "activity.h"
#include "authorities.h"
#include "buf.h"
#include "callback.h"
#include "certificate.h"
#include "challenge.h"
#include "date.h"
#include "error.h"
#include "fold.h"
#include "headers.h"
#include "handshake.h"
#include "heap.h"
#include "jwt.h"
#include "lro.h"
#include "mask.h"
#include "pace.h"
#include "retry.h"
#include "text.h"
#include "throttle.h"
#include "traffic.h"
#include "transport.h"
#include "url.h"

#define BUF "pure.Buf"
#define HEADERS "pure.Headers"
#define ERROR "pure.Error"
#define LRO "pure.Lro"
#define THROTTLE "pure.Throttle"
#define TRAFFIC "pure.Traffic"

static void *push_zeros(lua_State *L, size_t size, const char *type) {
  void *data = memset(lua_newuserdatauv(L, size, 0), 0, size);
  luaL_setmetatable(L, type);
  return data;
}

static int push_owned(lua_State *L, char *text) {
  lua_pushstring(L, text);
  free(text);
  return 1;
}

static int push_bool(lua_State *L, int value) {
  lua_pushboolean(L, value);
  return 1;
}

static void set_text(lua_State *L, const char *key, const char *text) {
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

static void set_number(lua_State *L, const char *key, double number) {
  lua_pushnumber(L, number);
  lua_setfield(L, -2, key);
}

static void set_integer(lua_State *L, const char *key, lua_Integer number) {
  lua_pushinteger(L, number);
  lua_setfield(L, -2, key);
}

static double field_number(lua_State *L, int arg, const char *key, double otherwise) {
  double number = lua_getfield(L, arg, key) == LUA_TNIL ? otherwise : luaL_checknumber(L, -1);
  lua_pop(L, 1);
  return number;
}

static int field_flag(lua_State *L, int arg, const char *key) {
  lua_getfield(L, arg, key);
  int flag = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return flag;
}

/* -- buf --------------------------------------------------------------------------------------- */

static Buf *check_buf(lua_State *L) { return luaL_checkudata(L, 1, BUF); }

static int l_buf(lua_State *L) {
  size_t limit = (size_t)luaL_optinteger(L, 1, 0);
  ((Buf *)push_zeros(L, sizeof(Buf), BUF))->limit = limit;
  return 1;
}

static int l_buf_add(lua_State *L) {
  size_t len;
  const char *data = luaL_checklstring(L, 2, &len);
  lua_pushinteger(L, buf_add(check_buf(L), data, len));
  return 1;
}

/* Append more bytes than memory can hold. buf_add must refuse before it reads the data. */
static int l_buf_claim(lua_State *L) {
  lua_pushinteger(L, buf_add(check_buf(L), "", (size_t)luaL_checkinteger(L, 2)));
  return 1;
}

static int l_buf_puts(lua_State *L) {
  lua_pushinteger(L, buf_puts(check_buf(L), luaL_checkstring(L, 2)));
  return 1;
}

static int l_buf_printf(lua_State *L) {
  const char *name = luaL_checkstring(L, 2);
  int number = (int)luaL_checkinteger(L, 3);
  lua_pushinteger(L, buf_printf(check_buf(L), "%s=%d", name, number));
  return 1;
}

static int l_buf_take(lua_State *L) { return push_owned(L, buf_take(check_buf(L))); }
static int l_buf_reset(lua_State *L) { buf_reset(check_buf(L)); return 0; }
static int l_buf_clear(lua_State *L) { buf_clear(check_buf(L)); return 0; }
static int l_buf_wipe(lua_State *L) { buf_wipe(check_buf(L)); return 0; }

/* Return the data with its final NUL, which len does not count; nil if there is none. */
static int l_buf_data(lua_State *L) {
  Buf *buf = check_buf(L);
  if (buf->data) lua_pushlstring(L, buf->data, buf->len + 1);
  else lua_pushnil(L);
  return 1;
}

static int l_buf_state(lua_State *L) {
  Buf *buf = check_buf(L);
  lua_newtable(L);
  set_integer(L, "len", (lua_Integer)buf->len);
  set_integer(L, "cap", (lua_Integer)buf->cap);
  set_integer(L, "limit", (lua_Integer)buf->limit);
  set_integer(L, "failed", buf->failed);
  return 1;
}

static const luaL_Reg buf_methods[] = {
  { "add", l_buf_add }, { "claim", l_buf_claim }, { "puts", l_buf_puts },
  { "printf", l_buf_printf }, { "take", l_buf_take }, { "reset", l_buf_reset },
  { "clear", l_buf_clear }, { "wipe", l_buf_wipe }, { "data", l_buf_data },
  { "state", l_buf_state }, { "__gc", l_buf_clear }, { NULL, NULL }
};

/* -- text -------------------------------------------------------------------------------------- */

static int l_text_copy(lua_State *L) {
  return push_owned(L, text_copy(luaL_optstring(L, 1, NULL)));
}

static int l_text_format(lua_State *L) {
  return push_owned(L, text_format("<%s>", luaL_checkstring(L, 1)));
}

/* Set a slot of text 1 to text 2, or to its own tail from an offset. Return the slot. */
static int l_text_set(lua_State *L) {
  char *slot = text_copy(luaL_optstring(L, 1, NULL));
  lua_Integer from = luaL_optinteger(L, 3, -1);
  text_set(&slot, from >= 0 ? slot + from : luaL_optstring(L, 2, NULL));
  return push_owned(L, slot);
}

static int l_text_wipe(lua_State *L) { text_wipe(text_copy(luaL_optstring(L, 1, NULL))); return 0; }

static int l_text_equal(lua_State *L) {
  return push_bool(L, text_equal(luaL_optstring(L, 1, NULL), luaL_optstring(L, 2, NULL)));
}

static int l_text_ends(lua_State *L) {
  return push_bool(L, text_ends(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
}

static int l_text_starts(lua_State *L) {
  return push_bool(L, text_starts(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
}

static int l_text_plain(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_pushinteger(L, (lua_Integer)text_plain(text, len));
  return 1;
}

static int l_text_has_control(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  return push_bool(L, text_has_control(text, len));
}

static int l_text_is_text(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  return push_bool(L, text_is_text(text, len));
}

static int l_text_is_token(lua_State *L) {
  return push_bool(L, text_is_token(luaL_optstring(L, 1, NULL)));
}

static int l_text_line(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  return push_owned(L, text_line(text, len, (size_t)luaL_checkinteger(L, 2)));
}

static int l_text_number(lua_State *L) {
  double number = 0;
  if (text_number(luaL_checkstring(L, 1), &number)) lua_pushnumber(L, number);
  else lua_pushnil(L);
  return 1;
}

static int l_text_guid(lua_State *L) {
  char guid[37];
  text_guid(guid);
  lua_pushstring(L, guid);
  return 1;
}

static const luaL_Reg text_functions[] = {
  { "copy", l_text_copy }, { "format", l_text_format }, { "set", l_text_set },
  { "wipe", l_text_wipe }, { "equal", l_text_equal }, { "starts", l_text_starts },
  { "ends", l_text_ends }, { "plain", l_text_plain }, { "has_control", l_text_has_control },
  { "is_text", l_text_is_text }, { "is_token", l_text_is_token }, { "line", l_text_line },
  { "number", l_text_number }, { "guid", l_text_guid }, { NULL, NULL }
};

/* -- url --------------------------------------------------------------------------------------- */

static int l_url_origin(lua_State *L) {
  return push_owned(L, url_origin(luaL_optstring(L, 1, NULL)));
}

static int l_url_same_origin(lua_State *L) {
  return push_bool(L, url_same_origin(luaL_optstring(L, 1, NULL), luaL_optstring(L, 2, NULL)));
}

static int l_url_target(lua_State *L) {
  lua_pushstring(L, url_target(luaL_checkstring(L, 1)));
  return 1;
}

static int l_url_resolve(lua_State *L) {
  return push_owned(L, url_resolve(luaL_optstring(L, 1, NULL), luaL_optstring(L, 2, NULL)));
}

static int l_url_is_secure(lua_State *L) {
  return push_bool(L, url_is_secure(luaL_checkstring(L, 1)));
}

static int l_url_is_loopback(lua_State *L) {
  return push_bool(L, url_is_loopback(luaL_checkstring(L, 1)));
}

static int l_url_redacted(lua_State *L) {
  return push_owned(L, url_redacted(luaL_checkstring(L, 1)));
}

static int l_url_mend(lua_State *L) { return push_owned(L, url_mend(luaL_checkstring(L, 1))); }

static int l_url_add_query(lua_State *L) {
  return push_owned(L, url_add_query(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
}

static int l_url_escape(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  Buf out = { 0 };
  url_escape(&out, text, len);
  return push_owned(L, buf_take(&out));
}

static int l_url_is_unreserved(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_pushboolean(L, url_is_unreserved(text, len));
  return 1;
}

static const luaL_Reg url_functions[] = {
  { "origin", l_url_origin }, { "same_origin", l_url_same_origin }, { "target", l_url_target },
  { "resolve", l_url_resolve }, { "is_secure", l_url_is_secure },
  { "is_loopback", l_url_is_loopback }, { "redacted", l_url_redacted }, { "escape", l_url_escape },
  { "mend", l_url_mend }, { "add_query", l_url_add_query },
  { "is_unreserved", l_url_is_unreserved },
  { NULL, NULL }
};

/* -- headers ----------------------------------------------------------------------------------- */

static int l_headers(lua_State *L) {
  size_t limit = (size_t)luaL_optinteger(L, 1, 0);
  ((Headers *)push_zeros(L, sizeof(Headers), HEADERS))->lines.limit = limit;
  return 1;
}

static int l_headers_add(lua_State *L) {
  size_t len;
  const char *line = luaL_checklstring(L, 2, &len);
  lua_pushinteger(L, headers_add(luaL_checkudata(L, 1, HEADERS), line, len));
  return 1;
}

static int l_headers_get(lua_State *L) {
  lua_pushstring(L, headers_get(luaL_checkudata(L, 1, HEADERS), luaL_checkstring(L, 2)));
  return 1;
}

static int l_headers_all(lua_State *L) {
  const Headers *headers = luaL_checkudata(L, 1, HEADERS);
  lua_Integer count = 0;
  lua_newtable(L);
  for (const char *line = headers_next(headers, NULL); line; line = headers_next(headers, line)) {
    lua_pushstring(L, line);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

static int l_headers_reset(lua_State *L) {
  headers_reset(luaL_checkudata(L, 1, HEADERS));
  return 0;
}

static int l_headers_clear(lua_State *L) {
  headers_clear(luaL_checkudata(L, 1, HEADERS));
  return 0;
}

static const luaL_Reg headers_methods[] = {
  { "add", l_headers_add }, { "get", l_headers_get }, { "all", l_headers_all },
  { "reset", l_headers_reset }, { "clear", l_headers_clear }, { "__gc", l_headers_clear },
  { NULL, NULL }
};

/* Read the list of header lines at arg. */
static void read_headers(lua_State *L, int arg, Headers *headers) {
  for (lua_Integer i = 1; lua_rawgeti(L, arg, i) == LUA_TSTRING; i++) {
    size_t len;
    const char *line = lua_tolstring(L, -1, &len);
    headers_add(headers, line, len);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* Read { status =, headers = { "Name: value" }, body = } at arg. */
static void read_reply(lua_State *L, int arg, Reply *reply) {
  size_t len;
  luaL_checktype(L, arg, LUA_TTABLE);
  memset(reply, 0, sizeof *reply);
  reply->status = (int)field_number(L, arg, "status", 200);
  if (lua_getfield(L, arg, "headers") == LUA_TTABLE)
    read_headers(L, lua_gettop(L), &reply->headers);
  lua_pop(L, 1);
  lua_getfield(L, arg, "body");
  const char *body = lua_tolstring(L, -1, &len);
  if (body) buf_add(&reply->body, body, len);
  lua_pop(L, 1);
}

/* -- error ------------------------------------------------------------------------------------- */

static const char *const kinds[] = {
  [ERROR_NONE] = "none",
  [ERROR_TRANSPORT] = "transport",
  [ERROR_PROTOCOL] = "protocol",
  [ERROR_HTTP] = "http",
  [ERROR_OPERATION] = "operation",
  [ERROR_CREDENTIAL] = "credential",
  [ERROR_UNAVAILABLE] = "unavailable",
  [ERROR_USAGE] = "usage"
};

static Error *check_error(lua_State *L, int arg) { return luaL_checkudata(L, arg, ERROR); }

static int l_error(lua_State *L) {
  push_zeros(L, sizeof(Error), ERROR);
  return 1;
}

static int l_error_set(lua_State *L) {
  const char *code = luaL_optstring(L, 2, NULL), *message = luaL_checkstring(L, 3);
  error_set(check_error(L, 1), ERROR_USAGE, code, "%s", message);
  return 0;
}

static int l_error_set_again(lua_State *L) {
  Error *error = check_error(L, 1);
  error_set(error, ERROR_USAGE, error->code, "again: %s", error->message);
  return 0;
}

static int l_error_from_reply(lua_State *L) {
  Reply reply;
  Error *error = check_error(L, 1);
  read_reply(L, 2, &reply);
  error_from_reply(error, &reply);
  reply_clear(&reply);
  return 0;
}

static int l_error_from_status(lua_State *L) {
  Reply reply;
  Error *error = check_error(L, 1);
  const char *status = luaL_checkstring(L, 3);
  read_reply(L, 2, &reply);
  error_from_status(error, &reply, status);
  reply_clear(&reply);
  return 0;
}

static int l_error_copy(lua_State *L) {
  error_copy(check_error(L, 1), check_error(L, 2));
  return 0;
}

static int l_error_move(lua_State *L) {
  error_move(check_error(L, 1), check_error(L, 2));
  return 0;
}

static int l_error_clear(lua_State *L) { error_clear(check_error(L, 1)); return 0; }

static int push_error(lua_State *L, const Error *error) {
  lua_newtable(L);
  set_text(L, "kind", kinds[error->kind]);
  set_integer(L, "status", error->status);
  set_text(L, "code", error->code);
  set_text(L, "message", error->message);
  set_text(L, "target", error->target);
  set_text(L, "request_id", error->request_id);
  set_text(L, "more", error->more);
  set_integer(L, "outcome_unknown", error->outcome_unknown);
  set_number(L, "retry_after", error->retry_after);
  return 1;
}

static int l_error_fields(lua_State *L) { return push_error(L, check_error(L, 1)); }

static const luaL_Reg error_methods[] = {
  { "set", l_error_set }, { "set_again", l_error_set_again }, { "from_reply", l_error_from_reply },
  { "from_status", l_error_from_status }, { "copy", l_error_copy }, { "move", l_error_move },
  { "clear", l_error_clear }, { "fields", l_error_fields }, { "__gc", l_error_clear },
  { NULL, NULL }
};

/* Fill a reply, reset it, clear it; return what is left each time. */
static int l_reply(lua_State *L) {
  Reply reply;
  read_reply(L, 1, &reply);
  reply_reset(&reply);
  lua_pushinteger(L, reply.status);
  lua_pushinteger(L, (lua_Integer)(reply.body.len + reply.headers.lines.len));
  reply_clear(&reply);
  lua_pushboolean(L, reply.body.data || reply.headers.lines.data);
  return 3;
}

/* -- retry ------------------------------------------------------------------------------------- */

static void read_statuses(lua_State *L, int arg, int *statuses) {
  if (lua_getfield(L, arg, "statuses") == LUA_TTABLE) {
    memset(statuses, 0, RETRY_STATUSES * sizeof *statuses);
    for (int i = 0; i < RETRY_STATUSES && lua_rawgeti(L, -1, i + 1) == LUA_TNUMBER; i++) {
      statuses[i] = (int)lua_tointeger(L, -1);
      lua_pop(L, 1);
    }
  }
  lua_settop(L, 3);
}

static void read_methods(lua_State *L, int arg, unsigned *methods) {
  if (lua_getfield(L, arg, "methods") == LUA_TTABLE) {
    *methods = 0;
    for (int i = 1; lua_rawgeti(L, -1, i) == LUA_TSTRING; i++, lua_pop(L, 1))
      *methods |= retry_method(lua_tostring(L, -1));
  }
  lua_settop(L, 3);
}

static void read_policy(lua_State *L, int arg, RetryPolicy *policy) {
  *policy = retry_default;
  luaL_checktype(L, arg, LUA_TTABLE);
  policy->tries = (int)field_number(L, arg, "tries", policy->tries);
  double unanswered = field_number(L, arg, "tries_unanswered", policy->tries_unanswered);
  policy->tries_unanswered = (int)unanswered;
  policy->delay = field_number(L, arg, "delay", policy->delay);
  policy->max_delay = field_number(L, arg, "max_delay", policy->max_delay);
  read_methods(L, arg, &policy->methods);
  policy->methods_given = lua_getfield(L, arg, "methods") != LUA_TNIL;
  lua_pop(L, 1);
  read_statuses(L, arg, policy->statuses);
}

/* Read an attempt. The method belongs to its table, which keeps it alive. */
static void read_attempt(lua_State *L, int arg, Attempt *attempt) {
  luaL_checktype(L, arg, LUA_TTABLE);
  lua_getfield(L, arg, "method");
  attempt->method = luaL_optstring(L, -1, "GET");
  attempt->number = (int)field_number(L, arg, "number", 1);
  attempt->status = (int)field_number(L, arg, "status", 0);
  attempt->permanent = field_flag(L, arg, "permanent");
  attempt->sent = field_flag(L, arg, "sent");
  attempt->cautious = field_flag(L, arg, "cautious");
  attempt->after = field_number(L, arg, "after", 0);
}

static int l_retry_may(lua_State *L) {
  RetryPolicy policy;
  Attempt attempt;
  lua_settop(L, 3);
  read_policy(L, 1, &policy);
  read_attempt(L, 2, &attempt);
  return push_bool(L, retry_may(&policy, &attempt));
}

static int l_retry_delay(lua_State *L) {
  RetryPolicy policy;
  Attempt attempt;
  double random = luaL_checknumber(L, 3);
  lua_settop(L, 3);
  read_policy(L, 1, &policy);
  read_attempt(L, 2, &attempt);
  lua_pushnumber(L, retry_delay(&policy, &attempt, random));
  return 1;
}

static int l_retry_after(lua_State *L) {
  Headers headers = { .lines = { 0 } };
  time_t now = (time_t)luaL_checkinteger(L, 2);
  read_headers(L, 1, &headers);
  lua_pushnumber(L, retry_after(&headers, now));
  headers_clear(&headers);
  return 1;
}

static const luaL_Reg retry_functions[] = {
  { "may", l_retry_may }, { "delay", l_retry_delay }, { "after", l_retry_after }, { NULL, NULL }
};

/* -- heap -------------------------------------------------------------------------------------- */

/* in_heap(chunk) -> the chunk's result as text, from a Lua state with a heap of its own */
static int l_in_heap(lua_State *L) {
  const char *text = luaL_checkstring(L, 1);
  Heap heap = { .blocks = NULL };
  lua_State *other = lua_newstate(heap_allocate, &heap);
  if (!other) return luaL_error(L, "no memory");
  luaL_openlibs(other);
  if (luaL_loadstring(other, text) == LUA_OK) lua_pcall(other, 0, 1, 0);
  lua_pushstring(L, luaL_tolstring(other, -1, NULL));
  lua_close(other);
  heap_free(&heap);
  return 1;
}

/* pieces(steps, seed) -> the number of overwritten bytes after random allocations, resizes and
   frees */
static int l_pieces(lua_State *L) {
  enum { PIECES = 200 };
  struct { unsigned char *data; size_t size; } pieces[PIECES] = { { NULL, 0 } };
  Heap heap = { .blocks = NULL };
  unsigned long random = (unsigned long)luaL_checkinteger(L, 2);
  lua_Integer steps = luaL_checkinteger(L, 1), spoilt = 0;
  for (lua_Integer i = 0; i < steps; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    size_t n = (random >> 33) % PIECES, largest = (random >> 41) % 4 ? 200 : 2000;
    size_t size = (random >> 43) % largest;
    size_t kept = size < pieces[n].size ? size : pieces[n].size;
    pieces[n].data = heap_allocate(&heap, pieces[n].data, pieces[n].size, size);
    for (size_t k = 0; k < kept; k++) spoilt += pieces[n].data[k] != (unsigned char)n;
    if (size) memset(pieces[n].data, (int)n, size);
    if (size && (size_t)pieces[n].data % HEAP_GRAIN) spoilt++;
    pieces[n].size = size;
  }
  for (size_t n = 0; n < PIECES; n++) heap_allocate(&heap, pieces[n].data, pieces[n].size, 0);
  heap_free(&heap);
  lua_pushinteger(L, spoilt);
  return 1;
}

/* -- lro --------------------------------------------------------------------------------------- */

static const char *const outcomes[] = {
  [LRO_RUNNING] = "running",
  [LRO_SUCCEEDED] = "succeeded",
  [LRO_FAILED] = "failed",
  [LRO_BROKEN] = "broken"
};

static Lro *check_lro(lua_State *L) { return luaL_checkudata(L, 1, LRO); }

/* lro(method, original URL, final-state-via) -> Lro */
static int l_lro(lua_State *L) {
  const char *method = luaL_checkstring(L, 1), *url = luaL_checkstring(L, 2);
  FinalState final_state = FINAL_UNSET;
  int is_known = lro_final_state(luaL_optstring(L, 3, ""), &final_state);
  luaL_argcheck(L, is_known, 3, "unknown final-state-via");
  lro_init(push_zeros(L, sizeof(Lro), LRO), method, url, final_state);
  return 1;
}

static int read_with(lua_State *L, LroOutcome (*read)(Lro *, const Reply *, Error *)) {
  Error error = { 0 };
  Reply reply;
  Lro *lro = check_lro(L);
  read_reply(L, 2, &reply);
  lua_pushstring(L, outcomes[read(lro, &reply, &error)]);
  reply_clear(&reply);
  if (error.kind == ERROR_NONE) lua_pushnil(L);
  else push_error(L, &error);
  error_clear(&error);
  return 2;
}

static int l_lro_first(lua_State *L) { return read_with(L, lro_first); }
static int l_lro_poll(lua_State *L) { return read_with(L, lro_poll); }

static int l_lro_final_url(lua_State *L) {
  lua_pushstring(L, lro_final_url(check_lro(L)));
  return 1;
}

static int l_lro_clear(lua_State *L) { lro_clear(check_lro(L)); return 0; }

static int l_lro_fields(lua_State *L) {
  const Lro *lro = check_lro(L);
  lua_newtable(L);
  set_text(L, "mode", lro_mode_name(lro->mode));
  set_text(L, "final_state", lro_final_state_name(lro->final_state));
  set_text(L, "method", lro->method);
  set_text(L, "original_url", lro->original_url);
  set_text(L, "poll_url", lro->poll_url);
  set_text(L, "poll_query", lro->poll_query);
  set_text(L, "location", lro->location);
  set_text(L, "resource_location", lro->resource_location);
  set_text(L, "status", lro->status);
  return 1;
}

static int l_lro_final_state(lua_State *L) {
  FinalState final_state = FINAL_UNSET;
  int is_known = lro_final_state(luaL_optstring(L, 1, NULL), &final_state);
  lua_pushstring(L, is_known ? lro_final_state_name(final_state) : NULL);
  return 1;
}

static const luaL_Reg lro_methods[] = {
  { "first", l_lro_first }, { "poll", l_lro_poll }, { "final_url", l_lro_final_url },
  { "fields", l_lro_fields }, { "clear", l_lro_clear }, { "__gc", l_lro_clear }, { NULL, NULL }
};

/* -- fold -------------------------------------------------------------------------------------- */

/* fold(urls) -> a list of { rest, whole, opened }; how many parts were taken out; how many are left
   after every second URL was opened and the others were dropped */
static int l_fold(lua_State *L) {
  enum { MOST = 64 };
  Parts parts = { .count = 0 };
  Fold folds[MOST] = { { .part = NULL } };
  char *urls[MOST];
  int count = (int)luaL_len(L, 1);
  luaL_argcheck(L, count <= MOST, 1, "too many");
  lua_createtable(L, count, 0);
  for (int i = 0; i < count; i++) {
    lua_rawgeti(L, 1, i + 1);
    urls[i] = text_copy(lua_tostring(L, -1));
    lua_pop(L, 1);
    fold_url(&parts, &folds[i], &urls[i]);
    fold_url(&parts, &folds[i], &urls[i]);      /* does nothing */
    char *whole = fold_whole(&folds[i], urls[i]);
    lua_newtable(L);
    set_text(L, "rest", urls[i]);
    set_text(L, "whole", whole);
    free(whole);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushinteger(L, (lua_Integer)parts.count);
  for (int i = 0; i < count; i++) {
    if (i % 2 == 0 && fold_open(&parts, &folds[i], &urls[i])) {
      lua_rawgeti(L, 2, i + 1);
      set_text(L, "opened", urls[i]);
      lua_pop(L, 1);
    }
    fold_clear(&parts, &folds[i]);
    free(urls[i]);
  }
  lua_pushinteger(L, (lua_Integer)parts.count);
  return 3;
}

/* -- throttle ---------------------------------------------------------------------------------- */

static const char *const throttle_kinds[] = {
  [THROTTLE_READS] = "reads", [THROTTLE_WRITES] = "writes", [THROTTLE_DELETES] = "deletes", NULL
};

static Throttle *check_throttle(lua_State *L) {
  return *(Throttle **)luaL_checkudata(L, 1, THROTTLE);
}

static ThrottleScope *check_scope(lua_State *L) {
  return throttle_scope(check_throttle(L), luaL_checkstring(L, 2));
}

static ThrottleKind check_kind(lua_State *L) {
  return (ThrottleKind)luaL_checkoption(L, 3, NULL, throttle_kinds);
}

static int l_throttle(lua_State *L) {
  *(Throttle **)push_zeros(L, sizeof(Throttle *), THROTTLE) = throttle_new();
  return 1;
}

static int l_throttle_kind(lua_State *L) {
  lua_pushstring(L, throttle_kinds[throttle_kind(luaL_checkstring(L, 1))]);
  return 1;
}

static int l_throttle_hold(lua_State *L) {
  throttle_hold(check_scope(L), check_kind(L), luaL_checknumber(L, 4));
  return 0;
}

static int l_throttle_until(lua_State *L) {
  lua_pushnumber(L, throttle_until(check_scope(L), check_kind(L)));
  return 1;
}

/* note(scope, kind, lines, now = 0, sent_at = now) */
static int l_throttle_note(lua_State *L) {
  Headers headers = { .lines = { 0 } };
  double now = luaL_optnumber(L, 5, 0);
  ThrottleScope *scope = check_scope(L);
  ThrottleKind kind = check_kind(L);
  read_headers(L, 4, &headers);
  throttle_note(scope, kind, &headers, luaL_optnumber(L, 6, now), now);
  headers_clear(&headers);
  return 0;
}

/* take(scope, kind, now, again) -> true | false, seconds to wait */
static int l_throttle_take(lua_State *L) {
  double wait = 0;
  double now = luaL_checknumber(L, 4);
  int taken = throttle_take(check_scope(L), check_kind(L), now, lua_toboolean(L, 5), &wait);
  lua_pushboolean(L, taken);
  lua_pushnumber(L, wait);
  return 2;
}

static int l_throttle_answered(lua_State *L) {
  throttle_answered(check_scope(L), check_kind(L));
  return 0;
}

static int l_throttle_leave(lua_State *L) {
  throttle_leave(check_scope(L), check_kind(L));
  return 0;
}

static int l_throttle_remaining(lua_State *L) {
  lua_pushinteger(L, throttle_remaining(check_scope(L), check_kind(L)));
  return 1;
}

static int l_throttle_free(lua_State *L) {
  Throttle **slot = luaL_checkudata(L, 1, THROTTLE);
  throttle_free(*slot);
  *slot = NULL;
  return 0;
}

static const luaL_Reg throttle_methods[] = {
  { "hold", l_throttle_hold }, { "until_", l_throttle_until }, { "note", l_throttle_note },
  { "remaining", l_throttle_remaining }, { "take", l_throttle_take },
  { "answered", l_throttle_answered }, { "leave", l_throttle_leave }, { "__gc", l_throttle_free },
  { NULL, NULL }
};

/* -- traffic ----------------------------------------------------------------------------------- */

static int l_traffic(lua_State *L) {
  push_zeros(L, sizeof(Traffic), TRAFFIC);
  return 1;
}

static int l_traffic_count(lua_State *L) {
  traffic_count(luaL_checkudata(L, 1, TRAFFIC), luaL_checkstring(L, 2), luaL_checkstring(L, 3),
                (int)luaL_checkinteger(L, 4));
  return 0;
}

static int l_traffic_hold(lua_State *L) {
  traffic_hold(luaL_checkudata(L, 1, TRAFFIC), luaL_checknumber(L, 2), luaL_checknumber(L, 3));
  return 0;
}

static int l_traffic_held(lua_State *L) {
  lua_pushnumber(L, traffic_held(luaL_checkudata(L, 1, TRAFFIC), luaL_checknumber(L, 2)));
  return 1;
}

/* rows() -> "poll GET 2xx 3" for each count, and how many were throttled */
static int l_traffic_rows(lua_State *L) {
  const Traffic *traffic = luaL_checkudata(L, 1, TRAFFIC);
  TrafficCount row;
  lua_newtable(L);
  for (int place = 0; traffic_next(traffic, &place, &row); ) {
    lua_pushfstring(L, "%s %s %s %d", row.purpose, row.method, row.status, (int)row.count);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  }
  lua_pushinteger(L, (lua_Integer)traffic->throttled);
  return 2;
}

static const luaL_Reg traffic_methods[] = {
  { "count", l_traffic_count }, { "hold", l_traffic_hold }, { "held", l_traffic_held },
  { "rows", l_traffic_rows }, { NULL, NULL }
};

/* -- jwt --------------------------------------------------------------------------------------- */

static int l_jwt_number(lua_State *L) {
  lua_pushnumber(L, jwt_number(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
  return 1;
}

static int l_jwt_claim(lua_State *L) {
  return push_owned(L, jwt_claim(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
}

/* -- date -------------------------------------------------------------------------------------- */

static int l_date_read(lua_State *L) {
  lua_pushnumber(L, date_read(luaL_optstring(L, 1, NULL)));
  return 1;
}

/* mask(text, secrets) -> the text with the secrets hidden. secrets is a list of texts, and may have
   the members header, form and url. */
static int l_mask(lua_State *L) {
  Secrets secrets = { .count = 0 };
  char *text = text_copy(luaL_checkstring(L, 1));
  size_t len;
  for (lua_Integer i = 1; lua_geti(L, 2, i) != LUA_TNIL; i++) {
    const char *secret = lua_tolstring(L, -1, &len);
    secrets_add(&secrets, secret, len);
    lua_pop(L, 1);
  }
  lua_getfield(L, 2, "header");
  const char *const lines[] = { lua_tostring(L, -1), NULL };
  secrets_add_headers(&secrets, lines);
  lua_getfield(L, 2, "form");
  const char *form = lua_tolstring(L, -1, &len);
  secrets_add_form(&secrets, form, form ? len : 0);
  lua_getfield(L, 2, "url");
  secrets_add_url(&secrets, lua_tostring(L, -1));
  mask_text(text, &secrets);
  secrets_clear(&secrets);
  return push_owned(L, text);
}

static int l_date_read_local(lua_State *L) {
  lua_pushnumber(L, date_read_local(luaL_optstring(L, 1, NULL)));
  return 1;
}

/* -- certificates and assertions --------------------------------------------------------------- */

static int push_refusal(lua_State *L, Error *error) {
  lua_pushnil(L);
  lua_pushstring(L, error->code);
  lua_pushstring(L, error->message);
  error_clear(error);
  return 3;
}

/* Load the certificate of (data, password); on failure return NULL and push the refusal. */
static Certificate *load_certificate(lua_State *L) {
  Error error = { 0 };
  size_t len;
  const char *data = luaL_checklstring(L, 1, &len);
  Certificate *certificate = certificate_load(data, len, luaL_optstring(L, 2, NULL), "it", &error);
  if (!certificate) push_refusal(L, &error);
  return certificate;
}

static void set_owned(lua_State *L, const char *key, char *text) {
  set_text(L, key, text);
  free(text);
}

/* certificate(data, password) -> { x5t, x5t256, ends, chain } | nil, code, message */
static int l_certificate(lua_State *L) {
  Certificate *certificate = load_certificate(L);
  if (!certificate) return 3;
  lua_newtable(L);
  set_owned(L, "x5t", certificate_print(certificate, EVP_sha1()));
  set_owned(L, "x5t256", certificate_print(certificate, EVP_sha256()));
  set_integer(L, "ends", (lua_Integer)certificate_end(certificate));
  lua_newtable(L);
  char **chain = certificate_chain(certificate);
  for (lua_Integer i = 0; chain && chain[i]; i++) {
    lua_pushstring(L, chain[i]);
    lua_rawseti(L, -2, i + 1);
  }
  text_list_free(chain);
  lua_setfield(L, -2, "chain");
  certificate_free(certificate);
  return 1;
}

/* two_key_store(pem) -> PKCS#12 that holds a key twice, which the openssl program cannot make */
static int l_two_key_store(lua_State *L) {
  size_t len;
  const char *pem = luaL_checklstring(L, 1, &len);
  BIO *bio = BIO_new_mem_buf(pem, (int)len);
  EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
  STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
  STACK_OF(PKCS7) *safes = NULL;
  unsigned char *der = NULL;
  PKCS12_add_key(&bags, key, 0, 1, -1, NULL);
  PKCS12_add_key(&bags, key, 0, 1, -1, NULL);
  PKCS12_add_safe(&safes, bags, -1, 0, NULL);
  PKCS12 *store = PKCS12_add_safes(safes, 0);
  int size = i2d_PKCS12(store, &der);
  lua_pushlstring(L, (char *)der, (size_t)size);
  OPENSSL_free(der);
  PKCS12_free(store);
  sk_PKCS7_pop_free(safes, PKCS7_free);
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  EVP_PKEY_free(key);
  BIO_free(bio);
  return 1;
}

/* assertion(data, password, algorithm, send_chain, client_id, audience, id, now) -> JWT */
static int l_assertion(lua_State *L) {
  Certificate *certificate = load_certificate(L);
  if (!certificate) return 3;
  Assertion assertion = {
    .certificate = certificate,
    .algorithm = (SignatureKind)luaL_checkoption(L, 3, NULL, signature_names),
    .send_chain = lua_toboolean(L, 4),
    .client_id = luaL_checkstring(L, 5),
    .audience = luaL_checkstring(L, 6),
    .id = luaL_checkstring(L, 7),
    .now = (time_t)luaL_checkinteger(L, 8)
  };
  char *jwt = jwt_assertion(&assertion);
  certificate_free(certificate);
  return push_owned(L, jwt);
}

/* -- challenges -------------------------------------------------------------------------------- */

static int l_challenge(lua_State *L) {
  static const char *const names[] = {
    [CHALLENGE_TOKEN] = "token",
    [CHALLENGE_CLAIMS] = "claims",
    [CHALLENGE_UNREADABLE] = "unreadable"
  };
  Headers headers = { 0 };
  char *claims;
  read_headers(L, 1, &headers);
  lua_pushstring(L, names[challenge_read(&headers, &claims)]);
  push_owned(L, claims);
  headers_clear(&headers);
  return 2;
}

static int l_challenge_parameter(lua_State *L) {
  Headers headers = { 0 };
  read_headers(L, 1, &headers);
  push_owned(L, challenge_parameter(&headers, luaL_checkstring(L, 2), luaL_checkstring(L, 3)));
  headers_clear(&headers);
  return 1;
}

/* -- handshake --------------------------------------------------------------------------------- */

/* handshake_accept(key) -> what a server makes of the key */
static int l_handshake_accept(lua_State *L) {
  return push_owned(L, handshake_accept(luaL_checkstring(L, 1)));
}

/* handshake_key() -> a random key */
static int l_handshake_key(lua_State *L) {
  char key[HANDSHAKE_KEY + 1];
  if (handshake_key(key) != 0) return luaL_error(L, "there is no key");
  lua_pushstring(L, key);
  return 1;
}

/* handshake_request(url, key, agent, authorization) -> the request | nothing: the URL is none */
static int l_handshake_request(lua_State *L) {
  Buf out = { 0 };
  Opening opening = {
    .url = luaL_checkstring(L, 1), .key = luaL_checkstring(L, 2),
    .user_agent = luaL_checkstring(L, 3), .authorization = luaL_optstring(L, 4, NULL)
  };
  if (handshake_request(&out, &opening) != 0) {
    buf_clear(&out);
    return 0;
  }
  return push_owned(L, buf_take(&out));
}

/* handshake_read(text, key, has_ended) -> step, fault or nil, status, body or nil, what is left */
static int l_handshake_read(lua_State *L) {
  static const char *const steps[] = { "more", "agreed", "refused", "invalid" };
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len), *fault;
  Buf came = { 0 };
  Reply reply = { 0 };
  buf_add(&came, text, len);
  HandshakeStep step = handshake_read(&came, luaL_checkstring(L, 2), &reply, &fault);
  lua_pushstring(L, steps[step]);
  lua_pushstring(L, fault);
  lua_pushinteger(L, reply.status);
  int is_whole = step == HANDSHAKE_REFUSED && handshake_body(&came, lua_toboolean(L, 3), &reply);
  if (is_whole) lua_pushlstring(L, reply.body.data ? reply.body.data : "", reply.body.len);
  else lua_pushnil(L);
  lua_pushlstring(L, came.data ? came.data : "", came.len);
  buf_clear(&came);
  reply_clear(&reply);
  return 5;
}

/* -- callback ---------------------------------------------------------------------------------- */

/* callback_read(text, state) -> kind, code, error, description */
static int l_callback_read(lua_State *L) {
  static const char *const names[] = { "more", "other", "bad", "code", "refused" };
  size_t len;
  Callback callback = { 0 };
  const char *text = luaL_checklstring(L, 1, &len);
  lua_pushstring(L, names[callback_read(text, len, luaL_checkstring(L, 2), &callback)]);
  lua_pushstring(L, callback.code);
  lua_pushstring(L, callback.error);
  lua_pushstring(L, callback.description);
  callback_clear(&callback);
  return 4;
}

/* -- operations -------------------------------------------------------------------------------- */

static const char *field_text(lua_State *L, int arg, const char *key) {
  lua_getfield(L, arg, key);      /* stays on the stack, which keeps the text alive */
  return lua_tostring(L, -1);
}

/* activity(fields) -> the text that describes it */
static int l_activity(lua_State *L) {
  static const char *const stages[] = { "first", "poll", "final", NULL };
  static const char *const phases[] = { "token", "flight", "pause", "done", NULL };
  Activity activity = { 0 };
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_getfield(L, 1, "stage");
  activity.stage = (Stage)luaL_checkoption(L, -1, "first", stages);
  lua_getfield(L, 1, "phase");
  activity.phase = (Phase)luaL_checkoption(L, -1, "pause", phases);
  activity.label = field_text(L, 1, "label");
  activity.method = field_text(L, 1, "method");
  activity.url = field_text(L, 1, "url");
  activity.failure = field_text(L, 1, "failure");
  activity.attempts = (int)field_number(L, 1, "attempts", 0);
  activity.polls = (int)field_number(L, 1, "polls", 0);
  activity.is_held = field_flag(L, 1, "is_held");
  activity.left = field_number(L, 1, "left", 0);
  return push_owned(L, activity_text(&activity));
}

/* pace_after(before) -> seconds */
static int l_pace_after(lua_State *L) {
  lua_pushnumber(L, pace_after(&pace_default, luaL_checknumber(L, 1)));
  return 1;
}

/* transport_fault(result) -> code, is_permanent */
static int l_transport_fault(lua_State *L) {
  const TransportFault *fault = transport_fault((CURLcode)luaL_checkinteger(L, 1));
  lua_pushstring(L, fault->code);
  lua_pushboolean(L, fault->is_permanent);
  return 2;
}

/* authorities(named, root) -> file, directory */
static int l_authorities(lua_State *L) {
  Authorities chosen;
  int ok = authorities_choose(&chosen, luaL_optstring(L, 1, NULL), luaL_checkstring(L, 2));
  lua_pushstring(L, chosen.file);
  lua_pushstring(L, chosen.directory);
  authorities_clear(&chosen);
  return ok ? 2 : luaL_error(L, "not enough memory");
}

/* -- the module -------------------------------------------------------------------------------- */

static void new_type(lua_State *L, const char *name, const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  luaL_setfuncs(L, methods, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

static void set_library(lua_State *L, const char *name, const luaL_Reg *functions) {
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  lua_setfield(L, -2, name);
}

static const luaL_Reg functions[] = {
  { "buf", l_buf }, { "headers", l_headers }, { "error", l_error }, { "reply", l_reply },
  { "lro", l_lro }, { "fold", l_fold },
  { "final_state", l_lro_final_state }, { "throttle", l_throttle },
  { "throttle_kind", l_throttle_kind }, { "traffic", l_traffic }, { "jwt_claim", l_jwt_claim },
  { "jwt_number", l_jwt_number }, { "in_heap", l_in_heap },
  { "authorities", l_authorities }, { "pieces", l_pieces }, { "date_read", l_date_read },
  { "mask", l_mask }, { "date_read_local", l_date_read_local },
  { "callback_read", l_callback_read },
  { "handshake_accept", l_handshake_accept }, { "handshake_key", l_handshake_key },
  { "handshake_request", l_handshake_request }, { "handshake_read", l_handshake_read },
  { "two_key_store", l_two_key_store }, { "certificate", l_certificate },
  { "assertion", l_assertion }, { "challenge", l_challenge },
  { "challenge_parameter", l_challenge_parameter }, { "activity", l_activity },
  { "pace_after", l_pace_after }, { "transport_fault", l_transport_fault }, { NULL, NULL }
};

__attribute__((visibility("default"))) int luaopen_pure(lua_State *L);

int luaopen_pure(lua_State *L) {
  new_type(L, BUF, buf_methods);
  new_type(L, HEADERS, headers_methods);
  new_type(L, ERROR, error_methods);
  new_type(L, LRO, lro_methods);
  new_type(L, THROTTLE, throttle_methods);
  new_type(L, TRAFFIC, traffic_methods);
  luaL_newlib(L, functions);
  set_library(L, "text", text_functions);
  set_library(L, "url", url_functions);
  set_library(L, "retry", retry_functions);
  return 1;
}
