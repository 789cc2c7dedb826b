# Runs a module under wasmtime's WASI: `python3 -c … <module> <argument>…`. Fails if the module traps.

import sys
from wasmtime import Engine, ExitTrap, Linker, Module, Store, Trap, WasiConfig

engine = Engine()
store = Store(engine)
config = WasiConfig()
config.argv = ["program", *sys.argv[2:]]
config.inherit_stdin()
config.inherit_stdout()
config.inherit_stderr()
store.set_wasi(config)
linker = Linker(engine)
linker.define_wasi()
instance = linker.instantiate(store, Module.from_file(engine, sys.argv[1]))
try:
    instance.exports(store)["_start"](store)
except ExitTrap as exit:
    sys.exit(exit.code)
except Trap as trap:
    sys.exit(str(trap))
