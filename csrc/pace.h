/* pace.h: (pure) pauses between looks at an operation when the service names none. */
#ifndef PACE_H
#define PACE_H

typedef struct Pace {
  double first;      /* seconds before the first look */
  double growth;     /* factor from one pause to the next */
  double last;       /* seconds; no pause is longer */
} Pace;

extern const Pace pace_default;

/* Return the pause that follows one of `before` seconds; 0 stands for no pause yet. */
double pace_after(const Pace *pace, double before);

#endif
