//! Hard cases for programs whose functions are resumed one by one. Hosts have little room; programs are moved while
//! they are suspended; functions have the largest number of results; exceptions leave frames.

use core::fmt::Write as _;
use core::ops::Range;

use wasm_asyncify::analysis::{Choice, Imports};
use wasm_asyncify::{Compact, Options, Producer, Resumption, transform};
use wasmi::{Caller, Engine, Error, Extern, Func, Instance, Linker, Memory, Module, Store, Val};

/// The address of `data`.
const DATA: usize = 16;
/// The addresses of frames by default.
const FRAMES: Range<usize> = 64..60_000;

/// The state of the host.
#[derive(Clone, Debug, Default)]
struct Host {
    log: Vec<i32>,
    suspended: usize,
    /// `env.sleep` throws if it gets this argument.
    throws_at: Option<i32>,
    is_rewinding: bool,
}

/// A running program. `env.sleep(x)` logs x and suspends; when it is resumed it returns x + 1.
struct Run {
    store: Store<Host>,
    instance: Instance,
    memory: Memory,
    /// The size of a pointer in bytes.
    pointer: usize,
}

fn made(text: &str, compact: Compact, resumption: Resumption) -> Vec<u8> {
    let imports = Imports::Matching(vec!["env.sleep".into()]);
    let choice = Choice { imports, ..Choice::default() };
    let producer = Producer::Any;
    let driven_by_host = true;
    let options = Options {
        producer,
        choice,
        driven_by_host,
        compact,
        resumption,
        verify: true,
        ..Options::default()
    };
    transform(&wat::parse_str(text).unwrap(), &options).unwrap().module
}

/// The program in each form, resumed one by one.
fn flat(text: &str) -> [Vec<u8>; 2] {
    [Compact::None, Compact::All].map(|compact| made(text, compact, Resumption::OneByOne))
}

impl Run {
    fn new(wasm: &[u8], frames: &Range<usize>, host: Host) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, wasm).unwrap();
        let mut store = Store::new(&engine, host);
        let mut linker = Linker::new(&engine);
        let sleep = Func::wrap(&mut store, sleep);
        linker.define("env", "sleep", sleep).unwrap();
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        let memory = instance.get_memory(&store, "memory").unwrap();
        let pointer = if memory.ty(&store).is_64() { 8 } else { 4 };
        let mut run = Self { store, instance, memory, pointer };
        run.set(DATA, frames.start);
        run.set(DATA + pointer, frames.end);
        run
    }

    fn set(&mut self, at: usize, value: usize) {
        let bytes = &value.to_le_bytes()[..self.pointer];
        self.memory.write(&mut self.store, at, bytes).unwrap();
    }

    fn start(&self) -> usize {
        let mut bytes = [0; 8];
        self.memory.read(&self.store, DATA, &mut bytes[..self.pointer]).unwrap();
        u64::from_le_bytes(bytes) as usize
    }

    fn call(&mut self, name: &str, arguments: &[Val]) -> Result<Option<Val>, Error> {
        let function = self.instance.get_func(&self.store, name).unwrap();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        function.call(&mut self.store, arguments, &mut results)?;
        Ok(results.into_iter().next())
    }

    fn data(&self) -> Val {
        if self.pointer == 8 { Val::I64(DATA as i64) } else { Val::I32(DATA as i32) }
    }

    /// Calls `main`. Returns its result, or None if it was suspended.
    fn go_on(&mut self) -> Result<Option<i32>, Error> {
        if core::mem::take(&mut self.store.data_mut().is_rewinding) {
            let data = self.data();
            self.call("asyncify_start_rewind", &[data])?;
        }
        let result = self.call("main", &[])?;
        if self.call("asyncify_get_state", &[])?.and_then(|it| it.i32()) == Some(0) {
            return Ok(Some(result.and_then(|it| it.i32()).unwrap()));
        }
        self.call("asyncify_stop_unwind", &[])?;
        self.store.data_mut().is_rewinding = true;
        Ok(None)
    }

    /// The final result of `main`.
    fn finish(&mut self) -> Result<i32, Error> {
        loop {
            if let Some(result) = self.go_on()? {
                return Ok(result);
            }
        }
    }
}

fn sleep(mut caller: Caller<'_, Host>, x: i32) -> Result<i32, Error> {
    let export = |caller: &Caller<'_, Host>, name: &str| {
        caller.get_export(name).and_then(Extern::into_func).unwrap()
    };
    let get_state = export(&caller, "asyncify_get_state");
    let mut state = [Val::I32(0)];
    get_state.call(&mut caller, &[], &mut state)?;
    if state[0].i32() == Some(2) {
        export(&caller, "asyncify_stop_rewind").call(&mut caller, &[], &mut [])?;
        if caller.data().throws_at == Some(x) {
            return Err(Error::new("thrown by the host"));
        }
        return Ok(x + 1);
    }
    let host = caller.data_mut();
    host.log.push(x);
    host.suspended += 1;
    let start_unwind = export(&caller, "asyncify_start_unwind");
    let is_wide = start_unwind.ty(&caller).params()[0] == wasmi::ValType::I64;
    let data = if is_wide { Val::I64(DATA as i64) } else { Val::I32(DATA as i32) };
    start_unwind.call(&mut caller, &[data], &mut [])?;
    Ok(-1)
}

