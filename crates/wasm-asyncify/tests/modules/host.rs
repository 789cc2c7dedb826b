//! A host for arbitrary modules: it suspends them in each of their imports.
//!
//! A frame is saved to the module's own memory, where the module may write anywhere. So the host saves the contents
//! of that region during an unwind or a rewind, and restores them before any code runs.
//!
//! ```text
//!   memory:   the module's │ frames  │ the module's │ frames │ the module's
//!             call an import, unwind │   (resumed)    rewind │ the import returns
//! ```
//!
//! Where functions are resumed one by one, frames must stay where they are. They are in an added memory, which the
//! module does not access.

use wasmi::{
    AsContext, AsContextMut, Caller, Config, Engine, Extern, ExternRef, Func, FuncType, Global,
    Linker, Memory, Module, Mutability, Nullable, Store, StoreLimits, StoreLimitsBuilder, Val,
    ValType,
};

/// The size of the region for frames.
const LEN: usize = 60_000;
/// The address of `data`, with the limits of the frames.
const DATA: usize = 16;
const BEGIN: i32 = 64;

const REWINDING: i32 = 2;

/// Whether imports suspend, and where frames are meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Waits {
    #[default]
    Never,
    /// In the module's memory, but only during an unwind or a rewind.
    PutAside,
    /// In a memory of their own.
    There,
}

/// The behaviour of a module.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Calls of imports and exports with their arguments or results, and traps.
    pub(crate) log: Vec<String>,
    /// How often it was suspended.
    pub(crate) suspended: usize,
    /// Whether it ended because its frames needed too much room.
    pub(crate) overflowed: bool,
}

#[derive(Debug, Default)]
struct Host {
    outcome: Outcome,
    waits: Waits,
    memory: Option<Memory>,
    /// The results of the import in which the module is suspended.
    results: Vec<Val>,
    /// The frames, while the module runs; the module's own data, while the frames are in memory.
    aside: Vec<u8>,
    /// The largest size of a memory, since its whole size would be zeroed.
    limits: StoreLimits,
}

/// The types of the available imports.
const TYPES: [(&[ValType], &[ValType]); 9] = [
    (&[], &[]),
    (&[ValType::I32], &[ValType::I32]),
    (&[ValType::I64, ValType::F64], &[ValType::F32]),
    (&[ValType::F32], &[ValType::I64]),
    (&[ValType::I32, ValType::I32, ValType::I64], &[]),
    (&[], &[ValType::F64]),
    (&[], &[ValType::ExternRef]),
    (&[ValType::ExternRef, ValType::FuncRef], &[]),
    (&[ValType::ExternRef], &[ValType::ExternRef, ValType::I32]),
];

/// The number of types without references and with at most one result.
const PLAIN: usize = 6;

/// A module that has all of these imports, or only those without references.
pub(crate) fn imports(with_references: bool) -> Vec<u8> {
    let list = |kind: &str, types: &[ValType]| {
        let types: Vec<_> = types.iter().map(|ty| format!("{ty:?}").to_lowercase()).collect();
        format!("({kind} {})", types.join(" "))
    };
    let types = &TYPES[..if with_references { TYPES.len() } else { PLAIN }];
    let imports = (0..).zip(types).map(|(number, (parameters, results))| {
        let (parameters, results) = (list("param", parameters), list("result", results));
        format!("(import \"env\" \"{number}\" (func {parameters} {results}))")
    });
    wat::parse_str(format!("(module {})", imports.collect::<String>())).unwrap()
}

/// Calls all exports of a module. None if it cannot be instantiated, or has no memory large enough for frames.
pub(crate) fn run(wasm: &[u8], waits: Waits) -> Option<Outcome> {
    let mut config = Config::default();
    config.set_max_recursion_depth(5_000).set_max_stack_height(4 << 20);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, wasm).unwrap();
    let limits = StoreLimitsBuilder::new().memory_size(4 << 20).build();
    let mut store = Store::new(&engine, Host { waits, limits, ..Host::default() });
    store.limiter(|host| &mut host.limits);
    let mut linker = Linker::new(&engine);
    for (number, (parameters, results)) in (0..).zip(TYPES) {
        let ty = FuncType::new(parameters.iter().copied(), results.iter().copied());
        let import = Func::new(&mut store, ty, move |caller, arguments, results| {
            call_import(caller, number, arguments, results);
            Ok(())
        });
        linker.define("env", &number.to_string(), import).unwrap();
    }
    for name in ["__asyncify_state", "__asyncify_data"] {
        let global = Global::new(&mut store, Val::I32(0), Mutability::Var);
        linker.define("env", name, global).unwrap();
    }
    // A data segment may not fit.
    let instance = linker.instantiate_and_start(&mut store, &module).ok()?;
    let exports: Vec<(String, Extern)> =
        instance.exports(&store).map(|it| (it.name().to_owned(), it.into_extern())).collect();
    let added = instance.get_memory(&store, "asyncify_memory");
    let memory = added.or_else(|| exports.iter().find_map(|(_, export)| export.into_memory()))?;
    if memory.data_size(&store) < LEN {
        return None;
    }
    store.data_mut().memory = Some(memory);
    for (name, export) in &exports {
        if let (false, Some(function)) = (name.starts_with("asyncify_"), export.into_func()) {
            let end = call_export(&mut store, &instance, function);
            store.data_mut().outcome.log.push(format!("{name}: {end}"));
            if store.data().outcome.overflowed {
                break;
            }
        }
    }
    Some(store.into_data().outcome)
}

