/* portable.h: compare the two forms of the scanner of JSON texts. */
#ifndef PORTABLE_H
#define PORTABLE_H

#include <stddef.h>

/* Tell whether both forms take a text, and find the same in it; or both refuse it. The text ends in
   a NUL that its length does not count. */
int portable_agrees(const char *text, size_t len);

#endif
