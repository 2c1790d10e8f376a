/* chain.c: credentials tried in turn. Only one that does not apply here lets the next be tried: a wrong secret must not
   silently become somebody's az login. */

#include <jansson.h>
#include <stdlib.h>

#include "text.h"
#include "token.h"

typedef struct Chain {
  Credential **links;
  size_t count;
  size_t chosen;       /* the link that served; count: none yet */
} Chain;

typedef struct Try {
  Fetch   link;        /* to the link */
  Fetch  *asked;       /* of us */
  size_t  at;
  json_t *reasons;     /* why not, a line a link */
} Try;

static void try_link(Try *try);

static void end(Try *try, const Grant *grant, const Error *error) {
  Fetch *asked = try->asked;
  asked->work = NULL;
  json_decref(try->reasons);
  free(try);
  asked->done(asked, grant, error);
}

/* The reasons go up as a service's details would. */
static void none_left(Try *try) {
  Error error = { 0 };
  size_t count = json_array_size(try->reasons);
  error_set(&error, ERROR_UNAVAILABLE, "CredentialUnavailable", "no credential was found: %s",
            count == 1 ? "the only one that was tried does not apply here" : "none of those that were tried applies here");
  json_t *body = json_pack("{sO}", "details", try->reasons);
  error.more = body ? json_dumps(body, JSON_COMPACT) : NULL;
  json_decref(body);
  end(try, NULL, &error);
  error_clear(&error);
}

/* A link that is a chain itself has its own list. */
static void note_reasons(Try *try, const Error *error) {
  json_t *body = error->more ? json_loads(error->more, 0, NULL) : NULL, *inner = json_object_get(body, "details");
  if (inner) json_array_extend(try->reasons, inner);
  else json_array_append_new(try->reasons, json_pack("{ss ss}", "code", error->code, "message", error->message));
  json_decref(body);
}

/* A person should know which of many it was, and why no other was tried. */
static void refused(Try *try, const Error *refusal) {
  char *remark = text_format("so ended the credential '%s', and the chain with it", credential_kind(try->link.credential));
  Error error = { 0 };
  error_copy(&error, refusal);
  error_remark(&error, remark);
  free(remark);
  end(try, NULL, &error);
  error_clear(&error);
}

static void link_done(Fetch *link, const Grant *grant, const Error *error) {
  Try *try = container_of(link, Try, link);
  Chain *chain = try->asked->credential->state;
  if (grant) chain->chosen = try->at;
  if (grant || chain->chosen == try->at) {
    end(try, grant, error);
    return;
  }
  if (error->kind != ERROR_UNAVAILABLE) {
    refused(try, error);
    return;
  }
  note_reasons(try, error);
  try->at++;
  if (try->at < chain->count) try_link(try);
  else none_left(try);
}

static void try_link(Try *try) {
  Chain *chain = try->asked->credential->state;
  Credential *credential = chain->links[try->at];
  try->link = fetch_part(try->asked, credential, link_done);
  fetch_start(&try->link);
}

static void fetch(Credential *credential, Fetch *asked) {
  Chain *chain = credential->state;
  Try *try = calloc(1, sizeof *try);
  if (!try || !(try->reasons = json_array())) abort();
  try->asked = asked;
  try->at = chain->chosen < chain->count ? chain->chosen : 0;
  asked->work = try;
  try_link(try);
}

static void cancel(Credential *credential, Fetch *asked) {
  Try *try = asked->work;
  (void)credential;
  if (!try) return;
  try->link.credential->kind->cancel(try->link.credential, &try->link);
  json_decref(try->reasons);
  free(try);
}

static void clear(Credential *credential) {
  Chain *chain = credential->state;
  for (size_t i = 0; i < chain->count; i++) credential_unref(chain->links[i]);
  free(chain->links);
  free(chain);
}

static const Credential *served(const Credential *credential) {
  const Chain *chain = credential->state;
  return chain->chosen < chain->count ? credential_served(chain->links[chain->chosen]) : NULL;
}

static const CredentialKind kind = { .name = "chain", .fetch = fetch, .cancel = cancel, .clear = clear, .served = served, .takes_tenant = 1 };

Credential *credential_chain(Loop *loop, Credential **links, size_t count, Error *error) {
  if (count == 0) {
    error_set(error, ERROR_USAGE, "InvalidCredential", "a chain needs at least one credential");
    return NULL;
  }
  Chain *chain = calloc(1, sizeof *chain);
  if (!chain || !(chain->links = calloc(count, sizeof *chain->links))) abort();
  chain->count = chain->chosen = count;
  int ambient = 0;
  for (size_t i = 0; i < count; i++) {
    chain->links[i] = credential_ref(links[i]);
    ambient |= links[i]->ambient;
  }
  Credential *credential = credential_new(loop, &kind, chain, "chain");
  if (credential) credential->ambient = ambient;
  return credential;
}
