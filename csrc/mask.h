/* mask.h: (pure) hide secrets in texts from outside: a server may echo what it got. */
#ifndef MASK_H
#define MASK_H

#include "error.h"

enum { MAX_SECRETS = 24 };

/* The secrets to hide. A Secrets of zeros is empty; secrets_clear wipes the copies. */
typedef struct Secrets {
  char  *texts[MAX_SECRETS];
  size_t count;
  int    failed;      /* memory was short for a secret: texts are hidden as a whole */
} Secrets;

/* Add a secret. Leave out NULL and words that are too short or too plain to be one. */
void secrets_add(Secrets *secrets, const char *text, size_t len);
/* Add the values of header lines whose names say that they are secret. The list ends with NULL. */
void secrets_add_headers(Secrets *secrets, const char *const *lines);
/* Add the secret fields of a percent-encoded form, such as client_secret. */
void secrets_add_form(Secrets *secrets, const char *form, size_t len);
/* Add the user information of a URL. NULL: no URL. */
void secrets_add_url(Secrets *secrets, const char *url);
void secrets_clear(Secrets *secrets);

/* Replace in place each secret, also when it is escaped or cut off, each JSON web token, each
   bearer token, and the user information of each URL. */
void mask_text(char *text, const Secrets *secrets);
/* Do so in all texts of an error. */
void error_mask(Error *error, const Secrets *secrets);

#endif
