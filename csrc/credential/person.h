/* person.h: credentials of a person: the common part of the kinds that sign a person in. A saved
   token or refresh token serves first; only without them is the person asked. */
#ifndef PERSON_H
#define PERSON_H

#include "cache.h"
#include "credential/endpoint.h"
#include "token.h"

typedef struct Person Person;
typedef struct SignIn SignIn;

typedef struct PersonKind {
  const char *name;              /* the credential's */
  /* Ask the person. End in a sign_in_ function below. NULL: the person cannot be asked. */
  void (*ask)(SignIn *sign_in);
  /* Release what ask has begun, in any state. NULL: nothing to release. */
  void (*cancel)(SignIn *sign_in);
  const char *means;             /* "a browser": for messages; NULL: the person cannot be asked */
  /* For messages if the person cannot be asked: a name and what to do. NULL: repeat the refusal. */
  const char *title, *remedy;
} PersonKind;

struct SignIn {                  /* a fetch of a token, for which the person may have to sign in */
  Fetch    part;                 /* from the token endpoint */
  Fetch   *asked;
  Person  *person;
  void    *work;                 /* the kind's state */
  int      by_person;            /* the person has been asked */
  Ring     place;                /* among the person's sign-ins */
};

struct Person {
  const PersonKind *kind;
  Endpoint *endpoint;            /* NULL: the tenant and the client are not known yet */
  Cache    *cache;
  char     *refresh_token, *tenant_id, *client_id, *authority, *ca_file, *proxy, *login_hint;
  int       handler, ask_first, kept;      /* as in PersonOptions */
  double    timeout;             /* seconds; 0: the kind's own */
  Ring      sign_ins;            /* head; the first runs, the others wait for it */
};

Credential *person_new(Loop *loop, const CredentialKind *kind, const PersonKind *person_kind,
                       const AuthorityOptions *authority, const PersonOptions *options,
                       Error *error);

/* Implement CredentialKind. */
void person_fetch(Credential *credential, Fetch *asked);
void person_cancel(Credential *credential, Fetch *asked);
void person_clear(Credential *credential);

Loop *sign_in_loop(const SignIn *sign_in);
/* End a sign-in with an error. */
void sign_in_fail(SignIn *sign_in, const Error *error);
/* End a sign-in with an error: "signing in with a browser: fault". */
void sign_in_fail_as(SignIn *sign_in, const char *code, const char *fault);
/* End a sign-in because memory is short. */
void sign_in_fail_for_memory(SignIn *sign_in);
/* End a sign-in with a token. */
void sign_in_granted(SignIn *sign_in, const Grant *grant);
/* Exchange what the person's consent has brought for a token, and end the sign-in. The scope is
   added to the form. */
void sign_in_redeem(SignIn *sign_in, Buf *form);
/* Add the scope of a fetch, with the scopes that a refresh token requires, and its claims. */
void form_add_scope(Buf *form, const Fetch *fetch);

#endif