/// Calls an export with zeros until it has returned or trapped. Returns the outcome as text.
fn call_export(store: &mut Store<Host>, instance: &wasmi::Instance, function: Func) -> String {
    let ty = function.ty(&store);
    let zeros =
        |types: &[ValType]| types.iter().copied().map(Val::default_for_ty).collect::<Vec<_>>();
    let (arguments, mut results) = (zeros(ty.params()), zeros(ty.results()));
    if store.data().waits == Waits::There {
        place_frames(&mut *store);
    }
    loop {
        if let Err(error) = function.call(&mut *store, &arguments, &mut results) {
            return error.to_string();
        }
        let runtime = |name: &str| instance.get_func(&*store, name);
        let (Some(get_state), Some(stop_unwind), Some(start_rewind)) = (
            runtime("asyncify_get_state"),
            runtime("asyncify_stop_unwind"),
            runtime("asyncify_start_rewind"),
        ) else {
            return shown(&*store, &results);
        };
        if call(&mut *store, get_state, &[]) == 0 {
            return shown(&*store, &results);
        }
        // Asyncify checks the limits here, and not before.
        if stop_unwind.call(&mut *store, &[], &mut []).is_err() {
            store.data_mut().outcome.overflowed = true;
            return "no room for frames".to_owned();
        }
        if store.data().waits == Waits::PutAside {
            // Removes the frames, and puts them back.
            swap(&mut *store);
            swap(&mut *store);
        }
        call(&mut *store, start_rewind, &[DATA as i32]);
    }
}

fn call_import(
    mut caller: Caller<'_, Host>,
    number: usize,
    arguments: &[Val],
    results: &mut [Val],
) {
    let runtime =
        |caller: &Caller<'_, Host>, name: &str| caller.get_export(name).and_then(Extern::into_func);
    let waits = caller.data().waits;
    let can_suspend = waits != Waits::Never && caller.data().memory.is_some();
    let get_state = runtime(&caller, "asyncify_get_state").filter(|_| can_suspend);
    if let Some(get_state) = get_state
        && call(&mut caller, get_state, &[]) == REWINDING
    {
        let stop_rewind = runtime(&caller, "asyncify_stop_rewind").unwrap();
        call(&mut caller, stop_rewind, &[]);
        if waits == Waits::PutAside {
            swap(&mut caller);
        }
        results.clone_from_slice(&caller.data().results);
        return;
    }
    let called = format!("import {number} {}", shown(&caller, arguments));
    let host = caller.data_mut();
    host.outcome.log.push(called);
    // Each call returns another value.
    let returned = host.outcome.log.len() as u32;
    for result in results.iter_mut() {
        *result = match result.ty() {
            ValType::I32 => Val::I32(returned as i32),
            ValType::I64 => Val::I64(i64::from(returned) << 20),
            ValType::F32 => Val::F32((returned as f32).into()),
            ValType::ExternRef => ExternRef::new(&mut caller, returned).into(),
            _ => Val::F64(f64::from(returned).into()),
        };
    }
    if get_state.is_some() {
        let host = caller.data_mut();
        host.results = results.to_vec();
        host.outcome.suspended += 1;
        if waits == Waits::PutAside {
            host.aside = vec![0; LEN];
            swap(&mut caller);
            place_frames(&mut caller);
        }
        let start_unwind = runtime(&caller, "asyncify_start_unwind").unwrap();
        call(&mut caller, start_unwind, &[DATA as i32]);
        // The results are not read during an unwind.
        for result in results {
            *result = Val::default_for_ty(result.ty());
        }
    }
}

/// Values as text, for comparison: an external reference by the number of the call that made it.
fn shown(context: impl AsContext, values: &[Val]) -> String {
    let one = |value: &Val| match value {
        Val::ExternRef(Nullable::Val(reference)) => {
            format!("made by {:?}", reference.data(context.as_context()).downcast_ref::<u32>())
        }
        Val::ExternRef(Nullable::Null) | Val::FuncRef(Nullable::Null) => "null".to_owned(),
        // Its index may differ after the transform.
        Val::FuncRef(Nullable::Val(_)) => "a function".to_owned(),
        number => format!("{number:?}"),
    };
    values.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Sets the limits of the region for frames.
fn place_frames(mut context: impl AsContextMut<Data = Host>) {
    let mut context = context.as_context_mut();
    let memory = context.data().memory.unwrap();
    for (at, word) in [(DATA, BEGIN), (DATA + 4, LEN as i32)] {
        memory.write(&mut context, at, &word.to_le_bytes()).unwrap();
    }
}

/// Exchanges the frames and the module's own data in their region.
fn swap(mut context: impl AsContextMut<Data = Host>) {
    let mut context = context.as_context_mut();
    let memory = context.data().memory.unwrap();
    let mut aside = std::mem::take(&mut context.data_mut().aside);
    memory.data_mut(&mut context)[..LEN].swap_with_slice(&mut aside);
    context.data_mut().aside = aside;
}

/// Calls one of Asyncify's exports. Returns its result, or 0.
fn call(mut context: impl AsContextMut, function: Func, arguments: &[i32]) -> i32 {
    let arguments: Vec<_> = arguments.iter().map(|argument| Val::I32(*argument)).collect();
    let mut results = vec![Val::I32(0); function.ty(&context).results().len()];
    function.call(&mut context, &arguments, &mut results).unwrap();
    results.first().and_then(Val::i32).unwrap_or_default()
}
