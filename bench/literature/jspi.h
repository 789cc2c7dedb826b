// Coroutines in C that the host pauses, by JSPI, with the interface of tests/engine/c/switch.h. Both ends of a
// switch are imports that wait for a promise:
//
//   resume ─► host_resume: begins `fiber_start` as a call of its own, or lets it go on, and waits for it
//   suspend ─► host_suspend: lets who has resumed it go on, and waits to be resumed
//
// What the host pauses are the engine's own stacks. The C stack is switched here.
#pragma once

#ifndef STACK
#define STACK (16 << 10)
#endif

typedef struct coroutine coroutine;
typedef void entry(coroutine *self, long long argument);

#define HOST(name) __attribute__((import_module("host"), import_name(#name)))
HOST(resume) void host_resume(coroutine *of);
HOST(suspend) void host_suspend(coroutine *self);

struct coroutine {
  enum { NEW, RUNS, SUSPENDED, DONE } state;
  entry *begin;
  long long argument, value;
  char stack[STACK] __attribute__((aligned(16)));
};

#define ALWAYS_INLINE static inline __attribute__((always_inline))

// The linker's, which is no variable.
__asm__(".globaltype __stack_pointer, i32");

ALWAYS_INLINE char *stack_pointer(void) {
  char *now;
  __asm__ volatile("global.get __stack_pointer\n\tlocal.set %0" : "=r"(now));
  return now;
}

ALWAYS_INLINE void set_stack_pointer(char *to) {
  __asm__ volatile("local.get %0\n\tglobal.set __stack_pointer" ::"r"(to));
}

static void create(coroutine *it, entry *begin, long long argument) {
  it->begin = begin;
  it->argument = argument;
  it->state = NEW;
}

static void suspend(coroutine *self, long long value) {
  self->value = value;
  self->state = SUSPENDED;
  char *mine = stack_pointer();
  host_suspend(self);
  set_stack_pointer(mine);
  self->state = RUNS;
}

// What the host begins with.
__attribute__((export_name("fiber_start"))) void fiber_start(coroutine *self) {
  set_stack_pointer(self->stack + STACK);
  self->state = RUNS;
  self->begin(self, self->argument);
  self->state = DONE;
}

// Runs a coroutine until it is suspended, and takes its value; or to its end, and says so by 0.
static int resume(coroutine *of, long long *value) {
  if (of->state == DONE) return 0;
  char *mine = stack_pointer();
  host_resume(of);
  set_stack_pointer(mine);
  if (of->state == DONE) return 0;
  *value = of->value;
  return 1;
}

// The same, and what `suspend` was called for finds this as its coroutine's argument.
static int resume_with(coroutine *of, long long argument, long long *value) {
  of->argument = argument;
  return resume(of, value);
}
