/* lua_credential.c: the Lua functions that make credentials, and those that pass questions of the
   core to Lua and answers back. azureml.credential is the public interface. */

#include <string.h>

#include "cache.h"
#include "lua_core.h"

/* registry: number -> function that answers questions. The values are weak: a credential keeps
   its functions alive. */
#define HANDLERS "azureml.handlers"

/* -- functions of a credential ----------------------------------------------------------------- */

/* Keep the value on top alive as long as the credential at index slot.  [-1, +0, m] */
static void keep(lua_State *L, int slot) {
  if (lua_getiuservalue(L, slot, 1) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, slot, 1);
  }
  lua_insert(L, -2);
  lua_rawseti(L, -2, luaL_len(L, -2) + 1);
  lua_pop(L, 1);
}

enum { SLOT = 2 };      /* the index of the new userdata in l_credential; the options are at 1 */

/* Register an optional function and return the number by which questions name it; 0 when the
   option is not set.  [-0, +0, em] */
static int opt_handler(lua_State *L, const char *name) {
  if (!opt_field(L, 1, name, LUA_TFUNCTION)) {
    lua_pop(L, 1);
    return 0;
  }
  lua_getfield(L, LUA_REGISTRYINDEX, HANDLERS);
  lua_getfield(L, -1, "last");
  int number = (int)lua_tointeger(L, -1) + 1;
  lua_pop(L, 1);
  set_integer(L, "last", number);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, number);
  lua_pop(L, 1);
  keep(L, SLOT);
  return number;
}

/* -- kinds ------------------------------------------------------------------------------------- */

static void read_authority(lua_State *L, AuthorityOptions *options) {
  options->authority = req_string(L, 1, "authority");
  options->tenant_id = opt_string(L, 1, "tenant_id");
  options->client_id = opt_string(L, 1, "client_id");
  options->ca_file = opt_string(L, 1, "ca_file");
  options->proxy = opt_string(L, 1, "proxy");
  /* The list lives as long as its userdata is on the stack: until l_credential returns. */
  const char **tenants = lua_newuserdatauv(L, (MAX_LIST + 1) * sizeof *tenants, 0);
  options->allowed_tenants = opt_list(L, 1, "additionally_allowed_tenants", tenants);
}

static Credential *open_secret(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions options;
  read_authority(L, &options);
  return credential_secret(loop, &options, opt_string(L, 1, "client_secret"), error);
}

static Credential *open_certificate(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions authority;
  CertificateOptions options = { 0 };
  read_authority(L, &authority);
  options.path = opt_string(L, 1, "certificate_path");
  if (opt_field(L, 1, "certificate", LUA_TSTRING))
    options.data = lua_tolstring(L, -1, &options.data_len);
  options.password = opt_string(L, 1, "password");
  options.send_chain = opt_boolean(L, 1, "send_certificate_chain");
  options.algorithm = opt_string(L, 1, "algorithm");
  return credential_certificate(loop, &authority, &options, error);
}

static Credential *open_assertion(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions authority;
  read_authority(L, &authority);
  int handler = opt_handler(L, "assertion");
  return credential_assertion(loop, &authority, handler, opt_string(L, 1, "assertion_file"), error);
}

static Credential *open_workload(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions authority;
  read_authority(L, &authority);
  return credential_workload(loop, &authority, opt_string(L, 1, "token_file"), error);
}

static Credential *open_github(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions authority;
  read_authority(L, &authority);
  return credential_github(loop, &authority, error);
}

static Credential *open_pipelines(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions authority;
  read_authority(L, &authority);
  PipelinesOptions options = {
    .service_connection_id = opt_string(L, 1, "service_connection_id"),
    .access_token = opt_string(L, 1, "access_token")
  };
  return credential_pipelines(loop, &authority, &options, error);
}

static Credential *open_environment(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions options;
  read_authority(L, &options);
  return credential_environment(loop, &options, error);
}

static Credential *open_fixed(lua_State *L, Loop *loop, Error *error) {
  return credential_fixed(loop, opt_string(L, 1, "token"), error);
}

static Credential *open_token_variable(lua_State *L, Loop *loop, Error *error) {
  (void)L;
  return credential_token_variable(loop, error);
}

static void read_person(lua_State *L, PersonOptions *person, const char *handler) {
  person->login_hint = opt_string(L, 1, "login_hint");
  person->timeout = opt_number(L, 1, "timeout", 0);
  person->kept = opt_boolean(L, 1, "kept");
  person->ask_first = opt_boolean(L, 1, "ask_first");
  person->uncached = opt_boolean(L, 1, "uncached");
  person->handler = opt_handler(L, handler);
}

