/* lua_websocket.c: the module azureml.websocket: frames of websockets as Lua functions. It moves no
   bytes itself: azureml.jupyter.socket joins it with a stream of azureml.core. */

#include <wslay/wslay.h>

#include "lua_core.h"
#include "websocket.h"

#define WEBSOCKET "azureml.websocket"

AML_EXPORT int luaopen_azureml_websocket(lua_State *L);

static Websocket *check_websocket(lua_State *L) {
  return check_open(L, 1, WEBSOCKET, "websocket");
}

static uint64_t check_limit(lua_State *L, int arg) {
  lua_Integer bytes = luaL_checkinteger(L, arg);
  luaL_argcheck(L, bytes > 0, arg, "a number of bytes expected");
  return (uint64_t)bytes;
}

/* new(max_message) -> the client's side of a websocket */
static int l_new(lua_State *L) {
  uint64_t max_message = check_limit(L, 1);
  void **slot = push_slot(L, WEBSOCKET);
  *slot = websocket_new(max_message);
  return *slot ? 1 : luaL_error(L, "there is not enough memory");
}

/* websocket:limit(max_message): refuse longer messages from now on */
static int l_limit(lua_State *L) {
  websocket_limit(check_websocket(L), check_limit(L, 2));
  return 0;
}

/* websocket:feed(bytes): take in what the server sent */
static int l_feed(lua_State *L) {
  size_t len;
  Websocket *ws = check_websocket(L);
  const char *bytes = luaL_checklstring(L, 2, &len);
  websocket_feed(ws, bytes, len);
  if (websocket_failed(ws)) return luaL_error(L, "there is not enough memory for a message");
  return 0;
}

static int protected_message(lua_State *L) {
  const Message *message = lua_touserdata(L, 1);
  lua_pushlstring(L, message->data, message->len);
  return 1;
}

/* websocket:next() -> the next message, whether it is binary | nothing: there is none */
static int l_next(lua_State *L) {
  Websocket *ws = check_websocket(L);
  lua_settop(L, 1);
  lua_pushcfunction(L, protected_message);
  Message *message = websocket_next(ws);
  if (!message) return 0;
  lua_pushlightuserdata(L, message);
  int is_binary = message->is_binary, status = lua_pcall(L, 1, 1, 0);
  message_free(message);
  if (status != LUA_OK) return lua_error(L);
  lua_pushboolean(L, is_binary);
  return 2;
}

static int push_sent(lua_State *L, int result) {
  lua_pushboolean(L, result == 0);
  return 1;
}

/* websocket:send(text) -> whether it goes out: not when the websocket is closed */
static int l_send(lua_State *L) {
  size_t len;
  Websocket *ws = check_websocket(L);
  const char *text = luaL_checklstring(L, 2, &len);
  return push_sent(L, websocket_send(ws, text, len));
}

/* websocket:ping(payload) -> whether it goes out */
static int l_ping(lua_State *L) {
  size_t len;
  Websocket *ws = check_websocket(L);
  const char *payload = luaL_checklstring(L, 2, &len);
  return push_sent(L, websocket_ping(ws, payload, len));
}

/* websocket:close_with(code, reason) -> whether it goes out */
static int l_close_with(lua_State *L) {
  size_t len;
  Websocket *ws = check_websocket(L);
  lua_Integer code = luaL_checkinteger(L, 2);
  const char *reason = luaL_checklstring(L, 3, &len);
  luaL_argcheck(L, code >= 1000 && code <= 4999, 2, "a code from 1000 to 4999 expected");
  return push_sent(L, websocket_close(ws, (uint16_t)code, reason, len));
}

/* websocket:output() -> the bytes to send to the server | nothing */
static int l_output(lua_State *L) {
  Buf *output = websocket_output(check_websocket(L));
  if (!output->len) return 0;
  push_buf(L, output);
  buf_reset(output);
  return 1;
}

/* websocket:pongs() -> how many pings the server has answered */
static int l_pongs(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)websocket_pongs(check_websocket(L)));
  return 1;
}

/* websocket:closed() -> the code and the reason with which the server closed it | nothing */
static int l_closed(lua_State *L) {
  const char *reason;
  size_t len;
  int code = websocket_closed(check_websocket(L), &reason, &len);
  if (!code) return 0;
  lua_pushinteger(L, code);
  lua_pushlstring(L, reason, len);
  return 2;
}

/* websocket:closing() -> the code of the close that was sent, also because the server broke the
   rules | nothing */
static int l_closing(lua_State *L) {
  int code = websocket_closing(check_websocket(L));
  if (!code) return 0;
  lua_pushinteger(L, code);
  return 1;
}

/* __gc, __close and close; a second call does nothing. */
static int l_close(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, WEBSOCKET);
  websocket_free(*slot);
  *slot = NULL;
  return 0;
}

/* libraries() -> as core.libraries */
static int l_libraries(lua_State *L) {
  const Library libraries[] = {
    { "libwslay", WSLAY_VERSION, (Code)wslay_frame_context_init }, { NULL, NULL, NULL }
  };
  push_libraries(L, libraries);
  return 1;
}

static const luaL_Reg functions[] = {
  { "new",       l_new },
  { "libraries", l_libraries },
  { NULL, NULL }
};

static const luaL_Reg methods[] = {
  { "limit",      l_limit },
  { "feed",       l_feed },
  { "next",       l_next },
  { "send",       l_send },
  { "ping",       l_ping },
  { "close_with", l_close_with },
  { "output",     l_output },
  { "pongs",      l_pongs },
  { "closed",     l_closed },
  { "closing",    l_closing },
  { "close",      l_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = { { "__gc", l_close }, { "__close", l_close }, { NULL, NULL } };

int luaopen_azureml_websocket(lua_State *L) {
  make_type(L, WEBSOCKET, meta, methods);
  luaL_newlib(L, functions);
  return 1;
}
