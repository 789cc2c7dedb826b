// What a program prints: natively, or by what Node gives it. There is no libc in the module.
#pragma once

#ifdef __wasm__
#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
IMPORT(put_text) void put_text(const char *text);
IMPORT(put_integer) void put_integer(long long value);
IMPORT(put_real) void put_real(double value);
#define MAIN __attribute__((export_name("main"))) void run(void)

// Clang calls these for what it copies.
void *memcpy(void *to, const void *from, unsigned long count) {
  for (unsigned long at = 0; at < count; at++) ((char *)to)[at] = ((const char *)from)[at];
  return to;
}
void *memset(void *to, int byte, unsigned long count) {
  for (unsigned long at = 0; at < count; at++) ((char *)to)[at] = (char)byte;
  return to;
}
#else
#include <stdio.h>
#include <string.h>
static void put_text(const char *text) { fputs(text, stdout); }
static void put_integer(long long value) { printf("%lld", value); }
static void put_real(double value) { printf("%.3f", value); }
#define MAIN int main(void)
#endif

#define COUNT(array) (int)(sizeof(array) / sizeof(array)[0])
