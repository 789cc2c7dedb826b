//! Running the programs of a module, each in an instance of its own.

use anyhow::{Context, Result};
use wasmi::{Caller, Config, Engine, Error, Extern, Linker, Module, Store};

/// More than any program needs.
const FUEL: u64 = 200_000_000;

/// What a program did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) trace: Vec<i32>,
    /// The panic or trap that it ended with.
    pub(super) end: Option<String>,
}

/// What a program tells its host.
#[derive(Default)]
struct Seen {
    trace: Vec<i32>,
    panic: Option<String>,
}

/// A module that can be run.
pub(super) struct Runner {
    module: Module,
    linker: Linker<Seen>,
}

impl Runner {
    pub(super) fn new(wasm: &[u8]) -> Result<Self> {
        let mut config = Config::default();
        config.consume_fuel(true).set_max_recursion_depth(10_000);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm).context("wasmi cannot compile the module")?;
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "trace", |mut caller: Caller<'_, Seen>, value: i32| {
            caller.data_mut().trace.push(value);
        })?;
        linker.func_wrap(
            "host",
            "panicked",
            |mut caller: Caller<'_, Seen>, at: u32, length: u32| {
                let memory = caller.get_export("memory").and_then(Extern::into_memory);
                let text = memory.and_then(|memory| {
                    let text = memory.data(&caller).get(at as usize..)?.get(..length as usize)?;
                    Some(String::from_utf8_lossy(text).into_owned())
                });
                caller.data_mut().panic = text;
            },
        )?;
        Ok(Self { module, linker })
    }

    /// Runs the program of this number; each `seed` makes it take other ways.
    pub(super) fn run(&self, number: usize, seed: i32) -> Result<Outcome> {
        let mut store = Store::new(self.module.engine(), Seen::default());
        store.set_fuel(FUEL)?;
        let instance = self.linker.instantiate_and_start(&mut store, &self.module)?;
        let function = instance.get_typed_func::<i32, ()>(&store, &format!("run {number}"))?;
        let trap = match function.call(&mut store, seed) {
            Ok(()) => None,
            Err(error) => Some(trap(&error)),
        };
        let Seen { trace, panic } = store.into_data();
        Ok(Outcome { trace, end: panic.or(trap) })
    }
}

fn trap(error: &Error) -> String {
    match error.as_trap_code() {
        Some(code) => format!("{code:?}"),
        None => error.to_string(),
    }
}
