/* managed.h: what managed.c calls in managed_place.c, managed_arc.c and managed_answer.c. The place
   of the identity is chosen once, when the credential is made. */
#ifndef MANAGED_H
#define MANAGED_H

#include "token.h"

typedef struct ManagedSource {
  const char *name;              /* for messages: "App Service" */
  const char *needs[4];          /* variables that choose it, up to NULL; the first: URL */
  const char *agent;             /* or the program whose presence chooses it; NULL: no program */
  const char *fallback;          /* the endpoint if the variable is not set; NULL: it must be set */
  const char *path;              /* appended to the endpoint's URL; NULL: nothing */
  const char *version;           /* api-version; NULL: the request is a form */
  const char *header;            /* the header for needs[1]; NULL: send "Metadata: true" */
  const char *ids[3];            /* parameters: client, object, resource id; NULL: none */
  const char *refusal;           /* why this package does not support it; NULL: it does */
  int probed;                    /* may be absent: probe it first on request */
  int challenges;                /* demands a key from a file */
  int signs_in;                  /* gives the user's token unless client_id is a GUID */
} ManagedSource;

typedef struct ManagedPlace {    /* where and for which identity to ask */
  const ManagedSource *source;
  char *origin, *url;            /* url ends in "resource=" if the source takes a query */
  char *proof;                   /* a secret header line, or NULL */
  char *fault;                   /* why no token can be requested; NULL: one can */
} ManagedPlace;

/* Fill a place from the options and the environment; the caller clears it. Return 0 when memory is
   short. */
int  managed_place_find(ManagedPlace *place, const ManagedOptions *options);
void managed_place_clear(ManagedPlace *place);

/* Return the header line that answers Azure Arc's challenge with the key from the file that it
   names; only root and a group can read that file. NULL: the error tells why. directory holds the
   keys; NULL is the agent's own. The caller wipes the line. */
char *managed_arc_proof(const Reply *reply, const char *directory, Error *error);

/* Fill grant from an answer and return NULL, or return what is wrong with the answer. The grant
   borrows from the answer. */
const char *managed_answer_read(const struct json_t *answer, Grant *grant);

#endif
