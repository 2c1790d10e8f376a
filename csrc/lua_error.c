/* lua_error.c: turn an Error of the core into a Lua table. azureml.error makes an error
   object of the table and raises it. */

#include "lua_core.h"

static const char *const kind_names[] = {
  [ERROR_NONE] = "none",
  [ERROR_TRANSPORT] = "transport",
  [ERROR_PROTOCOL] = "protocol",
  [ERROR_HTTP] = "http",
  [ERROR_OPERATION] = "operation",
  [ERROR_CREDENTIAL] = "credential",
  [ERROR_UNAVAILABLE] = "credential",
  [ERROR_USAGE] = "usage"
};

void push_error_fields(lua_State *L, const Error *error) {
  lua_createtable(L, 0, 9);
  set_text(L, "kind", kind_names[error->kind]);
  set_text(L, "code", error->code);
  set_text(L, "message", error->message);
  set_text(L, "credential", error->credential);
  set_text(L, "target", error->target);
  set_text(L, "request_id", error->request_id);
  set_text(L, "more", error->more);
  if (error->status) set_integer(L, "status", error->status);
  if (error->outcome_unknown) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "outcome_unknown");
  }
  if (error->retry_after > 0) {
    lua_pushnumber(L, error->retry_after);
    lua_setfield(L, -2, "retry_after");
  }
}

void push_error(lua_State *L, const Error *error) {
  push_error_fields(L, error);
  if (!error->code) set_text(L, "code", "OutOfMemory");
  if (!error->message) set_text(L, "message", "there is not enough memory");
}

static int protected_error(lua_State *L) {
  push_error(L, lua_touserdata(L, 1));
  return 1;
}

int push_failure(lua_State *L, Error *error) {
  if (error->kind == ERROR_NONE) error->kind = ERROR_USAGE;      /* memory was short */
  lua_pushnil(L);
  lua_pushcfunction(L, protected_error);
  lua_pushlightuserdata(L, error);
  int failed = lua_pcall(L, 1, 1, 0);
  error_clear(error);
  return failed ? lua_error(L) : 2;
}
