/* azd.c: get tokens for the user who is logged in with the Azure Developer CLI, from `azd auth
   token`, which reports errors as lines of JSON. program.c runs it. Source: spec/contract/auth.md,
   section 7. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "credential/life.h"
#include "credential/program.h"
#include "text.h"

static void command(const ProgramOptions *options, const ProgramQuestion *question,
                    const char *argv[MAX_ARGUMENTS]) {
  const char *const words[] = {
    "azd", "auth", "token", "--output", "json", "--no-prompt", "--scope", question->scope
  };
  size_t count = sizeof words / sizeof *words;
  memcpy(argv, words, sizeof words);
  if (options->tenant_id) {
    argv[count++] = "--tenant-id";
    argv[count++] = options->tenant_id;
  }
  if (question->claims) {
    argv[count++] = "--claims";
    argv[count] = question->claims;
  }
}

static const char *read_answer(const json_t *answer, Grant *grant) {
  grant->token = json_string_value(json_object_get(answer, "token"));
  grant->expires_in = life_left(life_expiry(answer, "expiresOn"), grant->token);
  return grant->token ? NULL : "its answer has no token";
}

static int lacks_login(const char *errors) {
  if (strstr(errors, "AADSTS")) return 0;
  return strstr(errors, "not logged in") || strstr(errors, "azd auth login");
}

/* Return the message in a line that azd wrote; NULL: there is none. Versions before 1.23.7 write
   {"type":"consoleMessage","data":{"message":"\nERROR: fetching token: ...\n"}}, later versions
   {"error":"fetching token: ...\n","message":"Authentication with Azure failed."}.
   Source: spec/contract/auth.md, section 7. */
static char *message_in(const json_t *line) {
  const json_t *data = json_object_get(line, "data");
  const char *text = json_string_value(json_object_get(line, "error"));
  if (!text) text = json_string_value(json_object_get(data ? data : line, "message"));
  char *message = text ? program_last_line(text, strlen(text)) : NULL;
  if (message && *message) return message;
  free(message);
  return NULL;
}

/* Look for the last line that holds a message. Hints about a new version may follow it. */
static char *reason(const Buf *errors) {
  const char *text = errors->data ? errors->data : "";
  char *message = NULL;
  for (size_t end = errors->len; end && !message; ) {
    size_t begin = end;
    while (begin && text[begin - 1] != '\n') begin--;
    json_t *line = json_loadb(text + begin, end - begin, 0, NULL);
    message = message_in(line);
    json_decref(line);
    end = begin ? begin - 1 : 0;
  }
  return message ? message : program_last_line(text, errors->len);
}

static const ProgramTool tool = {
  .name = "azd",
  .words = {
    .title = "Azure Developer CLI",
    .login = "run 'azd auth login'",
    .by_hand = "try 'azd auth token' by hand"
  },
  .directory = "AZD_CONFIG_DIR", .home = ".azd", .profile = "auth.json",
  .command = command, .read = read_answer, .lacks_login = lacks_login, .reason = reason
};

static const CredentialKind kind = {
  .name = "azure_developer_cli", .fetch = program_fetch, .cancel = program_cancel,
  .clear = program_clear, .takes_tenant = 1
};

Credential *credential_azd(Loop *loop, const ProgramOptions *options, Error *error) {
  return program_credential(loop, &kind, &tool, options, error);
}
