// The workloads of bench/literature, so small that they take no time: whether they return what they must.
#include "switch.h"

#ifdef __wasm__
// There is no libc. Nothing is freed: they are small.
static char *unused;
void *malloc(unsigned long bytes) {
  if (!unused) unused = (char *)(__builtin_wasm_memory_size(0) << 16);
  char *made = unused;
  unused += (bytes + 15) & ~15ul;
  long pages = (((unsigned long)unused + 65535) >> 16) - __builtin_wasm_memory_size(0);
  if (pages > 0 && (long)__builtin_wasm_memory_grow(0, pages) < 0) __builtin_trap();
  return made;
}
void free(void *memory) { (void)memory; }
#endif

#include "../../../bench/literature/workloads.c"

static void check(const char *name, int size, long long (*run)(int), long long expected) {
  long long found = run(size);
  put_text(name);
  put_text(" ");
  put_integer(size);
  put_text(found == expected ? ": " : ": WRONG: ");
  put_integer(found);
  put_text("\n");
}

// As in bench/literature/src/lib.rs.
MAIN {
  check("itersum", 1000, itersum, 499500);
  check("treesum", 10, treesum, 10240);
  check("sieve", 100, sieve, 541);
  check("skynet", 3, skynet, 499500);
  check("scheduler", 100, scheduler, 1000);
  check("pi", 100, pi, 7820);
  check("state", 100, state, 100);
  check("c10m", 1000, c10m, 1000);
}
