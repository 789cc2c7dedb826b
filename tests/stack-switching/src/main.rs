//! Runs the tests of a guest in wasmtime, with stack switching. The format of its input and output is described in
//! `xtask/src/engine/runner.rs`, and the module `host` in `tests/README.md`.

use std::io::{self, Write as _};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use wasmtime::{Caller, Config, Engine, Extern, Linker, Module, Store, Trap};

/// The messages of one instance to its host.
#[derive(Default)]
struct Seen {
    panicked: Option<String>,
    expected: Option<String>,
    may_return: bool,
    trace: Vec<String>,
}

fn main() -> Result<()> {
    let request: Value = serde_json::from_reader(io::stdin())?;
    let mut output = io::stdout().lock();
    let (module, linker) = match load(&request) {
        Ok(loaded) => loaded,
        Err(error) => return Ok(writeln!(output, "{}", json!({ "error": format!("{error:#}") }))?),
    };
    for test in request["tests"].as_array().context("the request names no tests")? {
        let test = test.as_str().context("a test's name is not a string")?;
        writeln!(output, "{}", run(&module, &linker, test))?;
        output.flush()?;
    }
    Ok(())
}

fn load(request: &Value) -> Result<(Module, Linker<Seen>)> {
    let mut config = Config::new();
    config.wasm_stack_switching(true).wasm_function_references(true);
    config.wasm_gc(true).wasm_exceptions(true);
    let engine = Engine::new(&config).map_err(anyhow::Error::from)?;
    let path = request["module"].as_str().context("the request names no module")?;
    let seed: u64 = request["seed"].as_str().context("the request has no seed")?.parse()?;
    let said = |key: &str| {
        request[key].as_bool().with_context(|| format!("the request does not say `{key}`"))
    };
    let module = Module::from_file(&engine, path).map_err(anyhow::Error::from)?;
    let linker = host(&engine, seed, said("is_checked")?, said("is_stack_checked")?)?;
    Ok((module, linker))
}

/// Runs one test. Returns its line of JSON.
fn run(module: &Module, linker: &Linker<Seen>, test: &str) -> Value {
    let mut store = Store::new(module.engine(), Seen::default());
    let started = Instant::now();
    let result = call(&mut store, module, linker, test);
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    let (end, text) = match result {
        Ok(()) => ("returned", None),
        Err(error) if error.downcast_ref::<Trap>().is_some() => {
            ("trapped", Some(format!("{error:?}")))
        }
        Err(error) => ("broken", Some(format!("{error:?}"))),
    };
    let Seen { panicked, expected, may_return, trace } = store.into_data();
    json!({
        "test": test,
        "end": end,
        "text": text,
        "panicked": panicked,
        "expected": expected,
        "may_return": may_return,
        "trace": trace,
        "milliseconds": milliseconds,
    })
}

fn call(
    store: &mut Store<Seen>,
    module: &Module,
    linker: &Linker<Seen>,
    test: &str,
) -> wasmtime::Result<()> {
    let instance = linker.instantiate(&mut *store, module)?;
    for name in ["_initialize", "__wasm_call_ctors"] {
        if let Some(function) = instance.get_func(&mut *store, name) {
            function.call(&mut *store, &[], &mut [])?;
            break;
        }
    }
    instance.get_typed_func::<(), ()>(&mut *store, &format!("test {test}"))?.call(store, ())
}

fn host(engine: &Engine, seed: u64, checked: bool, stack_checked: bool) -> Result<Linker<Seen>> {
    let mut linker = Linker::new(engine);
    let mut define = || -> wasmtime::Result<()> {
        // Each name has a function that handles its text.
        let texts: [(&str, fn(&mut Seen, String)); 4] = [
            ("log", |seen, text| seen.trace.push(text)),
            ("panicked", |seen, text| seen.panicked = Some(text)),
            ("expect_trap", |seen, text| expect(seen, text, false)),
            ("allow_trap", |seen, text| expect(seen, text, true)),
        ];
        for (name, take) in texts {
            linker.func_wrap(
                "host",
                name,
                move |mut caller: Caller<'_, Seen>, start: u32, length: u32| {
                    let text = read(&mut caller, start, length);
                    let text = text.ok_or_else(|| {
                        wasmtime::Error::msg(format!(
                            "{name}({start}, {length}) points outside the memory"
                        ))
                    })?;
                    take(caller.data_mut(), text);
                    wasmtime::Result::Ok(())
                },
            )?;
        }
        linker.func_wrap("host", "random_seed", move || seed)?;
        linker.func_wrap("host", "is_checked", move || u32::from(checked))?;
        linker.func_wrap("host", "is_stack_checked", move || u32::from(stack_checked))?;
        Ok(())
    };
    define().map_err(anyhow::Error::from)?;
    Ok(linker)
}

fn expect(seen: &mut Seen, text: String, may_return: bool) {
    seen.expected = Some(text);
    seen.may_return = may_return;
    seen.panicked = None;
}

fn read(caller: &mut Caller<'_, Seen>, start: u32, length: u32) -> Option<String> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory)?;
    let start = usize::try_from(start).ok()?;
    let bytes =
        memory.data(&*caller).get(start..start.checked_add(usize::try_from(length).ok()?)?)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}
