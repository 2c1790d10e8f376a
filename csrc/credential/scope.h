/* scope.h: convert a scope for token sources that know only resources. */
#ifndef SCOPE_H
#define SCOPE_H

/* Return a scope without its "/.default": "https://management.azure.com//.default" belongs to the
   resource "https://management.azure.com/". The caller frees. */
char *scope_resource(const char *scope);

#endif
