/* authorities.h: choose the certificate authorities that a client trusts. */
#ifndef AUTHORITIES_H
#define AUTHORITIES_H

/* At most one of the two is set. Both are NULL where nothing was found: libcurl's own choice. */
typedef struct Authorities {
  char *file;           /* a bundle in PEM */
  char *directory;      /* with hashed names, as OpenSSL's c_rehash makes them */
} Authorities;

/* Choose what the caller named, a bundle or a directory; for NULL, the system's. `root` is put
   before the system's paths: "" but for specs. Return 0 when memory is short. */
int  authorities_choose(Authorities *chosen, const char *named, const char *root);
void authorities_clear(Authorities *chosen);

/* Return the system's places in the order in which they are looked for. Both lists end with NULL,
   and the directories come first. */
const char *const *authorities_directories(void);
const char *const *authorities_bundles(void);

#endif
