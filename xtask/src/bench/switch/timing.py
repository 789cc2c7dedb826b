# Measures functions in pairs in wasmtime, for timing.rs, as timing.mjs does in Node: see there.
#
# Nothing is warmed up: wasmtime compiles a function once, before it runs.

import json
import sys
import time

import wasmtime

ROUNDS = 151
SAMPLE_NS = 3e6

engine = wasmtime.Engine()


def prepare(side):
    # PyPI's is built without stack switching.
    if "jspi" in side or side["continuations"]:
        return None
    store = wasmtime.Store(engine)
    module = wasmtime.Module.from_file(engine, side["module"])
    measured = wasmtime.Instance(store, module, []).exports(store)[side["export"]]
    return lambda count: measured(store, side["depth"], count)


def nanoseconds(run, count):
    started = time.perf_counter_ns()
    run(count)
    return (time.perf_counter_ns() - started) / count


def measure(row):
    sides = [prepare(row["ours"]), prepare(row["other"])]
    if None in sides:
        return None
    counts = [1000, 1000]
    for _ in range(10):
        for index in (0, 1):
            counts[index] = max(1, round(SAMPLE_NS / nanoseconds(sides[index], counts[index])))
    samples = [[], []]
    for turn in range(ROUNDS):
        for index in (1, 0) if turn % 2 else (0, 1):
            samples[index].append(nanoseconds(sides[index], counts[index]))
    return {"ours": samples[0], "other": samples[1]}


print(json.dumps([measure(row) for row in json.load(sys.stdin)]))
