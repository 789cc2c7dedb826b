//! The functions of the terminal or the page. `host-calls.mjs` is the other side.
//!
//! `read_line`, `sleep` and `tick` take time: the host returns at once, and calls `settled` when it has finished. There
//! may be several programs, each with a number from the host. Each waits for one operation at a time.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::panic;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, embed};

use super::STACK_SIZE;

/// The longest time that a script runs before it lets others run, in seconds.
const TURN: f64 = 0.01;

mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(super) safe fn seconds() -> f64;
        pub(super) fn print(program: u32, text: *const u8, len: usize);
        pub(super) fn fail(program: u32, text: *const u8, len: usize);
        pub(super) safe fn ended(program: u32, is_good: bool);
        pub(super) fn dumped(text: *const u8, len: usize);
        // These are settled later.
        pub(super) fn read_line(program: u32, prompt: *const u8, len: usize);
        pub(super) safe fn sleep(program: u32, seconds: f64);
        pub(super) safe fn tick(program: u32);
    }
}

type Program = Pin<Box<dyn Future<Output = bool>>>;

thread_local! {
    /// The programs that wait, by their numbers.
    static PROGRAMS: RefCell<HashMap<u32, Program>> = RefCell::default();
    /// The number of the program that runs.
    static RUNNING: Cell<u32> = const { Cell::new(0) };
    /// The buffer that the host fills just before it lets a program run: with a script, or with a line that was read.
    static BUFFER: RefCell<Vec<u8>> = RefCell::default();
    /// The outcome of the operation that the running program has waited for.
    static SETTLED: Cell<Option<Outcome>> = const { Cell::new(None) };
    /// The time when the turn began.
    static BEGAN: Cell<f64> = const { Cell::new(0.0) };
}

/// The outcome of an operation that a program has waited for.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Done,
    EndOfInput,
    Stopped,
}

/// The user does not want to wait any longer.
pub(crate) struct Stopped;

/// Prints a line.
pub(crate) fn print(line: &str) {
    // SAFETY: the host copies the text while this call runs.
    unsafe { sys::print(RUNNING.get(), line.as_ptr(), line.len()) }
}

/// Prints a line that is an error message.
pub(crate) fn fail(line: &str) {
    // SAFETY: the host copies the text while this call runs.
    unsafe { sys::fail(RUNNING.get(), line.as_ptr(), line.len()) }
}

/// The time in seconds, since an arbitrary start.
pub(crate) fn seconds() -> f64 {
    sys::seconds()
}

/// Reads a line, if there is another.
pub(crate) fn ask(prompt: &str) -> Result<Option<String>, Stopped> {
    // SAFETY: the host copies the prompt while this call runs.
    unsafe { sys::read_line(RUNNING.get(), prompt.as_ptr(), prompt.len()) }
    Ok(match wait()? {
        Outcome::EndOfInput => None,
        _ => Some(take_text()),
    })
}

/// Waits for a time.
pub(crate) fn sleep(seconds: f64) -> Result<(), Stopped> {
    sys::sleep(RUNNING.get(), seconds);
    wait().map(drop)
}

/// Lets others run, if this turn has been long.
pub(crate) fn give_way() -> Result<(), Stopped> {
    if seconds() - BEGAN.get() < TURN {
        return Ok(());
    }
    sys::tick(RUNNING.get());
    wait().map(drop)
}

/// Waits until the host has settled the operation.
fn wait() -> Result<Outcome, Stopped> {
    match embed(poll_fn(|_| SETTLED.take().map_or(Poll::Pending, Poll::Ready))) {
        Outcome::Stopped => Err(Stopped),
        outcome => Ok(outcome),
    }
}

fn take_text() -> String {
    String::from_utf8_lossy(&BUFFER.take()).into_owned()
}

/// Called by the host. Returns the address to which it writes a text of `len` bytes.
#[unsafe(no_mangle)]
extern "C" fn buffer(len: usize) -> *mut u8 {
    BUFFER.with_borrow_mut(|buffer| {
        *buffer = vec![0; len];
        buffer.as_mut_ptr()
    })
}

/// Called by the host. Starts a program, which runs the script that the host has written or, without one, the typed
/// lines.
#[unsafe(no_mangle)]
extern "C" fn start(program: u32, has_script: bool) {
    panic::set_hook(Box::new(|info| fail(&info.to_string())));
    let coroutine = Coroutine::new(STACK_SIZE, move |_| {
        if has_script { crate::run_script(&take_text()) } else { crate::run_typed() }
    });
    let what = if has_script { "script" } else { "typed" };
    resume(program, Box::pin(coroutine.named(format!("{what} {program}"))));
}

/// Called by the host. Shows what each program waits for, and where.
#[unsafe(no_mangle)]
extern "C" fn dump() {
    let text = bysyncify::dump().to_string();
    // SAFETY: the host copies the text while this call runs.
    unsafe { sys::dumped(text.as_ptr(), text.len()) }
}

/// Called by the host when it has finished the operation of a program. The outcome is 0, or 1 if there is no line to
/// read, or 2 if the user wants to stop.
#[unsafe(no_mangle)]
extern "C" fn settled(program: u32, outcome: u32) {
    let Some(waiting) = PROGRAMS.with_borrow_mut(|programs| programs.remove(&program)) else {
        return;
    };
    SETTLED.set(Some(match outcome {
        0 => Outcome::Done,
        1 => Outcome::EndOfInput,
        _ => Outcome::Stopped,
    }));
    resume(program, waiting);
}

/// Runs a program until it waits, or has ended.
fn resume(number: u32, mut program: Program) {
    RUNNING.set(number);
    BEGAN.set(seconds());
    match program.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(is_good) => sys::ended(number, is_good),
        Poll::Pending => drop(PROGRAMS.with_borrow_mut(|all| all.insert(number, program))),
    }
}