/// Recurses, waits below three callers, and once in each of them on the way back. Returns 107.
const DEEP: &str = r#"(module
    (import "env" "sleep" (func $sleep (param i32) (result i32)))
    (memory (export "memory") 1)
    (func $down (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (call $sleep (i32.const 100)))))
        (i32.add
            (call $down (i32.sub (local.get 0) (i32.const 1)))
            (call $sleep (local.get 0))))
    (func (export "main") (result i32)
        (i32.sub (call $down (i32.const 3)) (i32.const 3))))"#;

#[test]
fn whoever_has_too_little_room_is_stopped_and_writes_nowhere_else() {
    let mut enough = Vec::new();
    for wasm in flat(DEEP) {
        let mut least = None;
        for size in 0..200 {
            let frames = 64..64 + size;
            let mut run = Run::new(&wasm, &frames, Host::default());
            let all = run.memory.data_mut(&mut run.store);
            all[..DATA].fill(0xaa);
            all[DATA + 8..].fill(0xaa);
            let result = run.finish().map_err(|error| error.to_string());
            let written = run.memory.data(&run.store);
            let outside = written[..DATA].iter().chain(&written[DATA + 8..64]);
            let mut outside = outside.chain(&written[frames.end..]);
            assert!(outside.all(|byte| *byte == 0xaa), "with {size} bytes");
            match result {
                Ok(result) => {
                    assert_eq!((result, run.start()), (107, 64), "with {size} bytes");
                    least = least.or(Some(size));
                }
                Err(error) => {
                    let trap = "wasm `unreachable` instruction executed";
                    assert_eq!((error.as_str(), least), (trap, None), "with {size} bytes");
                }
            }
        }
        enough.extend(least);
    }
    // Five frames of 96 bytes, a link, and the word with the address of the newest frame.
    assert_eq!(enough, [120, 120]);
}

/// As many as engines for the web accept.
#[test]
fn a_thousand_parameters_and_results_go_through_a_wait() {
    let mut text = String::from(
        r#"(module (import "env" "sleep" (func $sleep (param i32) (result i32)))
           (memory (export "memory") 1) (func $wide (param"#,
    );
    let types = |text: &mut String| {
        (0..1000).for_each(|at| text.push_str(if at % 3 == 1 { " i64" } else { " i32" }));
    };
    types(&mut text);
    text.push_str(") (result");
    types(&mut text);
    text.push_str(") (local.set 0 (call $sleep (local.get 0)))");
    for at in 0..1000 {
        let _ = write!(text, " local.get {at}");
    }
    text.push_str(") (func (export \"main\") (result i32) (local i32)");
    for at in 0..1000 {
        let ty = if at % 3 == 1 { "i64" } else { "i32" };
        let _ = write!(text, " {ty}.const {at}");
    }
    text.push_str(" call $wide");
    for at in (0..1000).rev() {
        // The sum of each result times its index.
        let number = if at % 3 == 1 { "i32.wrap_i64" } else { "" };
        let _ = write!(text, " {number} i32.const {at} i32.mul local.get 0 i32.add local.set 0");
    }
    text.push_str(" local.get 0))");
    let expected: i32 = (0..1000).map(|at| at * at).sum();
    for wasm in flat(&text) {
        let mut run = Run::new(&wasm, &FRAMES, Host::default());
        assert_eq!(run.finish().unwrap(), expected);
        assert_eq!(run.store.data().log, [0]);
    }
}

/// At each wait the program is moved to an instance of another engine, with nothing but its memory.
#[test]
fn what_is_suspended_can_be_moved() {
    for wasm in flat(DEEP) {
        let mut run = Run::new(&wasm, &FRAMES, Host::default());
        let result = loop {
            if let Some(result) = run.go_on().unwrap() {
                break result;
            }
            let mut other = Run::new(&wasm, &FRAMES, run.store.data().clone());
            let memory = run.memory.data(&run.store).to_vec();
            other.memory.write(&mut other.store, 0, &memory).unwrap();
            run = other;
        };
        assert_eq!((result, run.start()), (107, 64));
        assert_eq!(run.store.data().log, [100, 1, 2, 3]);
    }
}

/// No suspended function catches the exception, so none of them is resumed: their frames are left.
#[test]
fn who_is_thrown_out_of_leaves_frames_that_can_be_forgotten() {
    for wasm in flat(DEEP) {
        let mut left = Vec::new();
        for throws_at in [100, 1, 2, 3] {
            let host = Host { throws_at: Some(throws_at), ..Host::default() };
            let mut run = Run::new(&wasm, &FRAMES, host);
            assert_eq!(run.finish().unwrap_err().to_string(), "thrown by the host");
            left.push(run.start() - FRAMES.start);
            let state = run.call("asyncify_get_state", &[]).unwrap();
            assert_eq!(state.and_then(|it| it.i32()), Some(0));
            // Another task may run, and leaves the frames as they are.
            *run.store.data_mut() = Host::default();
            assert_eq!(run.finish().unwrap(), 107);
            assert_eq!(run.start() - FRAMES.start, left[left.len() - 1]);
            // Or the frames are dropped.
            run.set(DATA, FRAMES.start);
            *run.store.data_mut() = Host::default();
            assert_eq!((run.finish().unwrap(), run.start()), (107, FRAMES.start));
        }
        assert_eq!(left, [84, 84, 24, 4]);
    }
}
