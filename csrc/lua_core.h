/* lua_core.h: what the files of the border share. */
#ifndef LUA_CORE_H
#define LUA_CORE_H

#include <lauxlib.h>
#include <lua.h>

#include "aml.h"
#include "buf.h"

#define AML_EXPORT __attribute__((visibility("default")))
#define CREDENTIAL "azureml.credential"      /* the types of their userdata */
#define OPERATION  "azureml.core.op"

/* -- tables of options: lua_options.c ----------------------------------------------------------------------------------- */

enum { MAX_LIST = 64 };

/* 'tiemout' is an error that lists the known ones.  [-0, +0, e] */
void check_keys(lua_State *L, int arg, const char *what, const char *const *keys);
/* The value stays on the stack, so that a borrowed text lives as long as the call. 0: there is none.  [-0, +1, e] */
int opt_field(lua_State *L, int arg, const char *name, int type);
const char *opt_string(lua_State *L, int arg, const char *name);      /* NULL: none.  [-0, +1, e] */
const char *req_string(lua_State *L, int arg, const char *name);      /* [-0, +1, e] */
double opt_number(lua_State *L, int arg, const char *name, double otherwise);      /* from 0 to 1e9.  [-0, +0, e] */
int opt_boolean(lua_State *L, int arg, const char *name);             /* [-0, +0, e] */
/* Fills list with the texts of a sequence, ended by NULL; they live while the table does. NULL: none.  [-0, +1, e] */
const char *const *opt_list(lua_State *L, int arg, const char *name, const char *list[MAX_LIST + 1]);

/* -- values: lua_value.c ------------------------------------------------------------------------ */

/* Make the metatable of a type of userdata.  [-0, +0, m] */
void make_type(lua_State *L, const char *name, const luaL_Reg *meta, const luaL_Reg *methods);
/* Push a new userdata with one user value, born closed: an error between birth and opening leaves
   nothing to leak.  [-0, +1, m] */
void **push_slot(lua_State *L, const char *type);
void *check_open(lua_State *L, int arg, const char *type, const char *what);
/* Each push returns how many values it pushed, for a function's return. */
int push_owned(lua_State *L, char *text);      /* NULL: nil. Free the text.  [-0, +1, m] */
int push_buf(lua_State *L, const Buf *buf);    /* [-0, +1, m] */
int push_reason(lua_State *L, const char *reason);      /* nil and the reason.  [-0, +2, m] */
/* Set a field of the table on top.  [-0, +0, m] */
void set_text(lua_State *L, const char *name, const char *text);      /* NULL: no field */
void set_integer(lua_State *L, const char *name, lua_Integer number);

/* -- the loop and errors: lua_core.c ------------------------------------------------------------ */

Loop *loop_of(lua_State *L);           /* this state's; raises where it is closed, or its process was forked */
int is_parents(lua_State *L);          /* in a forked child what is open is the parent's: to close it would end connections that the parent uses */
int push_failure(lua_State *L, Error *error);      /* nil and the error, which is released.  [-0, +2, m] */
void make_weak(lua_State *L, const char *name);    /* a table in the registry that keeps no value alive, once.  [-0, +0, m] */

/* -- files: lua_system.c ------------------------------------------------------------------------ */

/* Push the whole text of an open file of at most limit bytes. Return 0 and push nothing where that
   fails.  [-0, +1, m] */
int push_file(lua_State *L, int fd, size_t limit);

/* -- JSON: lua_json.c --------------------------------------------------------------------------------------------------- */

/* An argument as JSON, until the next is written; raises what cannot be. An operation is written as how far it has got: what another process
   needs to go on with it.  [-0, +0, em] */
Buf *lua_json_text(lua_State *L, int arg);

/* -- what each file adds to the module's table, on top  [-0, +0, m] ------------------------------------------------------ */

void lua_credential_register(lua_State *L);      /* credential, answer, is_asked */
void lua_json_register(lua_State *L);            /* encode, decode, merge, array, is_array */
void lua_system_register(lua_State *L);          /* read_trusted, write_private, directory, terminal_width */
void lua_journal_register(lua_State *L);         /* journal, dead_journals */
void lua_state_register(lua_State *L);           /* state_file */
void lua_crypto_register(lua_State *L);          /* the table crypto */
void lua_certificate_register(lua_State *L);     /* the table certificate */

/* The answer's place: id, kind, payload and handler of a question.  [-0, +4, m]; 0 and nothing: nobody waits for it any more */
int lua_credential_push_question(lua_State *L, unsigned long id);

#endif
