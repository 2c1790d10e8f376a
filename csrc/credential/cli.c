/* cli.c: whoever is logged in with the Azure CLI: asks `az account get-access-token`. */

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "child.h"
#include "credential/scope.h"
#include "text.h"
#include "token.h"

static const double TIMEOUT = 13;      /* seconds; az takes half a second, after an upgrade ten */
static const char INSTALL[] = "install it, or choose another credential";
static const char LOGIN[] = "run 'az login'";
static const char BY_HAND[] = "try 'az account get-access-token' by hand";

typedef struct Cli {
  char  *tenant_id, *subscription;
  double timeout;
} Cli;

enum { MAX_ARGUMENTS = 12 };

static void end_with(Fetch *fetch, const char *code, const char *what, const char *remedy) {
  Error error = { 0 };
  error_set(&error, ERROR_UNAVAILABLE, code, "Azure CLI: %s; %s", what, remedy);
  fetch->done(fetch, NULL, &error);
  error_clear(&error);
}

/* "2026-11-24 12:00:00.000000" in the machine's local time: all that az before 2.54 tells. */
static double local_time(const char *text) {
  struct tm when = { 0 };
  if (!text || !strptime(text, "%Y-%m-%d %H:%M:%S", &when)) return 0;
  when.tm_isdst = -1;
  return (double)mktime(&when);
}

static double life_left(const json_t *answer) {
  const json_t *epoch = json_object_get(answer, "expires_on");
  double ends = json_is_integer(epoch) ? (double)json_integer_value(epoch) : local_time(json_string_value(json_object_get(answer, "expiresOn")));
  return ends - (double)time(NULL);
}

static void read_answer(Fetch *fetch, const Buf *output) {
  json_t *answer = json_loadb(output->data ? output->data : "", output->len, 0, NULL);
  Grant grant = { json_string_value(json_object_get(answer, "accessToken")), answer ? life_left(answer) : 0, 0 };
  if (!answer) end_with(fetch, "InvalidTokenAnswer", "it printed something that is not JSON", BY_HAND);
  else if (!grant.token) end_with(fetch, "InvalidTokenAnswer", "its answer has no accessToken", BY_HAND);
  else if (grant.expires_in <= 0) end_with(fetch, "InvalidTokenAnswer", "its answer does not say when the token ends, or it has ended", LOGIN);
  else fetch->done(fetch, &grant, NULL);
  json_decref(answer);
}

/* The last line that says something; but where Entra refused, it is Entra's, and below it stands only what to run. */
static char *last_words(const Buf *errors) {
  const char *text = errors->data ? errors->data : "", *refusal = strstr(text, "AADSTS");
  size_t end = refusal ? (size_t)(refusal - text) + strcspn(refusal, "\r\n") : errors->len;
  while (end && (text[end - 1] == '\n' || text[end - 1] == '\r' || text[end - 1] == ' ')) end--;
  size_t begin = end;
  while (begin && text[begin - 1] != '\n') begin--;
  if (end - begin > 250) end = begin + 250;
  return text_format("%.*s", (int)(end - begin), text + begin);
}

static void read_failure(Fetch *fetch, const ChildResult *result) {
  const char *errors = result->errors->data ? result->errors->data : "";
  int login = strstr(errors, "az login") || strstr(errors, "az account set");
  if (result->status == 127) {
    end_with(fetch, "CliNotFound", "'az' is not installed", INSTALL);
  } else if (login && !strstr(errors, "AADSTS")) {
    end_with(fetch, "CliNotLoggedIn", "nobody is logged in", LOGIN);
  } else {
    char *words = last_words(result->errors);
    char *what = text_format("it failed (exit code %d): %s", result->status, strstr(words, "accessToken") ? "" : words);
    end_with(fetch, "CliFailed", what, LOGIN);
    free(what);
    free(words);
  }
}

static void ended(void *owner, const ChildResult *result) {
  Fetch *fetch = owner;
  fetch->work = NULL;
  if (result->timed_out) end_with(fetch, "CliTimeout", "it did not answer in time", BY_HAND);
  else if (result->status < 0) end_with(fetch, "CliFailed", "it printed far more than an answer, or could not be heard to its end", BY_HAND);
  else if (result->status != 0) read_failure(fetch, result);
  else read_answer(fetch, result->output);
}

static void fetch(Credential *credential, Fetch *asked) {
  const Cli *state = credential->state;
  char *resource = scope_resource(asked->scope);
  const char *argv[MAX_ARGUMENTS] = { "az", "account", "get-access-token", "--output", "json", "--resource", resource };
  size_t count = 7;
  if (state->tenant_id) {      /* az refuses a tenant together with a subscription */
    argv[count++] = "--tenant";
    argv[count++] = state->tenant_id;
  } else if (state->subscription) {
    argv[count++] = "--subscription";
    argv[count++] = state->subscription;
  }
  Child *child = NULL;
  int failed = child_start(&child, credential->loop, argv, state->timeout, ended, asked);
  free(resource);
  asked->work = child;
  if (failed == ENOENT) end_with(asked, "CliNotFound", "'az' is not installed", INSTALL);
  else if (failed) end_with(asked, "CliFailed", strerror(failed), INSTALL);
}

static void cancel(Credential *credential, Fetch *asked) {
  (void)credential;
  if (asked->work) child_cancel(asked->work);
}

static void clear(Credential *credential) {
  Cli *state = credential->state;
  free(state->tenant_id);
  free(state->subscription);
  free(state);
}

static const CredentialKind kind = { "azure_cli", fetch, cancel, clear };

/* They become arguments of a program: nothing that could be taken for an option. */
static int is_harmless(const char *text) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_. -";
  return !text || (*text && *text != '-' && strspn(text, allowed) == strlen(text));
}

Credential *credential_cli(Loop *loop, const char *tenant_id, const char *subscription, double timeout, Error *error) {
  if (!is_harmless(tenant_id) || !is_harmless(subscription)) {
    error_set(error, ERROR_USAGE, "InvalidCredential", "%s may hold only letters, digits, '.', '_', '-' and blanks", is_harmless(tenant_id) ? "subscription" : "tenant_id");
    return NULL;
  }
  Cli *state = calloc(1, sizeof *state);
  if (!state) return NULL;
  state->tenant_id = text_copy(tenant_id);
  state->subscription = text_copy(subscription);
  state->timeout = timeout > 0 ? timeout : TIMEOUT;
  Credential *credential = credential_new(loop, &kind, state, "azure_cli");
  if (credential) credential->ambient = 1;
  return credential;
}
