/* jwt.h: (pure) JSON web tokens: what one says of its owner. Nothing here is trusted: the service alone verifies. */
#ifndef JWT_H
#define JWT_H

char *jwt_claim(const char *jwt, const char *name);      /* a text member of the payload; NULL if there is none. The caller frees */

#endif