static Credential *open_device(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions options;
  PersonOptions person;
  read_authority(L, &options);
  read_person(L, &person, "show");
  return credential_device(loop, &options, &person, error);
}

static Credential *open_browser(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions options;
  PersonOptions person;
  read_authority(L, &options);
  read_person(L, &person, "open");
  return credential_browser(loop, &options, &person, error);
}

static Credential *open_refresh(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions options;
  read_authority(L, &options);
  return credential_refresh(loop, &options, opt_string(L, 1, "refresh_token"), error);
}

static Credential *open_login(lua_State *L, Loop *loop, Error *error) {
  AuthorityOptions options;
  read_authority(L, &options);
  return credential_login(loop, &options, error);
}

static void read_program(lua_State *L, ProgramOptions *options) {
  options->tenant_id = opt_string(L, 1, "tenant_id");
  options->subscription = opt_string(L, 1, "subscription");
  options->timeout = opt_number(L, 1, "timeout", 0);
  options->uncached = opt_boolean(L, 1, "uncached");
}

static Credential *open_cli(lua_State *L, Loop *loop, Error *error) {
  ProgramOptions options;
  read_program(L, &options);
  return credential_cli(loop, &options, error);
}

static Credential *open_azd(lua_State *L, Loop *loop, Error *error) {
  ProgramOptions options;
  read_program(L, &options);
  return credential_azd(loop, &options, error);
}

static Credential *open_managed(lua_State *L, Loop *loop, Error *error) {
  ManagedOptions options = {
    .client_id = opt_string(L, 1, "client_id"),
    .object_id = opt_string(L, 1, "object_id"),
    .resource_id = opt_string(L, 1, "resource_id"),
    .arc_directory = opt_string(L, 1, "arc_directory"),
    .probe = opt_boolean(L, 1, "probe")
  };
  return credential_managed(loop, &options, error);
}

static Credential *open_chain(lua_State *L, Loop *loop, Error *error) {
  Credential *links[MAX_LIST];
  if (!opt_field(L, 1, "links", LUA_TTABLE)) luaL_error(L, "option 'links' is missing");
  lua_Integer count = luaL_len(L, -1);
  if (count > MAX_LIST) luaL_error(L, "option 'links' has more than %d entries", MAX_LIST);
  for (lua_Integer i = 0; i < count; i++) {
    lua_rawgeti(L, -1, i + 1);
    void **slot = luaL_testudata(L, -1, CREDENTIAL);
    if (!slot || !*slot) luaL_error(L, "option 'links' must be a list of open credentials");
    links[i] = *slot;
    keep(L, SLOT);      /* the link keeps its own functions alive */
  }
  return credential_chain(loop, links, (size_t)count, error);
}

static Credential *open_function(lua_State *L, Loop *loop, Error *error) {
  return credential_function(loop, opt_handler(L, "token"), error);
}

#define AUTHORITY_KEYS \
  "kind", "authority", "tenant_id", "client_id", "ca_file", "proxy", "additionally_allowed_tenants"
#define PERSON_KEYS "login_hint", "timeout", "kept", "ask_first", "uncached"

static const char *const secret_keys[] = { AUTHORITY_KEYS, "client_secret", NULL };
static const char *const certificate_keys[] = {
  AUTHORITY_KEYS, "certificate_path", "certificate", "password", "send_certificate_chain",
  "algorithm", NULL
};
static const char *const assertion_keys[] = { AUTHORITY_KEYS, "assertion", "assertion_file", NULL };
static const char *const workload_keys[] = { AUTHORITY_KEYS, "token_file", NULL };
static const char *const github_keys[] = { AUTHORITY_KEYS, NULL };
static const char *const pipelines_keys[] = {
  AUTHORITY_KEYS, "service_connection_id", "access_token", NULL
};
static const char *const environment_keys[] = {
  "kind", "authority", "ca_file", "proxy", "additionally_allowed_tenants", NULL
};
static const char *const fixed_keys[] = { "kind", "token", NULL };
static const char *const variable_keys[] = { "kind", NULL };
static const char *const device_keys[] = { AUTHORITY_KEYS, PERSON_KEYS, "show", NULL };
static const char *const browser_keys[] = { AUTHORITY_KEYS, PERSON_KEYS, "open", NULL };
static const char *const refresh_keys[] = { AUTHORITY_KEYS, "refresh_token", NULL };
static const char *const cli_keys[] = {
  "kind", "tenant_id", "subscription", "timeout", "uncached", NULL
};
static const char *const azd_keys[] = { "kind", "tenant_id", "timeout", "uncached", NULL };
static const char *const managed_keys[] = {
  "kind", "client_id", "object_id", "resource_id", "probe", "arc_directory", NULL
};
static const char *const function_keys[] = { "kind", "token", NULL };
static const char *const chain_keys[] = { "kind", "links", NULL };

