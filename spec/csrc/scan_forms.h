/* scan_forms.h: compare the two forms of the scanner of JSON texts. */
#ifndef SCAN_FORMS_H
#define SCAN_FORMS_H

#include <stddef.h>

/* Tell whether both forms take a text, and find the same in it; or both refuse it. The text ends in
   a NUL that its length does not count. */
int scan_forms_agree(const char *text, size_t len);

#endif
