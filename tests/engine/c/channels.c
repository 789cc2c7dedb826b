// Many coroutines that talk through channels, and one that resumes others itself: a scheduler, sieve
// and all. Each filter of the sieve is a coroutine on whose stack the one before it runs.
#include "switch.h"

// A sieve: `filter` pulls from the coroutine before it, within its own stack.
typedef struct {
  coroutine core;
  long long prime;
} filter;

static filter filters[12];

static void numbers(coroutine *self, long long from) {
  for (;; from++) suspend(self, from);
}

static void without_multiples(coroutine *self, long long index) {
  filter *before = &filters[index - 1];
  long long number;
  while (resume(&before->core, &number))
    if (number % before->prime) suspend(self, number);
}

static void sieve(void) {
  create(&filters[0].core, numbers, 2);
  for (int i = 0; i < COUNT(filters); i++) {
    resume(&filters[i].core, &filters[i].prime);
    put_integer(filters[i].prime);
    put_text(i + 1 < COUNT(filters) ? " " : "\n");
    if (i + 1 < COUNT(filters)) create(&filters[i + 1].core, without_multiples, i + 1);
  }
}

// A channel of two places: who cannot go on is suspended.
static struct {
  double places[2];
  int first, count;
} channel;

static coroutine workers[5];
static double total;
static int sending = 3;

static void send(coroutine *self, double value) {
  while (channel.count == COUNT(channel.places)) suspend(self, 's');
  channel.places[(channel.first + channel.count++) % COUNT(channel.places)] = value;
}

static int receive(coroutine *self, double *value) {
  while (!channel.count) {
    if (!sending) return 0;
    suspend(self, 'r');
  }
  *value = channel.places[channel.first];
  channel.first = (channel.first + 1) % COUNT(channel.places);
  channel.count--;
  return 1;
}

// As deep as `depth`, with an operand on the stack at each level.
static double deep(coroutine *self, int depth, double value) {
  if (!depth) {
    send(self, value);
    return 1;
  }
  return value + 0.5 * deep(self, depth - 1, value * 1.25);
}

static void producer(coroutine *self, long long number) {
  for (int i = 0; i < 5; i++) total += deep(self, (int)number + i, (double)number + i);
  sending--;
}

static void consumer(coroutine *self, long long number) {
  double value;
  while (receive(self, &value)) {
    put_text(number == 3 ? "C " : "D ");
    put_real(value);
    put_text("\n");
    if (value > 10) suspend(self, 'p');
  }
}

MAIN {
  sieve();
  for (int i = 0; i < COUNT(workers); i++) create(&workers[i], i < 3 ? producer : consumer, i);
  for (int alive = COUNT(workers); alive;) {
    for (int i = 0; i < COUNT(workers); i++) {
      if (workers[i].state == DONE) continue;
      long long why;
      if (!resume(&workers[i], &why)) {
        put_text("done ");
        put_integer(i);
        put_text("\n");
        alive--;
      } else {
        char text[] = {(char)('0' + i), (char)why, ' ', 0};
        put_text(text);
      }
    }
  }
  put_text("total ");
  put_real(total);
  put_text("\n");
}
