// What a program waits with. Without `NAPS` it does not, and prints the same.
#pragma once
#include <stdio.h>

static int naps;

#ifdef NAPS
#include <emscripten.h>
static inline void nap(void) {
  naps++;
  emscripten_sleep(0);
}
#else
static inline void nap(void) { naps++; }
#endif
