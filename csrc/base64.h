/* base64.h: (pure) bytes as text and back. */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

char *base64_encode(const void *data, size_t len);         /* the standard alphabet, padded; NULL: no memory. The caller frees */
char *base64url_encode(const void *data, size_t len);      /* the alphabet for URLs, not padded */

/* Either alphabet, padded or not; ends in a NUL that *len does not count. NULL: it is neither, or no memory. The caller frees */
unsigned char *base64_decode(const char *text, size_t text_len, size_t *len);

#endif
