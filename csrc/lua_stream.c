/* lua_stream.c: the Lua functions for streams: connections that were opened as websockets.
   azureml.jupyter.socket is what scripts use. */

#include "lua_core.h"

#define STREAM "azureml.core.stream"

static Stream *check_stream(lua_State *L) { return check_open(L, 1, STREAM, "stream"); }

static const char *const upgrade_keys[] = { "url", "headers", "timeout", "within", NULL };

/* stream(client, options) -> stream | nil, error */
static int l_stream(lua_State *L) {
  Error error = { 0 };
  Upgrade upgrade = { 0 };
  const char *headers[MAX_LIST + 1];
  Client *client = check_open(L, 1, CLIENT, "client");
  loop_of(L);      /* raises an error in a forked child */
  lua_settop(L, 2);
  check_keys(L, 2, "a stream", upgrade_keys);
  void **slot = push_slot(L, STREAM);
  upgrade.url = req_string(L, 2, "url");
  upgrade.headers = opt_list(L, 2, "headers", headers);
  upgrade.timeout = opt_number(L, 2, "timeout", 10);
  upgrade.within = (unsigned long)opt_number(L, 2, "within", 0);
  *slot = stream_open(client, &upgrade, &error);
  if (!*slot) return push_failure(L, &error);
  lua_settop(L, 3);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 3, 1);      /* the stream keeps its client alive */
  remember(L, 3, *slot);
  return 1;
}

/* stream:is_open() -> whether the server has agreed, also when the stream is over since */
static int l_is_open(lua_State *L) {
  lua_pushboolean(L, stream_is_open(check_stream(L)));
  return 1;
}

/* stream:trouble() -> why the stream is over | nothing: it is not */
static int l_trouble(lua_State *L) {
  const Error *error = stream_error(check_stream(L));
  if (!error) return 0;
  push_error(L, error);
  return 1;
}

/* stream:read() -> the bytes that came | nothing: there are none now */
static int l_read(lua_State *L) {
  Stream *stream = check_stream(L);
  Buf *came = stream_came(stream);
  if (!came || !came->len) return 0;
  push_buf(L, came);
  buf_reset(came);
  stream_go_on(stream);
  return 1;
}

/* stream:write(bytes) */
static int l_write(lua_State *L) {
  size_t len;
  Stream *stream = check_stream(L);
  const char *bytes = luaL_checklstring(L, 2, &len);
  stream_write(stream, bytes, len);
  return 0;
}

/* stream:unsent() -> how many bytes still wait to be sent */
static int l_unsent(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)stream_unsent(check_stream(L)));
  return 1;
}

/* stream:waits_for(id) -> whether the stream waits for the answer to that question */
static int l_waits_for(lua_State *L) {
  const Stream *stream = check_stream(L);
  lua_pushboolean(L, stream_waits_for(stream, (unsigned long)luaL_checkinteger(L, 2)));
  return 1;
}

/* stream:leave(): close it as soon as the server does, a second later at most */
static int l_leave(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, STREAM);
  if (!is_parents(L)) stream_leave(*slot);
  *slot = NULL;
  return 0;
}

static int l_is_closed(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, STREAM);
  lua_pushboolean(L, *slot == NULL);
  return 1;
}

/* __gc, __close and close; a second call does nothing. */
static int l_close(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, STREAM);
  if (!is_parents(L)) stream_free(*slot);
  *slot = NULL;
  return 0;
}

static const luaL_Reg functions[] = { { "stream", l_stream }, { NULL, NULL } };

static const luaL_Reg methods[] = {
  { "is_open",   l_is_open },
  { "trouble",   l_trouble },
  { "read",      l_read },
  { "write",     l_write },
  { "unsent",    l_unsent },
  { "waits_for", l_waits_for },
  { "leave",     l_leave },
  { "is_closed", l_is_closed },
  { "close",     l_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = { { "__gc", l_close }, { "__close", l_close }, { NULL, NULL } };

void lua_stream_register(lua_State *L) {
  make_type(L, STREAM, meta, methods);
  luaL_setfuncs(L, functions, 0);
}
