/* scope.c: convert a scope for token sources that know only resources. */

#include <string.h>

#include "credential/scope.h"
#include "text.h"

char *scope_resource(const char *scope) {
  static const char tail[] = "/.default";
  size_t len = strlen(scope), cut = sizeof tail - 1;
  if (len > cut && strcmp(scope + len - cut, tail) == 0) len -= cut;
  return text_format("%.*s", (int)len, scope);
}
