/* cli.c: get tokens for the user who is logged in with the Azure CLI, from `az account
   get-access-token`. program.c runs it. Source: spec/contract/auth.md, section 7. */

#include <jansson.h>
#include <string.h>

#include "credential/life.h"
#include "credential/program.h"
#include "text.h"

static void command(const ProgramOptions *options, const ProgramQuestion *question,
                    const char *argv[MAX_ARGUMENTS]) {
  const char *const words[] = {
    "az", "account", "get-access-token", "--output", "json", "--resource", question->resource
  };
  size_t count = sizeof words / sizeof *words;
  memcpy(argv, words, sizeof words);
  if (options->tenant_id) {      /* az refuses a tenant together with a subscription */
    argv[count++] = "--tenant";
    argv[count] = options->tenant_id;
  } else if (options->subscription) {
    argv[count++] = "--subscription";
    argv[count] = options->subscription;
  }
}

/* Read the expiry. az before 2.54 prints only expiresOn, a local time such as
   "2026-11-24 12:00:00.000000". az prints null for the tokens of some managed identities. */
static double expiry_of(const json_t *answer) {
  double expiry = life_expiry(answer, "expires_on");
  return expiry > 0 ? expiry : life_expiry_local(answer, "expiresOn");
}

static const char *read_answer(const json_t *answer, Grant *grant) {
  grant->token = json_string_value(json_object_get(answer, "accessToken"));
  grant->expires_in = life_left(expiry_of(answer), grant->token);
  return grant->token ? NULL : "its answer has no accessToken";
}

static int lacks_login(const char *errors) {
  if (strstr(errors, "AADSTS")) return 0;
  return strstr(errors, "az login") || strstr(errors, "az account set");
}

/* Return Entra ID's line if Entra ID refused, because az prints only advice below it; else the last
   line with text. */
static char *reason(const Buf *errors) {
  const char *text = errors->data ? errors->data : "", *refusal = strstr(text, "AADSTS");
  size_t len = errors->len;
  if (refusal) len = (size_t)(refusal - text) + strcspn(refusal, "\r\n");
  return program_last_line(text, len);
}

static const ProgramTool tool = {
  .name = "az",
  .words = {
    .title = "Azure CLI",
    .login = "run 'az login'",
    .by_hand = "try 'az account get-access-token' by hand"
  },
  .directory = "AZURE_CONFIG_DIR", .home = ".azure", .profile = "azureProfile.json",
  .claims_login = "az login --claims-challenge",
  .command = command, .read = read_answer, .lacks_login = lacks_login, .reason = reason
};

static const CredentialKind kind = {
  .name = "azure_cli", .fetch = program_fetch, .cancel = program_cancel, .clear = program_clear,
  .takes_tenant = 1
};

Credential *credential_cli(Loop *loop, const ProgramOptions *options, Error *error) {
  return program_credential(loop, &kind, &tool, options, error);
}
