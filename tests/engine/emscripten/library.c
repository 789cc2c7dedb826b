// C with a libc: who calls back what waits is qsort, bsearch and longjmp.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "nap.h"

typedef struct {
  char name[12];
  double weight;
  long long id;
} record;

static int by_weight(const void *left, const void *right) {
  const record *a = left, *b = right;
  if (a->id % 3 == 0) nap();
  return (a->weight > b->weight) - (a->weight < b->weight);
}

static int by_id(const void *key, const void *entry) {
  nap();
  long long id = *(const long long *)key - ((const record *)entry)->id;
  return (id > 0) - (id < 0);
}

// Structures are passed and returned by hidden pointers.
static record heavier(record it, double by) {
  nap();
  it.weight += by;
  nap();
  return it;
}

static double sum(int count, ...) {
  va_list list;
  va_start(list, count);
  double total = 0;
  for (int i = 0; i < count; i++) {
    if (i % 2) total += va_arg(list, double);
    else total += va_arg(list, int);
    nap();
  }
  va_end(list);
  return total;
}

static jmp_buf outer, inner;

static void jump(int depth) {
  nap();
  if (depth == 0) longjmp(inner, 7);
  if (depth == 9) longjmp(outer, 3);
  jump(depth - 1);
  puts("never");
}

static void jumps(void) {
  volatile int rounds = 0;
  int from = setjmp(outer);
  nap();
  printf("outer %d, round %d\n", from, rounds);
  if (from == 3 || ++rounds == 4) return;
  int result = setjmp(inner);
  nap();
  if (result) {
    printf("inner %d\n", result);
    if (rounds == 2) jump(9);
    rounds++;
  }
  jump(rounds);
}

static unsigned collatz(unsigned long long at) {
  unsigned steps = 0;
  for (; at != 1; steps++) {
    at = at % 2 ? 3 * at + 1 : at / 2;
    if (steps % 5 == 4) nap();
  }
  return steps;
}

int main(void) {
  record records[12];
  for (int i = 0; i < 12; i++) {
    snprintf(records[i].name, sizeof records[i].name, "number %d", i);
    records[i] = heavier((record){"", (i * 7 % 12) / 4.0, i}, 0.125 * i);
    snprintf(records[i].name, sizeof records[i].name, "number %d", i);
  }
  qsort(records, 12, sizeof *records, by_weight);
  for (int i = 0; i < 12; i++)
    printf("%s %.3f %lld\n", records[i].name, records[i].weight, records[i].id);
  for (int i = 0; i < 12; i++) records[i].id = 10000000000 * i;
  for (long long id = 20000000000; id < 40000000001; id += 5000000000) {
    record *found = bsearch(&id, records, 12, sizeof *records, by_id);
    printf("%lld: %s\n", id, found ? found->name : "none");
  }
  printf("sum %.2f\n", sum(5, 1, 2.5, 3, 4.25, 5));
  jumps();
  for (unsigned long long i = 27; i < 30; i++) printf("collatz %u\n", collatz(i));
  printf("naps: %d\n", naps);
}
