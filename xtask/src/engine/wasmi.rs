//! wasmi: an interpreter, without anything from a browser.
//!
//! Its runner is this program itself, called as `xtask wasmi-runner`.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wasmi::{Caller, Config, Error, Extern, Linker, Module, Store};

use super::{Engine, locked_version};
use crate::module::{Checks, TEST_PREFIX};
use crate::record::{End, Record};

pub(super) const NAME: &str = "wasmi";

/// Enough for the deepest recursion of any test at opt-level 0; wasmi's default is 1,000 calls.
const MAX_CALL_DEPTH: usize = 20_000;
const MAX_STACK_BYTES: usize = 64 << 20;

/// The interpreter that is linked into this program.
pub(super) struct Wasmi {
    this_program: PathBuf,
    version: &'static str,
}

impl Wasmi {
    pub(super) fn find() -> Result<Self> {
        let this_program =
            std::env::current_exe().context("cannot find this program's own file")?;
        let version = locked_version(include_str!("../../../Cargo.lock"), NAME)
            .context("Cargo.lock does not say which wasmi this is")?;
        Ok(Self { this_program, version })
    }
}

impl Engine for Wasmi {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> &str {
        self.version
    }

    fn runner(&self) -> Command {
        let mut command = Command::new(&self.this_program);
        command.arg("wasmi-runner");
        command
    }
}

/// The runner: reads the request from standard input, writes records to standard output.
pub(crate) fn serve() -> Result<()> {
    let request: Value = serde_json::from_reader(io::stdin())?;
    let mut output = io::stdout().lock();
    let runner = match Runner::new(&request) {
        Ok(runner) => runner,
        Err(error) => {
            writeln!(output, "{}", json!({ "error": format!("{error:#}") }))?;
            return Ok(());
        }
    };
    for test in request["tests"].as_array().context("the request names no tests")? {
        let record = runner.run(test.as_str().context("a test's name is not a string")?);
        writeln!(output, "{}", record.to_json())?;
        output.flush()?;
    }
    Ok(())
}

/// The messages of one instance to its host.
#[derive(Default)]
struct Seen {
    panicked: Option<String>,
    expected: Option<String>,
    may_return: bool,
    trace: Vec<String>,
}

struct Runner {
    module: Module,
    linker: Linker<Seen>,
}

impl Runner {
    fn new(request: &Value) -> Result<Self> {
        let path = request["module"].as_str().context("the request names no module")?;
        let seed: u64 = request["seed"].as_str().context("the request has no seed")?.parse()?;
        let said = |key: &str| {
            request[key].as_bool().with_context(|| format!("the request does not say `{key}`"))
        };
        let checks = Checks { all: said("is_checked")?, stack: said("is_stack_checked")? };
        let mut config = Config::default();
        config.set_max_stack_height(MAX_STACK_BYTES).set_max_recursion_depth(MAX_CALL_DEPTH);
        let engine = wasmi::Engine::new(&config);
        let module =
            Module::new(&engine, fs::read(path)?).context("wasmi cannot compile the module")?;
        Ok(Self { linker: host_functions(&engine, seed, checks)?, module })
    }

    fn run(&self, test: &str) -> Record {
        let mut store = Store::new(self.module.engine(), Seen::default());
        let started = Instant::now();
        let result = self.call(&mut store, test);
        let milliseconds = started.elapsed().as_secs_f64() * 1e3;
        let end = match result {
            Ok(()) => End::Returned,
            Err(error) if error.as_trap_code().is_some() => End::Trapped(error.to_string()),
            Err(error) => End::Broken(error.to_string()),
        };
        let Seen { panicked, expected, may_return, trace } = store.into_data();
        Record { test: test.into(), end, panicked, expected, may_return, trace, milliseconds }
    }

    fn call(&self, store: &mut Store<Seen>, test: &str) -> Result<(), Error> {
        let instance = self.linker.instantiate_and_start(&mut *store, &self.module)?;
        let initialise = ["_initialize", "__wasm_call_ctors"]
            .into_iter()
            .find_map(|name| instance.get_func(&*store, name));
        if let Some(function) = initialise {
            function.call(&mut *store, &[], &mut [])?;
        }
        let name = format!("{TEST_PREFIX}{test}");
        instance.get_typed_func::<(), ()>(&*store, &name)?.call(store, ())
    }
}

/// The module `host` as described in tests/README.md.
fn host_functions(engine: &wasmi::Engine, seed: u64, checks: Checks) -> Result<Linker<Seen>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(
        "host",
        "log",
        |mut caller: Caller<'_, Seen>, pointer: u32, length: u32| {
            let text = read_text(&caller, "log", pointer, length)?;
            caller.data_mut().trace.push(text);
            Ok::<(), Error>(())
        },
    )?;
    linker.func_wrap("host", "panicked", |mut caller: Caller<'_, Seen>, pointer, length| {
        let text = read_text(&caller, "panicked", pointer, length)?;
        caller.data_mut().panicked = Some(text);
        Ok::<(), Error>(())
    })?;
    for (name, may_return) in [("expect_trap", false), ("allow_trap", true)] {
        linker.func_wrap("host", name, move |mut caller: Caller<'_, Seen>, pointer, length| {
            let text = read_text(&caller, name, pointer, length)?;
            let seen = caller.data_mut();
            seen.expected = Some(text);
            seen.may_return = may_return;
            seen.panicked = None;
            Ok::<(), Error>(())
        })?;
    }
    linker.func_wrap("host", "random_seed", move || seed)?;
    linker.func_wrap("host", "is_checked", move || u32::from(checks.all))?;
    linker.func_wrap("host", "is_stack_checked", move || u32::from(checks.stack))?;
    Ok(linker)
}

fn read_text(
    caller: &Caller<'_, Seen>,
    function: &str,
    pointer: u32,
    length: u32,
) -> Result<String, Error> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let bytes = memory.and_then(|memory| {
        let start = pointer as usize;
        memory.data(caller).get(start..start.checked_add(length as usize)?)
    });
    let bytes = bytes.ok_or_else(|| {
        Error::new(format!("{function}({pointer}, {length}) points outside the memory"))
    })?;
    Ok(String::from_utf8_lossy(bytes).into_owned())
}
