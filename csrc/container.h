/* container.h: find a struct from a pointer to its member. */
#ifndef CONTAINER_H
#define CONTAINER_H

#include <stddef.h>

/* Return the Type that holds the member. The unused branch makes the compiler compare the pointer's
   type with the member's. */
#define container_of(pointer, Type, member) \
  ((Type *)((char *)(1 ? (pointer) : &((Type *)0)->member) - offsetof(Type, member)))

#endif
