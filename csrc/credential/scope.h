/* scope.h: a scope as those want it who know resources only. */
#ifndef SCOPE_H
#define SCOPE_H

char *scope_resource(const char *scope);      /* without its "/.default": "https://management.azure.com//.default" is for the resource
                                                 "https://management.azure.com/". The caller frees */

#endif