static const struct {
  const char *name;
  const char *const *keys;
  Credential *(*open)(lua_State *L, Loop *loop, Error *error);
} credential_kinds[] = {
  { "client_secret",       secret_keys,      open_secret },
  { "client_certificate",  certificate_keys, open_certificate },
  { "client_assertion",    assertion_keys,   open_assertion },
  { "workload_identity",   workload_keys,    open_workload },
  { "github_actions",      github_keys,      open_github },
  { "azure_pipelines",     pipelines_keys,   open_pipelines },
  { "environment",         environment_keys, open_environment },
  { "token",               fixed_keys,       open_fixed },
  { "token_variable",      variable_keys,    open_token_variable },
  { "function",            function_keys,    open_function },
  { "managed_identity",    managed_keys,     open_managed },
  { "azure_cli",           cli_keys,         open_cli },
  { "azure_developer_cli", azd_keys,         open_azd },
  { "device_code",         device_keys,      open_device },
  { "browser",             browser_keys,     open_browser },
  { "refresh_token",       refresh_keys,     open_refresh },
  { "azureml_login",       environment_keys, open_login },
  { "chain",               chain_keys,       open_chain },
};

/* Return the index of option 'kind' in the table.  [-0, +1, e] */
static size_t check_kind(lua_State *L) {
  const char *name = req_string(L, 1, "kind");
  size_t count = sizeof credential_kinds / sizeof *credential_kinds;
  for (size_t i = 0; i < count; i++)
    if (strcmp(credential_kinds[i].name, name) == 0) return i;
  return (size_t)luaL_error(L, "there is no credential of kind '%s'", name);
}

/* -- credentials ------------------------------------------------------------------------------- */

/* credential(options) -> credential | nil, error */
static int l_credential(lua_State *L) {
  Error error = { 0 };
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  size_t kind = check_kind(L);
  check_keys(L, 1, "a credential of this kind", credential_kinds[kind].keys);
  void **slot = push_slot(L, CREDENTIAL);
  lua_insert(L, SLOT);      /* below the texts that open() borrows */
  *slot = credential_kinds[kind].open(L, loop_of(L), &error);
  if (!*slot) return push_failure(L, &error);
  lua_settop(L, SLOT);
  return 1;
}

/* __gc, __close and close; a second call does nothing. Clients hold their own reference to the
   credential. */
static int l_credential_close(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, CREDENTIAL);
  if (!is_parents(L)) credential_unref(*slot);
  *slot = NULL;
  return 0;
}

static int l_credential_kind(lua_State *L) {
  lua_pushstring(L, credential_kind(check_open(L, 1, CREDENTIAL, "credential")));
  return 1;
}

/* credential:claim(name) -> a claim of the current token about its owner ("oid") | nil */
static int l_credential_claim(lua_State *L) {
  const Credential *credential = check_open(L, 1, CREDENTIAL, "credential");
  return push_owned(L, credential_claim(credential, luaL_checkstring(L, 2)));
}

/* credential:served() -> kind and principal of the credential that got the token: of a chain, its
   link | nothing: there is no token yet */
static int l_credential_served(lua_State *L) {
  const Credential *served = credential_served(check_open(L, 1, CREDENTIAL, "credential"));
  if (!served) return 0;
  lua_pushstring(L, credential_kind(served));
  lua_pushstring(L, credential_principal(served));
  return 2;
}

/* credential:expires_in() -> seconds until the current token expires; 0: there is none;
   nil: the expiry is not known */
static int l_credential_expires_in(lua_State *L) {
  double seconds = credential_expires_in(check_open(L, 1, CREDENTIAL, "credential"));
  if (seconds < 0) lua_pushnil(L);
  else lua_pushnumber(L, seconds);
  return 1;
}

/* forget_tokens() -> how many files of the token cache were removed | nil, reason */
static int l_forget_tokens(lua_State *L) {
  const char *why = "it cannot be read";
  int count = cache_clear(&why);
  if (count < 0) return push_reason(L, why);
  lua_pushinteger(L, count);
  return 1;
}

