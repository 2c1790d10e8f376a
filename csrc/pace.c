/* pace.c: (pure) pauses between looks at an operation when the service names none. */

#include "pace.h"

const Pace pace_default = { .first = 1, .growth = 1.5, .last = 10 };

double pace_after(const Pace *pace, double before) {
  double pause = before > 0 ? before * pace->growth : pace->first;
  return pause < pace->last ? pause : pace->last;
}
