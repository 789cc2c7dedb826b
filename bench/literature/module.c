// The workloads as exports: what is measured. Coroutines are those of our own switch over Asyncify's four
// imports, or the host's.
#define STACK (4 << 10)
#define FRAMES (4 << 10)
#ifdef JSPI
#include "jspi.h"
#else
#include "../../tests/engine/c/switch.h"
#endif
#include "workloads.c"

// Who calls this is the linker's otherwise, around each export.
void __wasm_call_ctors(void);
__attribute__((export_name("_initialize"))) void initialize(void) { __wasm_call_ctors(); }

#define EXPORT(name) \
  __attribute__((export_name("workload_" #name))) long long run_##name(int size) { return name(size); }
WORKLOADS(EXPORT)