static int l_credential_tostring(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, CREDENTIAL);
  const char *principal = *slot ? credential_principal(*slot) : "";
  const char *kind = *slot ? credential_kind(*slot) : "closed";
  if (*principal && strcmp(principal, kind) != 0)
    lua_pushfstring(L, "credential: %s %s", kind, principal);
  else lua_pushfstring(L, "credential: %s", kind);
  return 1;
}

/* -- questions --------------------------------------------------------------------------------- */

static const char *const question_names[] = {
  [QUESTION_TOKEN] = "token",
  [QUESTION_ASSERTION] = "assertion",
  [QUESTION_SHOW] = "show",
  [QUESTION_OPEN] = "open"
};

/* Push the fields of a question as a table.  [-0, +1, m] */
static void push_payload(lua_State *L, const Question *question) {
  lua_newtable(L);
  for (const QuestionField *field = question->fields; field->name; field++) {
    if (field->text) lua_pushstring(L, field->text);
    else lua_pushnumber(L, field->number);
    lua_setfield(L, -2, field->name);
  }
}

/* Push the function with that number, or nil.  [-0, +1, m] */
static void push_handler(lua_State *L, int number) {
  lua_getfield(L, LUA_REGISTRYINDEX, HANDLERS);
  lua_rawgeti(L, -1, number);
  lua_remove(L, -2);
}

int lua_credential_push_question(lua_State *L, unsigned long id) {
  const Question *question = question_find(loop_of(L), id);
  if (!question) return 0;
  lua_pushinteger(L, (lua_Integer)id);
  lua_pushstring(L, question_names[question->kind]);
  push_payload(L, question);
  push_handler(L, question->handler);
  return 4;
}

static unsigned long check_id(lua_State *L) {
  return (unsigned long)luaL_checkinteger(L, 1);
}

static const char *const refusal_keys[] = { "code", "message", "unavailable", NULL };
static const char *const answer_keys[] = { "text", "expires_in", "refresh_in", NULL };

static void read_refusal(lua_State *L, Error *error) {
  check_keys(L, 3, "the error of an answer", refusal_keys);
  int unavailable = opt_boolean(L, 3, "unavailable");
  const char *code = req_string(L, 3, "code"), *message = req_string(L, 3, "message");
  error_set(error, unavailable ? ERROR_UNAVAILABLE : ERROR_CREDENTIAL, code, "%s", message);
}

static void read_answer(lua_State *L, Answer *answer) {
  check_keys(L, 2, "an answer", answer_keys);
  answer->text = opt_string(L, 2, "text");
  answer->expires_in = opt_number(L, 2, "expires_in", 0);
  answer->refresh_in = opt_number(L, 2, "refresh_in", 0);
}

/* answer(id, { text, expires_in, refresh_in }) or answer(id, nil, { code, message, unavailable })
   -> whether the question was still open */
static int l_answer(lua_State *L) {
  Loop *loop = loop_of(L);
  unsigned long id = check_id(L);
  Answer answer = { 0 };
  Error error = { 0 };
  lua_settop(L, 3);
  int refused = lua_isnil(L, 2);
  if (refused) read_refusal(L, &error);
  else read_answer(L, &answer);
  lua_pushboolean(L, question_answer(loop, id, refused ? NULL : &answer, refused ? &error : NULL));
  error_clear(&error);
  return 1;
}

/* is_asked(id) -> whether the question is still open */
static int l_is_asked(lua_State *L) {
  lua_pushboolean(L, question_find(loop_of(L), check_id(L)) != NULL);
  return 1;
}

/* -- registering ------------------------------------------------------------------------------- */

static const luaL_Reg functions[] = {
  { "credential",    l_credential },
  { "answer",        l_answer },
  { "is_asked",      l_is_asked },
  { "forget_tokens", l_forget_tokens },
  { NULL, NULL }
};

static const luaL_Reg methods[] = {
  { "kind",       l_credential_kind },
  { "claim",      l_credential_claim },
  { "served",     l_credential_served },
  { "expires_in", l_credential_expires_in },
  { "close",      l_credential_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = {
  { "__gc",       l_credential_close },
  { "__close",    l_credential_close },
  { "__tostring", l_credential_tostring },
  { NULL, NULL }
};

void lua_credential_register(lua_State *L) {
  make_weak(L, HANDLERS);
  make_type(L, CREDENTIAL, meta, methods);
  luaL_setfuncs(L, functions, 0);
}
