/* base64.h: (pure) encode bytes as base64 text and decode them. */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

/* Encode in the standard alphabet with padding. NULL if memory runs out; the caller frees. */
char *base64_encode(const void *data, size_t len);
/* Encode in the alphabet for URLs without padding. NULL if memory runs out; the caller frees. */
char *base64url_encode(const void *data, size_t len);

/* Decode either alphabet, with or without padding. The bytes end in a NUL that *len does not count.
   NULL if the text is not base64 or memory runs out; the caller frees. */
unsigned char *base64_decode(const char *text, size_t text_len, size_t *len);

#endif
