/* token.h: get access tokens for clients. token.c caches each token, renews it before it expires
   and fetches it once for all waiters. */
#ifndef TOKEN_H
#define TOKEN_H

#include "aml.h"
#include "mask.h"
#include "ring.h"

typedef struct Grant {            /* what a credential brings; borrowed during the call */
  const char *token;
  double expires_in;              /* seconds; 0: not known */
  double refresh_in;              /* seconds; 0: derived from expires_in */
  const char *refresh_token;      /* from a sign-in of a person; NULL: none came */
} Grant;

/* Return the seconds after which a token is due for renewal, while it is still valid. */
double grant_refresh_in(const Grant *grant);

typedef struct Fetch Fetch;
/* Exactly one of grant and error is NULL. */
typedef void FetchDone(Fetch *fetch, const Grant *grant, const Error *error);

struct Fetch {                    /* an attempt to get a token; the caller owns its memory */
  Credential *credential;
  const char *scope;
  const char *tenant;             /* NULL: the credential's own tenant */
  const char *claims;             /* JSON that a challenge demands; NULL: no claims */
  const char *stale;              /* the token to be replaced; NULL: there is no such token */
  FetchDone  *done;
  void       *work;               /* the kind's state while the fetch runs */
  Question   *question;           /* question.c's: the open question to the loop's owner, or NULL */
  const void *root;               /* identifies a fetch and its parts: equal in all of them */
  unsigned long within;           /* the question whose handler caused this fetch; 0: no question */
};

/* Return a fetch of another credential that is a part of a whole. */
Fetch fetch_part(const Fetch *whole, Credential *credential, FetchDone *done);
/* End a fetch because memory is short. */
void  fetch_fail_for_memory(Fetch *fetch);
/* End a fetch with an error. */
void  fetch_fail(Fetch *fetch, ErrorKind kind, const char *code, const char *format, ...)
  __attribute__((format(printf, 4, 5)));
/* Start a fetch, or fail it if it wants another tenant and its credential knows only its own. */
void  fetch_start(Fetch *fetch);

typedef struct TokenWait TokenWait;
struct TokenWait {                /* the place of a client that waits for a token; zeros: idle */
  Ring place;
  unsigned generation;            /* of the token that the client got last */
  const char *tenant;             /* as in Fetch; borrowed from the client */
  unsigned long within;           /* the question whose handler waits; 0: no question */
  void (*ready)(TokenWait *wait, const Error *error);      /* error NULL: call token_header again */
};

/* Set *header to the header line to send, "Authorization: Bearer ...". It is a shared text, valid
   until the loop turns. Or set it to NULL: wait->ready is called later, never during the call.
   Return 0 when memory is short. */
int  token_header(Credential *credential, const char *scope, TokenWait *wait,
                  const char **header);
/* Return 1 if the token that wait waits for depends on the answer to a question: the handler of the
   question must not wait for it. */
int  token_hangs_on(Credential *credential, const char *scope, const TokenWait *wait,
                    unsigned long question);
/* Stop waiting. */
void token_forget(TokenWait *wait);
/* Drop the token that wait got: the service has refused it. */
void token_refused(Credential *credential, const char *scope, const TokenWait *wait);
/* Drop the token that wait got: the service demands one with these claims (JSON). */
void token_challenged(Credential *credential, const char *scope, const TokenWait *wait,
                      const char *claims);

/* What a kind of credential implements for credential.c and token.c. */
typedef struct CredentialKind {
  const char *name;
  /* Start a fetch. It ends in one fetch->done, now or later, as its last act. */
  void (*fetch)(Credential *credential, Fetch *fetch);
  /* Cancel a fetch: done is not called. */
  void (*cancel)(Credential *credential, Fetch *fetch);
  /* Release state. */
  void (*clear)(Credential *credential);
  /* Implement credential_served. NULL: the credential itself. */
  const Credential *(*served)(const Credential *credential);
  int takes_tenant;               /* fetch honours fetch->tenant */
} CredentialKind;

typedef struct Token Token;

struct Credential {
  const CredentialKind *kind;
  Loop  *loop;
  int    refs;
  void  *state;         /* the kind's */
  char  *principal;
  /* Found on this machine, not given by the caller: never sent to a plain-http endpoint. */
  int    ambient;
  Token *tokens;        /* token.c's: one for each scope and tenant */
};

/* Return a new credential that owns state. NULL: memory has run out, and state is released. */
Credential *credential_new(Loop *loop, const CredentialKind *kind, void *state,
                           const char *principal);
void tokens_clear(Credential *credential);
/* Add the tokens of a credential to the secrets that errors must not show. */
void tokens_add(const Credential *credential, Secrets *secrets);

#endif
