/* container.h: from a member to the struct that holds it. */
#ifndef CONTAINER_H
#define CONTAINER_H

#include <stddef.h>

/* The Type whose member this is. The unused branch makes the compiler compare the pointer's type with the member's. */
#define container_of(pointer, Type, member) \
  ((Type *)((char *)(1 ? (pointer) : &((Type *)0)->member) - offsetof(Type, member)))

#endif
