# Runs the workloads of a module in wasmtime, for worker.rs: its path is the first argument.
#
# Reads lines with a name and a size. Writes for each the result and the nanoseconds that it took.
# Writes an empty line if the host is to pause the module, which wasmtime does not do.

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
