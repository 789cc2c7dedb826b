// The workloads of the literature on stack switching, in C: each is a function of its size, and returns what
// it has computed. `src/` has the same in Rust, which return the same.
//
// Coroutines are those of a `switch.h`: who includes this has included one, and says where memory comes from.
#include <stddef.h>

void *malloc(size_t bytes);
void free(void *memory);

static coroutine *spawn(entry *begin, long long argument) {
  coroutine *made = malloc(sizeof(coroutine));
  if (!made) __builtin_trap();
  create(made, begin, argument);
  return made;
}

// itersum: a loop that yields the numbers below `size`. Their sum.

static void numbers(coroutine *self, long long size) {
  for (long long number = 0; number < size; number++) suspend(self, number);
}

static long long itersum(int size) {
  coroutine *generator = spawn(numbers, size);
  long long sum = 0;
  for (long long number; resume(generator, &number);) sum += number;
  free(generator);
  return sum;
}

// treesum: a recursion over a tree of this height that yields at each leaf. The sum of the leaves, each of
// which is its depth. Both branches are the same tree, so that memory is no part of it.

typedef struct tree {
  struct tree *left, *right;
  int leaf;
} tree;

static tree *grow(int height, int depth) {
  tree *made = malloc(sizeof(tree));
  if (!made) __builtin_trap();
  if (height == 0) {
    *made = (tree){NULL, NULL, depth};
  } else {
    tree *both = grow(height - 1, depth + 1);
    *made = (tree){both, both, 0};
  }
  return made;
}

static void fell(tree *it) {
  if (it->left) fell(it->left);
  free(it);
}

// Returns the sum, too: so something is left to do after each call.
static long long walk(coroutine *self, const tree *at) {
  if (!at->left) {
    suspend(self, at->leaf);
    return at->leaf;
  }
  long long left = walk(self, at->left);
  return left + walk(self, at->right);
}

static void walker(coroutine *self, long long root) {
  self->argument = walk(self, (const tree *)(size_t)root);
}

static long long treesum(int size) {
  tree *root = grow(size, 0);
  coroutine *generator = spawn(walker, (long long)(size_t)root);
  long long sum = 0;
  for (long long leaf; resume(generator, &leaf);) sum += leaf;
  if (generator->argument != sum) __builtin_trap();
  free(generator);
  fell(root);
  return sum;
}

// sieve: a filter for each prime, which is given candidates and yields whether they are divisible by it. The
// prime with this number.

static void filter(coroutine *self, long long prime) {
  suspend(self, 0);
  for (; self->argument > 0; suspend(self, (int)self->argument % (int)prime == 0)) {}
}

static long long sieve(int size) {
  coroutine **filters = malloc(sizeof(coroutine *) * size);
  if (!filters) __builtin_trap();
  long long candidate = 1, answer = 0;
  for (int found = 0; found < size;) {
    candidate++;
    long long is_divisible = 0;
    for (int at = 0; at < found && !is_divisible; at++) {
      resume_with(filters[at], candidate, &is_divisible);
    }
    if (is_divisible) continue;
    filters[found] = spawn(filter, candidate);
    resume(filters[found++], &answer);
  }
  for (int at = 0; at < size; at++) {
    if (resume_with(filters[at], 0, &answer)) __builtin_trap();
    free(filters[at]);
  }
  free(filters);
  return candidate;
}

// skynet: a coroutine that makes ten, each of which makes ten, on so many levels. Those of the last one yield
// their numbers. Their sum.

static long long skynet_sum;
static long long skynet_level;

static void node(coroutine *self, long long number) {
  long long level = skynet_level;
  if (level == 0) {
    suspend(self, number);
    return;
  }
  for (long long child = number * 10; child < number * 10 + 10; child++) {
    coroutine *made = spawn(node, child);
    long long leaf;
    skynet_level = level - 1;
    while (resume(made, &leaf)) skynet_sum += leaf;
    free(made);
  }
}

static long long skynet(int size) {
  skynet_sum = 0;
  skynet_level = size;
  coroutine *root = spawn(node, 0);
  for (long long leaf; resume(root, &leaf);) skynet_sum += leaf;
  free(root);
  return skynet_sum;
}

// scheduler: ten coroutines that take turns, and count theirs. All turns.

enum { WORKERS = 10 };

// Resumes them by turns until all have ended.
static void take_turns(coroutine *workers[WORKERS]) {
  for (int running = WORKERS, next = 0; running > 0; next = (next + 1) % WORKERS) {
    long long nothing;
    if (workers[next]->state == DONE) continue;
    if (!resume(workers[next], &nothing)) running--;
  }
}

