// Coroutines in C that switch stacks themselves, by Asyncify's four imports. Natively they are
// ucontext's, which knows nothing of WebAssembly: what a program prints there is what is expected.
//
//   resume ─► run_on_own_stack ─► [start_rewind] ─► entry ─► … ─► suspend ─► [start_unwind]
//     ▲       the bottom: not instrumented       instrumented      the top        │
//     └────────────── [stop_unwind] ◄──────── everybody returns ──────────────────┘
//
// A coroutine's frames are saved to `frames`, and its C stack is `stack`, since what has an address
// must stay where it is. Where the next frame goes is set once: functions that are resumed one by one
// leave frames there while code runs.
#pragma once
#include "host.h"

#ifndef STACK
#define STACK (16 << 10)
#endif
#ifndef FRAMES
#define FRAMES (8 << 10)
#endif

typedef struct coroutine coroutine;
typedef void entry(coroutine *self, long long argument);

// Gives a value to who has resumed this coroutine, and waits until it is resumed again.
static void suspend(coroutine *self, long long value);

#ifdef __wasm__

#define ASYNCIFY(name) __attribute__((import_module("asyncify"), import_name(#name)))
ASYNCIFY(start_unwind) void start_unwind(void *frames);
ASYNCIFY(stop_unwind) void stop_unwind(void);
ASYNCIFY(start_rewind) void start_rewind(void *frames);
ASYNCIFY(stop_rewind) void stop_rewind(void);

struct coroutine {
  // What Asyncify asks for: from where to where it may save.
  char *next, *end;
  char *stack_pointer;
  enum { NEW, RUNS, SUSPENDED, DONE } state;
  entry *begin;
  long long argument, value;
  // Whether `suspend` is called to go on, and not to stop.
  int rewinds;
  char frames[FRAMES];
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
  it->next = it->frames;
  it->end = it->frames + sizeof it->frames;
}

// The top: who calls it is unwound, or has been rewound.
__attribute__((noinline)) static void leave_or_go_on(coroutine *self) {
  if (self->rewinds) {
    self->rewinds = 0;
    stop_rewind();
    return;
  }
  self->state = SUSPENDED;
  start_unwind(self);
}

// Part of who calls it, whose stack pointer it keeps: a rewind puts back locals, not globals.
ALWAYS_INLINE void suspend(coroutine *self, long long value) {
  self->value = value;
  self->stack_pointer = stack_pointer();
  leave_or_go_on(self);
}

// Only this one is at the bottom, and it is never suspended itself: a coroutine that resumes
// another has one of its own in between.
__attribute__((noinline)) static void run_on_own_stack(coroutine *of) {
  of->rewinds = of->state == SUSPENDED;
  of->state = RUNS;
  char *before = stack_pointer();
  set_stack_pointer(of->rewinds ? of->stack_pointer : of->stack + STACK);
  if (of->rewinds) start_rewind(of);
  of->begin(of, of->argument);
  set_stack_pointer(before);
  if (of->state == SUSPENDED) stop_unwind();
}

#else
#include <ucontext.h>

struct coroutine {
  ucontext_t inside, outside;
  enum { NEW, RUNS, SUSPENDED, DONE } state;
  entry *begin;
  long long argument, value;
  char stack[8 * STACK] __attribute__((aligned(16)));
};

static coroutine *starting;

static void begin_on_own_stack(void) {
  coroutine *self = starting;
  self->begin(self, self->argument);
}

static void create(coroutine *it, entry *begin, long long argument) {
  it->begin = begin;
  it->argument = argument;
  it->state = NEW;
  getcontext(&it->inside);
  it->inside.uc_stack.ss_sp = it->stack;
  it->inside.uc_stack.ss_size = sizeof it->stack;
  it->inside.uc_link = &it->outside;
  makecontext(&it->inside, begin_on_own_stack, 0);
}

static void suspend(coroutine *self, long long value) {
  self->value = value;
  self->state = SUSPENDED;
  swapcontext(&self->inside, &self->outside);
}

static void run_on_own_stack(coroutine *of) {
  of->state = RUNS;
  starting = of;
  swapcontext(&of->outside, &of->inside);
}

#endif

// Runs a coroutine until it is suspended, and takes its value; or to its end, and says so by 0.
static int resume(coroutine *of, long long *value) {
  if (of->state == DONE) return 0;
  run_on_own_stack(of);
  if (of->state == RUNS) {
    of->state = DONE;
    return 0;
  }
  *value = of->value;
  return 1;
}

// The same, and what `suspend` was called for finds this as its coroutine's argument.
static int resume_with(coroutine *of, long long argument, long long *value) {
  of->argument = argument;
  return resume(of, value);
}
