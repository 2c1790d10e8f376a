/* person.h: credentials of a person: what is kept of the last sign-in is gone on with; only then is the person asked. */
#ifndef PERSON_H
#define PERSON_H

#include "cache.h"
#include "credential/endpoint.h"
#include "token.h"

typedef struct Person Person;
typedef struct SignIn SignIn;

typedef struct PersonKind {
  const char *name;                                    /* the credential's */
  void (*ask)(SignIn *sign_in);                        /* ends in one sign_in_done, or in a fetch of sign_in->part; NULL: nobody can be asked */
  void (*cancel)(SignIn *sign_in);                     /* ends what ask began, also when it is over; NULL: nothing */
  const char *means;                                   /* "a browser": what the person signs in with; NULL: nobody can be asked */
  const char *title, *remedy;                          /* where nobody can be asked: for people, what it is and what to do; NULL: nothing */
} PersonKind;

struct SignIn {                  /* for one token */
  Fetch    part;                 /* from the token endpoint */
  Fetch   *asked;
  Person  *person;
  void    *work;                 /* the kind's own */
  int      by_person;            /* he was asked */
  Ring     place;                /* among the person's sign-ins */
};

struct Person {
  const PersonKind *how;
  Endpoint *endpoint;            /* NULL: not known yet whose */
  Cache    *cache;
  char     *refresh_token, *tenant_id, *client_id, *authority, *ca_file, *proxy, *login_hint;
  int       handler, anew, kept;
  double    timeout;             /* seconds; 0: the kind's own */
  Ring      sign_ins;            /* head; the first is under way, the others wait for it */
};

Credential *person_new(Loop *loop, const CredentialKind *kind, const PersonKind *how, const AuthorityOptions *options, const PersonOptions *person,
                       Error *error);

/* For their CredentialKind. */
void person_fetch(Credential *credential, Fetch *asked);
void person_cancel(Credential *credential, Fetch *asked);
void person_clear(Credential *credential);

Loop *sign_in_loop(const SignIn *sign_in);
void sign_in_fail(SignIn *sign_in, const Error *error);      /* the end */
void sign_in_fail_as(SignIn *sign_in, const char *code, const char *what);      /* the same: "signing in with a code: what" */
void sign_in_granted(SignIn *sign_in, const Grant *grant);   /* the end, too */
void sign_in_redeem(SignIn *sign_in, Buf *form);             /* what the person's yes has brought, for a token; form_end is added */
void form_add_scope(Buf *form, const Fetch *fetch);          /* with what a refresh token takes */

#endif
