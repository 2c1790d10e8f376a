/* heap.c: cut small pieces from blocks, in multiples of 16 bytes; leave larger ones to malloc. */

#include <stdlib.h>
#include <string.h>

#include "heap.h"

enum { BLOCK = 32 * 1024 };

/* Under AddressSanitizer malloc serves all pieces, so that the checker sees each of them. */
#ifdef __SANITIZE_ADDRESS__
static int is_small(size_t size) { (void)size; return 0; }
#else
static int is_small(size_t size) { return size <= HEAP_SMALL; }
#endif

static size_t grains(size_t size) { return (size + HEAP_GRAIN - 1) / HEAP_GRAIN; }

static int add_block(Heap *heap) {
  char *block = malloc(BLOCK);
  if (!block) return 0;
  HeapPiece *first = (HeapPiece *)block;
  first->next = heap->blocks;
  heap->blocks = first;
  heap->rest = block + HEAP_GRAIN;
  heap->end = block + BLOCK;
  return 1;
}

static void *take_small(Heap *heap, size_t size) {
  HeapPiece **spare = &heap->spare[grains(size)], *piece = *spare;
  if (piece) {
    *spare = piece->next;
    return piece;
  }
  size = grains(size) * HEAP_GRAIN;
  if ((size_t)(heap->end - heap->rest) < size && !add_block(heap)) return NULL;
  piece = (HeapPiece *)heap->rest;
  heap->rest += size;
  return piece;
}

static void give_back(Heap *heap, void *memory, size_t size) {
  if (!is_small(size)) {
    free(memory);
    return;
  }
  HeapPiece *piece = memory, **spare = &heap->spare[grains(size)];
  piece->next = *spare;
  *spare = piece;
}

static void *allocate(Heap *heap, size_t size) {
  return is_small(size) ? take_small(heap, size) : malloc(size);
}

static void *move(Heap *heap, void *old, size_t old_size, size_t size) {
  void *memory = allocate(heap, size);
  if (!memory) return NULL;
  memcpy(memory, old, old_size < size ? old_size : size);
  give_back(heap, old, old_size);
  return memory;
}

void *heap_allocate(void *user, void *old, size_t old_size, size_t size) {
  Heap *heap = user;
  if (!old && size == 0) return NULL;
  if (!old) return allocate(heap, size);      /* Lua passes a type as old_size then */
  if (size == 0) {
    give_back(heap, old, old_size);
    return NULL;
  }
  if (!is_small(old_size) && !is_small(size)) return realloc(old, size);
  if (is_small(old_size) && is_small(size) && grains(old_size) == grains(size)) return old;
  return move(heap, old, old_size, size);
}

void heap_free(Heap *heap) {
  for (HeapPiece *block = heap->blocks, *next; block; block = next) {
    next = block->next;
    free(block);
  }
  *heap = (Heap){ .blocks = NULL };
}