static long long counters[WORKERS];
static int turns;

static void count(coroutine *self, long long worker) {
  for (int turn = 0; turn < turns; turn++) {
    counters[worker]++;
    suspend(self, 0);
  }
}

static long long scheduler(int size) {
  coroutine *workers[WORKERS];
  turns = size;
  for (int worker = 0; worker < WORKERS; worker++) {
    counters[worker] = 0;
    workers[worker] = spawn(count, worker);
  }
  take_turns(workers);
  long long all = 0;
  for (int worker = 0; worker < WORKERS; worker++) {
    all += counters[worker];
    free(workers[worker]);
  }
  return all;
}

// pi: ten coroutines that throw darts, ten in each turn. How many have hit the quarter of a circle.

enum { DARTS = 10 };

static unsigned long long random_state;

// From 0 to 1: a linear congruence (Knuth's MMIX), and of that the 32 bits that are the most random.
static double random_real(void) {
  random_state = random_state * 6364136223846793005 + 1442695040888963407;
  return (double)(random_state >> 32) / 4294967296.0;
}

static void throw_darts(coroutine *self, long long worker) {
  long long hits = 0;
  for (int turn = 0; turn < turns; turn++) {
    for (int dart = 0; dart < DARTS; dart++) {
      double x = random_real(), y = random_real();
      hits += x * x + y * y < 1.0;
    }
    suspend(self, 0);
  }
  counters[worker] = hits;
}

static long long pi(int size) {
  coroutine *workers[WORKERS];
  turns = size;
  random_state = 0xC0FFEE;
  for (int worker = 0; worker < WORKERS; worker++) workers[worker] = spawn(throw_darts, worker);
  take_turns(workers);
  long long all = 0;
  for (int worker = 0; worker < WORKERS; worker++) {
    all += counters[worker];
    free(workers[worker]);
  }
  return all;
}

// state: a variable that is somewhere else: to read it and to write it are yielded as commands. Its value in
// the end, to which it was counted up.

typedef struct command {
  enum { GET, PUT } what;
  int value;
} command;

static int state_get(coroutine *self) {
  command it = {GET, 0};
  suspend(self, (long long)(size_t)&it);
  return (int)self->argument;
}

static void state_put(coroutine *self, int value) {
  command it = {PUT, value};
  suspend(self, (long long)(size_t)&it);
}

static void count_up(coroutine *self, long long size) {
  while (state_get(self) < size) state_put(self, state_get(self) + 1);
}

static long long state(int size) {
  coroutine *counter = spawn(count_up, size);
  long long asked;
  int value = 0;
  for (int goes_on = resume(counter, &asked); goes_on;) {
    const command *it = (const command *)(size_t)asked;
    if (it->what == PUT) value = it->value;
    goes_on = resume_with(counter, value, &asked);
  }
  free(counter);
  return value;
}

// c10m: so many connections, ten thousand at a time: each yields what it was given, uses a kilobyte of its
// stack, and ends. How many there were.

enum { LIVE = 10000, USED = 1024 };

static void connection(coroutine *self, long long given) {
  suspend(self, given);
  volatile char buffer[USED];
  // Handed to somebody whom the compiler does not know: of what only this function uses it would keep just those
  // bytes that are written, a quarter of a kilobyte.
  __asm__ volatile("" : : "r"(buffer) : "memory");
  for (int at = 0; at < USED; at += 64) buffer[at] = 1;
  int sum = 0;
  for (int at = 0; at < USED; at += 64) sum += buffer[at];
  self->argument = sum == USED / 64;
}

static long long c10m(int size) {
  int live = size < LIVE ? size : LIVE;
  coroutine **connections = malloc(sizeof(coroutine *) * live);
  if (!connections) __builtin_trap();
  for (int at = 0; at < live; at++) connections[at] = spawn(connection, at);
  long long count = 0;
  for (int number = 0; number < size; number++) {
    coroutine *it = connections[number % live];
    long long given;
    if (!resume(it, &given) || given != number) __builtin_trap();
    if (resume(it, &given)) __builtin_trap();
    count += it->argument;
    free(it);
    if (number + live < size) connections[number % live] = spawn(connection, number + live);
  }
  free(connections);
  return count;
}

// All of them, and their names.
#define WORKLOADS(each) \
  each(itersum) each(treesum) each(sieve) each(skynet) each(scheduler) each(pi) each(state) each(c10m)
