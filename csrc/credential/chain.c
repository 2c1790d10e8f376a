/* chain.c: credentials tried in turn. Only one that does not apply here lets the next be tried: a wrong secret must not
   silently become somebody's az login. */

#include <stdlib.h>

#include "buf.h"
#include "text.h"
#include "token.h"

typedef struct Chain {
  Credential **links;
  size_t count;
  size_t chosen;       /* the link that served; count: none yet */
} Chain;

typedef struct Try {
  Fetch   link;        /* to the link; first, so that it is the Try */
  Fetch  *asked;       /* of us */
  size_t  at;
  Buf     reasons;
} Try;

static void try_link(Try *try);

static void end(Try *try, const Grant *grant, const Error *error) {
  Fetch *asked = try->asked;
  asked->work = NULL;
  buf_clear(&try->reasons);
  free(try);
  asked->done(asked, grant, error);
}

static void none_left(Try *try) {
  Error error = { 0 };
  error_set(&error, ERROR_UNAVAILABLE, "CredentialUnavailable", "no credential was found. Tried: %s", try->reasons.data ? try->reasons.data : "nothing");
  end(try, NULL, &error);
  error_clear(&error);
}

static void link_done(Fetch *link, const Grant *grant, const Error *error) {
  Try *try = (Try *)link;
  Chain *chain = try->asked->credential->state;
  if (grant) chain->chosen = try->at;
  if (grant || error->kind != ERROR_UNAVAILABLE || chain->chosen == try->at) {
    end(try, grant, error);
    return;
  }
  buf_printf(&try->reasons, "%s(%zu) %s", try->reasons.len ? "; " : "", try->at + 1, error->message);
  try->at++;
  if (try->at < chain->count) try_link(try);
  else none_left(try);
}

static void try_link(Try *try) {
  Chain *chain = try->asked->credential->state;
  Credential *credential = chain->links[try->at];
  try->link = fetch_part(try->asked, credential, link_done);
  credential->kind->fetch(credential, &try->link);
}

static void fetch(Credential *credential, Fetch *asked) {
  Chain *chain = credential->state;
  Try *try = calloc(1, sizeof *try);
  if (!try) abort();
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
  buf_clear(&try->reasons);
  free(try);
}

static void clear(Credential *credential) {
  Chain *chain = credential->state;
  for (size_t i = 0; i < chain->count; i++) credential_unref(chain->links[i]);
  free(chain->links);
  free(chain);
}

static const CredentialKind kind = { "chain", fetch, cancel, clear };

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
