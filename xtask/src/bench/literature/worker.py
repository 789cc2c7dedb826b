# Runs the workloads of a module in wasmtime, for worker.rs: its path is the first argument.
#
# Reads lines with a name and a size, and writes for each what was returned and how many nanoseconds that took;
# or nothing, if the module asks for a host that pauses it, as wasmtime does not.

import sys
import time

import wasmtime

engine = wasmtime.Engine()
store = wasmtime.Store(engine)
module = wasmtime.Module.from_file(engine, sys.argv[1])
can_run = not module.imports
if can_run:
    exports = wasmtime.Instance(store, module, []).exports(store)
    if "_initialize" in exports:
        exports["_initialize"](store)

for line in sys.stdin:
    if not can_run:
        print(flush=True)
        continue
    name, size = line.split()
    workload = exports["workload_" + name]
    started = time.perf_counter_ns()
    result = workload(store, int(size))
    print(result, time.perf_counter_ns() - started, flush=True)
