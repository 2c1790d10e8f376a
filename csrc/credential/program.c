/* program.c: get tokens from a program that prints them. The program is slow, so cache.c keeps its
   tokens on disk while the same user is logged in. cli.c and azd.c describe the programs.
   Source: spec/contract/auth.md, section 7. */

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "cache.h"
#include "child.h"
#include "credential/program.h"
#include "credential/scope.h"
#include "text.h"

static const double TIMEOUT = 13;      /* seconds; az takes 0.5, and 10 after an upgrade */
static const char INSTALL[] = "install it, or choose another credential";

enum { MAX_REASON = 250 };

typedef struct Program {
  const ProgramTool *tool;
  ProgramOptions options;      /* owns its texts */
  char  *profile;              /* the path of the tool's profile; NULL: no home directory */
  Cache *cache;
} Program;

typedef struct Run {
  Fetch *fetch;
  Child *child;
  char  *stamp;                /* of the profile at the start; NULL: not known */
} Run;

static const Program *state_of(const Fetch *fetch) { return fetch->credential->state; }

/* -- end --------------------------------------------------------------------------------------- */

/* Fail a fetch with what is wrong and what the user can do. */
static void end_with(Fetch *fetch, const char *code, const char *fault, const char *remedy) {
  if (!fault) fault = "it failed";      /* there was no memory for the details */
  fetch_fail(fetch, ERROR_UNAVAILABLE, code, "%s: %s; %s",
             state_of(fetch)->tool->words.title, fault, remedy);
}

static void not_found(Fetch *fetch) {
  char *fault = text_format("'%s' is not installed", state_of(fetch)->tool->name);
  end_with(fetch, "CliNotFound", fault, INSTALL);
  free(fault);
}

/* Return 1 if a fetch can use the cache, which holds only tokens without claims, for the tool's own
   tenant or the configured one. */
static int is_cacheable(const Fetch *fetch) { return !fetch->claims && !fetch->tenant; }

/* Save a token if the same user was logged in before and after the run: the token of a user must
   not be served to another. */
static void keep(const Fetch *fetch, const Grant *grant, const char *stamp_before) {
  const Program *state = state_of(fetch);
  char *stamp = state->cache && state->profile ? cache_stamp(state->profile) : NULL;
  CacheNews news = { .scope = fetch->scope, .grant = grant, .stamp = stamp };
  int is_same_user = stamp && stamp_before && strcmp(stamp, stamp_before) == 0;
  if (is_same_user && is_cacheable(fetch) && text_is_token(grant->token))
    cache_keep(state->cache, &news);
  free(stamp);
}

static void read_answer(Fetch *fetch, const Buf *output, const char *stamp) {
  const ProgramTool *tool = state_of(fetch)->tool;
  Grant grant = { 0 };
  json_t *answer = body_json_first(output);
  const char *fault = answer ? tool->read(answer, &grant) : "it printed something that is not JSON";
  if (!fault && grant.expires_in < 0) {
    end_with(fetch, "InvalidTokenAnswer", "its token has expired", tool->words.login);
  } else if (!fault && grant.expires_in == 0) {
    end_with(fetch, "InvalidTokenAnswer", "its token has no expiry date", tool->words.by_hand);
  } else if (fault) {
    end_with(fetch, "InvalidTokenAnswer", fault, tool->words.by_hand);
  } else {
    keep(fetch, &grant, stamp);
    fetch->done(fetch, &grant, NULL);
  }
  json_decref(answer);
}

/* Return 1 if an error text may hold a token: a tool that fails may print its answer there. */
static int shows_token(const char *text) {
  return strstr(text, "accessToken") || strstr(text, "\"token\"") || strstr(text, "eyJ");
}

static void read_failure(Fetch *fetch, const ChildResult *result) {
  const ProgramTool *tool = state_of(fetch)->tool;
  const char *errors = result->errors->data ? result->errors->data : "";
  if (result->status == 127) {
    not_found(fetch);
  } else if (tool->lacks_login(errors)) {
    end_with(fetch, "CliNotLoggedIn", "no user is logged in", tool->words.login);
  } else {
    /* A new login helps where Entra ID refuses, but not where the program itself fails. */
    int is_refusal = strstr(errors, "AADSTS") != NULL;
    char *reason = tool->reason(result->errors);
    int is_printable = reason && *reason && !shows_token(reason);
    char *fault = text_format("it failed (exit code %d)%s%.*s", result->status,
                              is_printable ? ": " : "", MAX_REASON, is_printable ? reason : "");
    end_with(fetch, "CliFailed", fault,
             is_refusal ? tool->words.login : tool->words.by_hand);
    free(fault);
    free(reason);
  }
}

static void run_free(Run *run) {
  run->fetch->work = NULL;
  free(run->stamp);
  free(run);
}

static void ended(void *owner, const ChildResult *result) {
  Run *run = owner;
  Fetch *fetch = run->fetch;
  const char *by_hand = state_of(fetch)->tool->words.by_hand;
  char *stamp = run->stamp;
  run->stamp = NULL;
  run_free(run);
  if (result->timed_out)
    end_with(fetch, "CliTimeout", "it did not answer in time", by_hand);
  else if (result->status < 0)
    end_with(fetch, "CliFailed", "its output is too long for an answer, or could not be read",
             by_hand);
  else if (result->status != 0)
    read_failure(fetch, result);
  else
    read_answer(fetch, result->output, stamp);
  free(stamp);
}

/* -- run --------------------------------------------------------------------------------------- */

