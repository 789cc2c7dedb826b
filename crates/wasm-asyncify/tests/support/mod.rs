//! A host that suspends its callers with Asyncify's exports, and answers later.

use wasmi::{
    Caller, Config, Engine, Extern, Func, Global, Linker, Memory, Module, Mutability, Store, Val,
};

/// The address of `data`: two words with the limits of the frames.
const DATA: i32 = 16;
const BEGIN: i32 = 64;
const END: i32 = 60_000;

const NORMAL: i32 = 0;
const REWINDING: i32 = 2;

/// What the host has recorded.
#[derive(Debug, Default)]
pub(crate) struct Host {
    /// The arguments of calls, in order.
    pub(crate) log: Vec<i32>,
    /// How often it has suspended its caller.
    pub(crate) suspended: usize,
    /// Whether it suspends its callers.
    suspends: bool,
}

/// Runs the exported function `main`, whose calls of `env.sleep` are suspended if `suspends`. `env.sleep(x)` and
/// `env.log(x)` log x, and the first returns x + 1. The module exports a memory for frames as `asyncify_memory` or
/// `memory`; the host uses the beginning of it.
pub(crate) fn run(wasm: &[u8], suspends: bool) -> Result<Host, String> {
    run_linked(&[], wasm, suspends)
}

/// The same with other modules, which are instantiated first: their exports can be imported by their names.
pub(crate) fn run_linked(
    others: &[(&str, &[u8])],
    main: &[u8],
    suspends: bool,
) -> Result<Host, String> {
    let engine = Engine::new(&Config::default());
    let module = |wasm: &[u8]| Module::new(&engine, wasm).map_err(|error| error.to_string());
    let mut store = Store::new(&engine, Host { suspends, ..Host::default() });
    let mut linker = Linker::new(&engine);
    let sleep = Func::wrap(&mut store, sleep);
    let log = Func::wrap(&mut store, |mut caller: Caller<'_, Host>, x: i32| {
        caller.data_mut().log.push(x);
    });
    linker.define("env", "sleep", sleep).unwrap();
    linker.define("env", "log", log).unwrap();
    for name in ["__asyncify_state", "__asyncify_data"] {
        let global = Global::new(&mut store, Val::I32(0), Mutability::Var);
        linker.define("env", name, global).unwrap();
    }
    linker.allow_shadowing(true);
    for (name, wasm) in others {
        let instance = linker.instantiate_and_start(&mut store, &module(wasm)?);
        let instance = instance.map_err(|error| error.to_string())?;
        linker.instance(&mut store, name, instance).unwrap();
        for name in ["__asyncify_state", "__asyncify_data"] {
            if let Some(global) = instance.get_global(&store, name) {
                linker.define("env", name, global).unwrap();
            }
        }
    }
    let instance = linker
        .instantiate_and_start(&mut store, &module(main)?)
        .map_err(|error| error.to_string())?;
    let main = instance.get_func(&store, "main").unwrap();
    loop {
        let mut results = vec![Val::I32(0); main.ty(&store).results().len()];
        main.call(&mut store, &[], &mut results).map_err(|error| error.to_string())?;
        let state = instance.get_func(&store, "asyncify_get_state");
        if state.is_none_or(|state| call(&mut store, state, &[]) == NORMAL) {
            for result in results {
                store.data_mut().log.extend(result.i32());
            }
            return Ok(store.into_data());
        }
        let stop_unwind = instance.get_func(&store, "asyncify_stop_unwind").unwrap();
        call(&mut store, stop_unwind, &[]);
        let start_rewind = instance.get_func(&store, "asyncify_start_rewind").unwrap();
        call(&mut store, start_rewind, &[DATA]);
    }
}

fn sleep(mut caller: Caller<'_, Host>, x: i32) -> i32 {
    if !caller.data().suspends {
        caller.data_mut().log.push(x);
        return x + 1;
    }
    let export = |caller: &Caller<'_, Host>, name: &str| {
        caller.get_export(name).and_then(Extern::into_func).unwrap()
    };
    let get_state = export(&caller, "asyncify_get_state");
    if call(&mut caller, get_state, &[]) == REWINDING {
        let stop_rewind = export(&caller, "asyncify_stop_rewind");
        call(&mut caller, stop_rewind, &[]);
        return x + 1;
    }
    caller.data_mut().log.push(x);
    caller.data_mut().suspended += 1;
    let memory = |name: &str| caller.get_export(name).and_then(Extern::into_memory);
    let memory: Memory = memory("asyncify_memory").or_else(|| memory("memory")).unwrap();
    // Only once: where functions are resumed one by one, frames are there as long as `main` runs.
    if caller.data().suspended == 1 {
        memory.write(&mut caller, DATA as usize, &BEGIN.to_le_bytes()).unwrap();
        memory.write(&mut caller, DATA as usize + 4, &END.to_le_bytes()).unwrap();
    }
    let start_unwind = export(&caller, "asyncify_start_unwind");
    call(&mut caller, start_unwind, &[DATA]);
    // The result is not read during an unwind.
    -1
}

/// Calls one of Asyncify's exports. Returns its result, or 0.
fn call(mut context: impl wasmi::AsContextMut, function: Func, arguments: &[i32]) -> i32 {
    let arguments: Vec<_> = arguments.iter().map(|argument| Val::I32(*argument)).collect();
    let mut results = vec![Val::I32(0); function.ty(&context).results().len()];
    function.call(&mut context, &arguments, &mut results).unwrap();
    results.first().and_then(Val::i32).unwrap_or_default()
}
