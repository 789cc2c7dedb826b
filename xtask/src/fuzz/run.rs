//! Running the programs of a module, each in an instance of its own.

use anyhow::{Context, Result};
use wasmi::{Caller, Config, Engine, Error, Linker, Module, Store};

/// More than any program needs.
const FUEL: u64 = 200_000_000;

/// What a program did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) trace: Vec<i32>,
    /// The trap that it ended with.
    pub(super) trap: Option<String>,
}

/// A module that can be run.
pub(super) struct Runner {
    module: Module,
    linker: Linker<Vec<i32>>,
}

impl Runner {
    pub(super) fn new(wasm: &[u8]) -> Result<Self> {
        let mut config = Config::default();
        config.consume_fuel(true).set_max_recursion_depth(10_000);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm).context("wasmi cannot compile the module")?;
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "trace", |mut caller: Caller<'_, Vec<i32>>, value: i32| {
            caller.data_mut().push(value);
        })?;
        Ok(Self { module, linker })
    }

    /// Runs the program of this number.
    pub(super) fn run(&self, number: usize) -> Result<Outcome> {
        let mut store = Store::new(self.module.engine(), Vec::new());
        store.set_fuel(FUEL)?;
        let instance = self.linker.instantiate_and_start(&mut store, &self.module)?;
        let function = instance.get_typed_func::<(), ()>(&store, &format!("run {number}"))?;
        let trap = match function.call(&mut store, ()) {
            Ok(()) => None,
            Err(error) => Some(trap(&error)),
        };
        Ok(Outcome { trace: store.into_data(), trap })
    }
}

fn trap(error: &Error) -> String {
    match error.as_trap_code() {
        Some(code) => format!("{code:?}"),
        None => error.to_string(),
    }
}
