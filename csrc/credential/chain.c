/* chain.c: try credentials in turn. Go on to the next link only if a link does not apply on this
   machine: any other error ends the chain, so that a wrong secret does not silently become the
   user's az login. Each link fetches its own token. */

#include <jansson.h>
#include <stdlib.h>

#include "text.h"
#include "token.h"

typedef struct Chain {
  Credential **links;
  size_t count;
  size_t chosen;       /* index of the link that brought a token; count: not known yet */
} Chain;

typedef struct Try {
  Fetch   link;        /* of the present link */
  Fetch  *asked;       /* of the chain */
  size_t  index;       /* of the present link */
  json_t *reasons;     /* why links do not apply: an error for each link */
} Try;

static void try_link(Try *try);

static void end(Try *try, const Grant *grant, const Error *error) {
  Fetch *asked = try->asked;
  asked->work = NULL;
  json_decref(try->reasons);
  free(try);
  asked->done(asked, grant, error);
}

/* End the chain after its last link. The reasons become the error's details, like a service's. */
static void fail_all(Try *try) {
  Error error = { 0 };
  size_t count = json_array_size(try->reasons);
  error_set(&error, ERROR_UNAVAILABLE, "CredentialUnavailable", "no credential was found: %s",
            count == 1 ? "the only one that was tried does not apply here"
                       : "none of those that were tried applies here");
  json_t *body = json_pack("{sO}", "details", try->reasons);
  error.more = body ? json_dumps(body, JSON_COMPACT) : NULL;
  json_decref(body);
  end(try, NULL, &error);
  error_clear(&error);
}

/* Add the reason of a link, or all reasons of a link that is a chain itself. */
static void note_reasons(Try *try, const Error *error) {
  json_t *body = error->more ? json_loads(error->more, 0, NULL) : NULL;
  json_t *inner = json_object_get(body, "details");
  if (inner)
    json_array_extend(try->reasons, inner);
  else
    json_array_append_new(try->reasons, json_pack("{ss ss}", "code", error->code,
                                                  "message", error->message));
  json_decref(body);
}

/* End the chain with the error of a link. Name the link, and say why no further link is tried. */
static void refused(Try *try, const Error *refusal) {
  char *remark = text_format("the credential '%s' failed with this error, which ends the chain",
                             credential_kind(try->link.credential));
  Error error = { 0 };
  error_copy(&error, refusal);
  error_remark(&error, remark);
  if (!error.credential) error.credential = credential_kind(try->link.credential);
  free(remark);
  end(try, NULL, &error);
  error_clear(&error);
}

static void link_done(Fetch *link, const Grant *grant, const Error *error) {
  Try *try = container_of(link, Try, link);
  Chain *chain = try->asked->credential->state;
  if (grant) chain->chosen = try->index;
  if (grant || chain->chosen == try->index) {
    end(try, grant, error);
    return;
  }
  if (error->kind != ERROR_UNAVAILABLE) {
    refused(try, error);
    return;
  }
  note_reasons(try, error);
  try->index++;
  if (try->index < chain->count) try_link(try);
  else fail_all(try);
}

static void try_link(Try *try) {
  Chain *chain = try->asked->credential->state;
  Credential *credential = chain->links[try->index];
  try->link = fetch_part(try->asked, credential, link_done);
  fetch_start(&try->link);
}

static void fetch(Credential *credential, Fetch *asked) {
  Chain *chain = credential->state;
  Try *try = calloc(1, sizeof *try);
  json_t *reasons = json_array();
  if (!try || !reasons) {
    free(try);
    json_decref(reasons);
    fetch_fail_for_memory(asked);
    return;
  }
  try->reasons = reasons;
  try->asked = asked;
  try->index = chain->chosen < chain->count ? chain->chosen : 0;
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

static const CredentialKind kind = {
  .name = "chain", .fetch = fetch, .cancel = cancel, .clear = clear, .served = served,
  .takes_tenant = 1
};

Credential *credential_chain(Loop *loop, Credential **links, size_t count, Error *error) {
  if (count == 0) {
    error_set(error, ERROR_USAGE, "InvalidCredential", "a chain needs at least one credential");
    return NULL;
  }
  Chain *chain = calloc(1, sizeof *chain);
  Credential **kept = calloc(count, sizeof *kept);
  if (!chain || !kept) {
    free(chain);
    free(kept);
    return NULL;
  }
  chain->links = kept;
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
