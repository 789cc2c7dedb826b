// A parser that is written as if it could read: it waits for each character, in whatever it is in
// the middle of. Operators are in a table; numbers have all types that WebAssembly has.
#include "switch.h"

typedef struct {
  coroutine core;
  int next;
  float smallest;
  unsigned long long hash;
} parser;

static int peek(parser *self) {
  while (self->next < 0) suspend(&self->core, self->next--);
  return self->next;
}

static int take(parser *self) {
  int taken = peek(self);
  self->next = -1;
  self->hash = (self->hash ^ (unsigned long long)taken) * 0x100000001b3ull;
  return taken;
}

static double add(double a, double b) { return a + b; }
static double subtract(double a, double b) { return a - b; }
static double multiply(double a, double b) { return a * b; }
static double divide(double a, double b) { return a / b; }

static double sum(parser *self);
static double product(parser *self);
static double factor(parser *self);

static const struct level {
  double (*operand)(parser *);
  struct { char sign; double (*apply)(double, double); } operators[2];
} levels[] = {
    {product, {{'+', add}, {'-', subtract}}},
    {factor, {{'*', multiply}, {'/', divide}}},
};

static double chain(parser *self, const struct level *level) {
  double value = level->operand(self);
again:
  for (int i = 0; i < COUNT(level->operators); i++) {
    if (peek(self) == level->operators[i].sign) {
      take(self);
      value = level->operators[i].apply(value, level->operand(self));
      goto again;
    }
  }
  return value;
}

static double sum(parser *self) { return chain(self, &levels[0]); }
static double product(parser *self) { return chain(self, &levels[1]); }

static double factor(parser *self) {
  if (peek(self) == '-') return take(self), -factor(self);
  if (peek(self) == '(') {
    take(self);
    double value = sum(self);
    if (take(self) != ')') put_text("a bracket is missing\n");
    return value;
  }
  double value = 0, place = 0;
  for (int c; (c = peek(self)) == '.' || (c >= '0' && c <= '9'); take(self)) {
    if (c == '.') place = 1;
    else value = value * 10 + (c - '0'), place *= 10;
  }
  value /= place ? place : 1;
  if ((float)value < self->smallest) self->smallest = (float)value;
  return value;
}

static parser parsers[4];
static double values[COUNT(parsers)];

static void parse(coroutine *self, long long number) {
  // The coroutine is the first field.
  values[number] = sum((parser *)self);
}

MAIN {
  static const char *const texts[COUNT(parsers)] = {
      "1+2*3-4/8\n", "(((2.5)))*-(3-.5)\n", "2*(3+4*(5-6*(7+8*(9-10))))\n", "-(-(1/3-2/3))*3\n"};
  for (int i = 0; i < COUNT(parsers); i++) {
    create(&parsers[i].core, parse, i);
    parsers[i].next = -1 - i;
    parsers[i].smallest = 1e9f;
  }
  // A character for each in turn: four parsers are suspended at a time.
  int alive = COUNT(parsers);
  for (int at = 0; alive && at < 100; at++) {
    for (int i = 0; i < COUNT(parsers); i++) {
      long long asked = 0;
      if (parsers[i].core.state == DONE) continue;
      if (at) parsers[i].next = texts[i][at - 1];
      int waits = resume(&parsers[i].core, &asked);
      put_integer(waits ? asked : 0);
      put_text(" ");
      if (waits) continue;
      alive--;
      put_real(values[i]);
      put_text(", least ");
      put_real(parsers[i].smallest);
      put_text(", hash ");
      put_integer((long long)(parsers[i].hash >> 1));
      put_text("\n");
    }
  }
}
