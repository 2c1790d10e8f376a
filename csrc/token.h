/* token.h: access tokens: fetched once for all who wait, kept while they last, renewed before they end. token.c alone holds one. */
#ifndef TOKEN_H
#define TOKEN_H

#include "aml.h"
#include "ring.h"

typedef struct Grant {            /* what a credential brings; borrowed during the call */
  const char *token;
  double expires_in;              /* seconds; 0: not known */
  double refresh_in;              /* seconds; 0: by age */
  const char *refresh_token;      /* for those who sign people in; NULL: none */
} Grant;

double grant_refresh_in(const Grant *grant);      /* seconds after which it is to be renewed, while it still serves */

typedef struct Fetch Fetch;
typedef void FetchDone(Fetch *fetch, const Grant *grant, const Error *error);      /* one of the two is NULL */

struct Fetch {                    /* one try to get a token; its memory is the asker's, until done */
  Credential *credential;
  const char *scope;
  const char *tenant;             /* whose token it is to be; NULL: that of the credential's own */
  const char *claims;             /* JSON that a challenge of the service demands; NULL: none */
  const char *stale;              /* the token that is to be replaced; NULL: none */
  FetchDone  *done;
  void       *work;               /* the kind's own: what is under way */
  Question   *question;           /* question.c's: what the loop's owner was asked for it */
  const void *root;               /* the same for a fetch and those that it is made of */
  unsigned long within;           /* the question in whose answering this was asked for first; 0: none */
};

/* A fetch of another credential, as a part of whole's. */
Fetch fetch_part(const Fetch *whole, Credential *credential, FetchDone *done);
/* End a fetch with an error. */
void  fetch_fail(Fetch *fetch, ErrorKind kind, const char *code, const char *format, ...)
  __attribute__((format(printf, 4, 5)));
void  fetch_start(Fetch *fetch);      /* by its credential's kind, unless that cannot do it */

typedef struct TokenWait TokenWait;
struct TokenWait {                /* of zeros: waits for nothing */
  Ring place;
  unsigned generation;            /* which token it was given last */
  const char *tenant;             /* as in Fetch; the waiter's */
  unsigned long within;           /* the question in whose answering it waits; 0: none */
  void (*ready)(TokenWait *wait, const Error *error);      /* error NULL: ask again, it is there */
};

/* The header line to send ("Authorization: Bearer ..."), valid until the loop turns; or NULL: wait->ready will be called, never at once. */
const char *token_header(Credential *credential, const char *scope, TokenWait *wait);
/* Who answers the question must not wait for this token. */
int  token_hangs_on(Credential *credential, const char *scope, const TokenWait *wait, unsigned long question);
void token_forget(TokenWait *wait);                                 /* no longer interested */
void token_refused(Credential *credential, const char *scope, const TokenWait *wait);   /* the service did not take the one that wait
                                                                                          was given: fetch another */
void token_challenged(Credential *credential, const char *scope, const TokenWait *wait, const char *claims);   /* the same, and the next one must
                                                                                          have these claims (JSON) */

/* What a kind of credential is to credential.c and token.c. */
typedef struct CredentialKind {
  const char *name;
  void (*fetch)(Credential *credential, Fetch *fetch);      /* ends in one fetch->done, now or later, as its last act */
  void (*cancel)(Credential *credential, Fetch *fetch);     /* done will not be called */
  void (*clear)(Credential *credential);                    /* releases state */
  const Credential *(*served)(const Credential *credential);      /* for credential_served; NULL: itself */
  int takes_tenant;                                         /* it looks at fetch->tenant */
} CredentialKind;

typedef struct Token Token;

struct Credential {
  const CredentialKind *kind;
  Loop  *loop;
  int    refs;
  void  *state;         /* the kind's */
  char  *principal;
  int    ambient;       /* found on this machine and not given by the caller: never sent to a plain-http endpoint */
  Token *tokens;        /* token.c's, one a scope */
};

Credential *credential_new(Loop *loop, const CredentialKind *kind, void *state, const char *principal);   /* NULL: no memory, state cleared */
void tokens_clear(Credential *credential);

#endif
