/* ring.h: a list whose members hold their own place in it, so that adding and removing need neither
   memory nor a search. The head is a Ring as well; container_of finds a member from its place. */
#ifndef RING_H
#define RING_H

#include "container.h"

/* A place of zeros is in no ring. Remove a place before its memory goes. */
typedef struct Ring Ring;
struct Ring {
  Ring *next, *prev;
};

static inline void ring_init(Ring *head) { head->next = head->prev = head; }
static inline int ring_is_empty(const Ring *head) { return head->next == head; }

/* Add a place at the end. It must be in no ring. */
static inline void ring_add(Ring *head, Ring *place) {
  place->prev = head->prev;
  place->next = head;
  place->prev->next = place;
  head->prev = place;
}

/* Remove a place from its ring, if it is in one. */
static inline void ring_remove(Ring *place) {
  if (!place->next) return;
  place->prev->next = place->next;
  place->next->prev = place->prev;
  place->next = place->prev = NULL;
}

/* Move all members to another, empty ring. */
static inline void ring_move(Ring *to, Ring *from) {
  if (ring_is_empty(from)) return;
  *to = *from;
  to->next->prev = to->prev->next = to;
  ring_init(from);
}

#endif
