# Runs `main` of a module in wasmtime, and says how it trapped.

import sys

import wasmtime

engine = wasmtime.Engine()
store = wasmtime.Store(engine)
instance = wasmtime.Instance(store, wasmtime.Module.from_file(engine, sys.argv[1]), [])
try:
    instance.exports(store)["main"](store, 0, 0)
except wasmtime.Trap as trap:
    print(trap)