/* Start the program. The run owns stamp. */
static void start(const Program *state, Fetch *asked, char *stamp) {
  const char *argv[MAX_ARGUMENTS] = { NULL };
  char *resource = scope_resource(asked->scope);
  char *claims = asked->claims ? base64_encode(asked->claims, strlen(asked->claims)) : NULL;
  ProgramQuestion question = { asked->scope, resource, claims };
  ProgramOptions options = state->options;
  if (asked->tenant) options.tenant_id = asked->tenant;
  Run *run = calloc(1, sizeof *run);
  if (!run || !resource || (asked->claims && !claims)) {
    free(run);
    free(stamp);
    free(resource);
    free(claims);
    fetch_fail_for_memory(asked);
    return;
  }
  run->fetch = asked;
  run->stamp = stamp;
  asked->work = run;
  state->tool->command(&options, &question, argv);
  Loop *loop = asked->credential->loop;
  int failed = child_start(&run->child, loop, argv, state->options.timeout, ended, run);
  free(resource);
  free(claims);
  if (!failed) return;
  run_free(run);
  if (failed == ENOENT) not_found(asked);
  else end_with(asked, "CliFailed", strerror(failed), INSTALL);
}

/* Check a scope, which becomes an argument of a program. */
static int is_scope(const char *text) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_.:/-";
  return *text && *text != '-' && strspn(text, allowed) == strlen(text);
}

/* Fail a fetch: the user must log in again with the claims that the service demands. */
static void demand_login(Fetch *asked, const char *command) {
  char *claims = base64_encode(asked->claims, strlen(asked->claims));
  char *remedy = text_format("run '%s %s --scope %s'", command, claims, asked->scope);
  if (claims && remedy)
    end_with(asked, "ClaimsChallenge", "the service demands another sign-in", remedy);
  else
    fetch_fail_for_memory(asked);
  free(claims);
  free(remedy);
}

/* Check an id, which becomes an argument of a program: refuse what looks like an option. */
static int is_harmless(const char *text) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_. -";
  return !text || (*text && *text != '-' && strspn(text, allowed) == strlen(text));
}

/* Return 1 if the credential may fetch tokens of a tenant: any tenant unless its options name one.
   Source: spec/contract/auth.md, section 2. */
static int may_ask_for(const Program *state, const char *tenant) {
  const char *own = state->options.tenant_id;
  return is_harmless(tenant) && (!own || text_equal(own, tenant));
}

void program_fetch(Credential *credential, Fetch *asked) {
  const Program *state = credential->state;
  if (!is_scope(asked->scope)) {
    end_with(asked, "InvalidScope",
             "a scope may hold only letters, digits, '_', '.', ':', '/' and '-'",
             "choose another scope");
    return;
  }
  if (asked->claims && state->tool->claims_login) {
    demand_login(asked, state->tool->claims_login);
    return;
  }
  if (asked->tenant && !may_ask_for(state, asked->tenant)) {
    end_with(asked, "TenantNotAllowed",
             "it is bound to another tenant than the one whose token is wanted",
             "leave its tenant_id out");
    return;
  }
  char *stamp = state->cache && state->profile ? cache_stamp(state->profile) : NULL;
  if (stamp && is_cacheable(asked) && cache_serve(state->cache, stamp, asked)) free(stamp);
  else start(state, asked, stamp);
}

void program_cancel(Credential *credential, Fetch *asked) {
  Run *run = asked->work;
  (void)credential;
  if (!run) return;
  child_cancel(run->child);
  run_free(run);
}

void program_clear(Credential *credential) {
  Program *state = credential->state;
  free((char *)state->options.tenant_id);
  free((char *)state->options.subscription);
  free(state->profile);
  cache_free(state->cache);
  free(state);
}

char *program_last_line(const char *text, size_t len) {
  while (len && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
    len--;
  size_t begin = len;
  while (begin && text[begin - 1] != '\n') begin--;
  return text_format("%.*s", (int)(len - begin), text + begin);
}

/* -- opening ----------------------------------------------------------------------------------- */

static char *profile_of(const ProgramTool *tool) {
  const char *directory = getenv(tool->directory), *home = getenv("HOME");
  if (directory && *directory) return text_format("%s/%s", directory, tool->profile);
  return home && *home ? text_format("%s/%s/%s", home, tool->home, tool->profile) : NULL;
}

static Cache *cache_of(const Program *state) {
  const ProgramOptions *options = &state->options;
  const char *const names[] = {
    state->tool->name,
    state->profile ? state->profile : "",
    options->tenant_id ? options->tenant_id : "",
    options->subscription ? options->subscription : "",
    NULL
  };
  return options->uncached ? NULL : cache_new(names);
}

Credential *program_credential(Loop *loop, const CredentialKind *kind, const ProgramTool *tool,
                               const ProgramOptions *options, Error *error) {
  if (!is_harmless(options->tenant_id) || !is_harmless(options->subscription)) {
    error_set(error, ERROR_USAGE, "InvalidCredential",
              "%s may hold only letters, digits, '.', '_', '-' and blanks",
              is_harmless(options->tenant_id) ? "subscription" : "tenant_id");
    return NULL;
  }
  Program *state = calloc(1, sizeof *state);
  if (!state) return NULL;
  state->tool = tool;
  state->options = *options;
  state->options.tenant_id = text_copy(options->tenant_id);
  state->options.subscription = text_copy(options->subscription);
  if (options->timeout <= 0) state->options.timeout = TIMEOUT;
  state->profile = profile_of(tool);
  state->cache = cache_of(state);
  int copied = text_is_copied(state->options.tenant_id, options->tenant_id)
    && text_is_copied(state->options.subscription, options->subscription);
  if (!copied) {
    program_clear(&(Credential){ .state = state });
    return NULL;
  }
  Credential *credential = credential_new(loop, kind, state, kind->name);
  if (credential) credential->ambient = 1;
  return credential;
}
