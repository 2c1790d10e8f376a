/* managed.h: managed identities: what managed.c asks of its parts. Where one is, is decided once, when the credential is made. */
#ifndef MANAGED_H
#define MANAGED_H

#include "token.h"

typedef struct ManagedSource {
  const char *name;              /* for people: "App Service" */
  const char *needs[4];          /* the variables that choose it, ended by NULL; the first holds the endpoint's URL */
  const char *agent;             /* or: this program is there */
  const char *otherwise;         /* the endpoint, where the variable is not set; NULL: it must be */
  const char *path;              /* behind the endpoint's URL; NULL: that is whole */
  const char *version;           /* api-version; NULL: the question is a form */
  const char *header;            /* that carries needs[1]; NULL: "Metadata: true" goes out */
  const char *ids[3];            /* parameters for a client's, an object's, a resource's id; NULL: it has none */
  const char *refusal;           /* why this package does not ask it */
  int probed;                    /* it may not be there at all */
  int challenges;                /* it wants a key from a file */
  int signs_in;                  /* without a client's id that is a GUID it gives the token of the user who is signed in */
} ManagedSource;

typedef struct ManagedPlace {    /* where to ask, for whom */
  const ManagedSource *source;
  char *origin, *url;            /* url without the resource: ends in "resource=" where there is a query */
  char *proof;                   /* a header line, secret; NULL */
  char *fault;                   /* why it cannot be asked; NULL: it can */
} ManagedPlace;

void managed_place_find(ManagedPlace *place, const ManagedOptions *options);
void managed_place_clear(ManagedPlace *place);

/* Arc's answer to a first question names a file that only those may read who may have a token. The header line that proves it, to be
   wiped; or NULL and why not. directory: where keys lie, NULL: where its agent puts them. */
char *managed_arc_proof(const Reply *reply, const char *directory, Error *error);

/* Reads a source's answer. 0: grant is filled with what lives as long as answer does; else what is wrong with it. */
const char *managed_answer_read(const struct json_t *answer, Grant *grant);

#endif
