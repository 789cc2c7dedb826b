//! What the terminal or the page provides. `host-calls.mjs` is the other side.
//!
//! `read_line`, `sleep` and `tick` take their time: the host returns at once, and calls `settled`
//! when it is done. There is one program, which waits for one thing at a time.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, embed};

/// The memory of the program. An interpreter calls itself for each level of what it interprets, 64
/// calls of functions deep by Rhai's default.
const STACK_SIZE: usize = 1024 * 1024;

/// For how long a script may run before it lets others run, in seconds.
const TURN: f64 = 0.01;

mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(super) fn print(text: *const u8, len: usize);
        pub(super) fn fail(text: *const u8, len: usize);
        pub(super) safe fn seconds() -> f64;
        pub(super) safe fn ended(is_good: bool);
        // These are settled later.
        pub(super) fn read_line(prompt: *const u8, len: usize);
        pub(super) safe fn sleep(seconds: f64);
        pub(super) safe fn tick();
    }
}

thread_local! {
    static PROGRAM: RefCell<Option<Pin<Box<dyn Future<Output = bool>>>>> = RefCell::default();
    /// What the host writes to: a script, and then the lines that are read.
    static BUFFER: RefCell<Vec<u8>> = RefCell::default();
    /// Whether what was waited for has come, and is in the buffer if it is a text.
    static SETTLED: Cell<Option<Outcome>> = const { Cell::new(None) };
    /// When the turn began.
    static BEGAN: Cell<f64> = const { Cell::new(0.0) };
}

/// What has become of what the program waits for.
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
    unsafe { sys::print(line.as_ptr(), line.len()) }
}

/// Prints a line that says what is wrong.
pub(crate) fn fail(line: &str) {
    // SAFETY: the host copies the text while this call runs.
    unsafe { sys::fail(line.as_ptr(), line.len()) }
}

/// The time, since whenever.
pub(crate) fn seconds() -> f64 {
    sys::seconds()
}

/// Reads a line, if there is another.
pub(crate) fn ask(prompt: &str) -> Result<Option<String>, Stopped> {
    // SAFETY: the host copies the prompt while this call runs.
    unsafe { sys::read_line(prompt.as_ptr(), prompt.len()) }
    Ok(match wait()? {
        Outcome::EndOfInput => None,
        _ => Some(take_text()),
    })
}

/// Waits for a time.
pub(crate) fn sleep(seconds: f64) -> Result<(), Stopped> {
    sys::sleep(seconds);
    wait().map(drop)
}

/// Lets others run, if this turn has been long.
pub(crate) fn give_way() -> Result<(), Stopped> {
    if seconds() - BEGAN.get() < TURN {
        return Ok(());
    }
    sys::tick();
    wait().map(drop)
}

/// Waits until the host has settled what was asked of it.
fn wait() -> Result<Outcome, Stopped> {
    match embed(poll_fn(|_| SETTLED.take().map_or(Poll::Pending, Poll::Ready))) {
        Outcome::Stopped => Err(Stopped),
        outcome => Ok(outcome),
    }
}

fn take_text() -> String {
    String::from_utf8_lossy(&BUFFER.take()).into_owned()
}

/// Called by the host: returns where it is to write a text of so many bytes.
#[unsafe(no_mangle)]
extern "C" fn buffer(len: usize) -> *mut u8 {
    BUFFER.with_borrow_mut(|buffer| {
        *buffer = vec![0; len];
        buffer.as_mut_ptr()
    })
}

/// Called by the host, once: runs the script that it has written, or, without one, what is typed.
#[unsafe(no_mangle)]
extern "C" fn start(has_script: bool) {
    panic::set_hook(Box::new(|info| fail(&info.to_string())));
    let program = Coroutine::new(STACK_SIZE, move |_| {
        if has_script { crate::run_script(&take_text()) } else { crate::run_typed() }
    });
    PROGRAM.set(Some(Box::pin(program)));
    resume();
}

/// Called by the host when it has done what it was asked: 0, or 1 if there is no line to read, or 2
/// if the user wants to stop.
#[unsafe(no_mangle)]
extern "C" fn settled(outcome: u32) {
    SETTLED.set(Some(match outcome {
        0 => Outcome::Done,
        1 => Outcome::EndOfInput,
        _ => Outcome::Stopped,
    }));
    resume();
}

/// Runs the program until it waits, or has ended.
fn resume() {
    BEGAN.set(seconds());
    PROGRAM.with_borrow_mut(|program| {
        let Some(running) = program else { return };
        if let Poll::Ready(is_good) = running.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            *program = None;
            sys::ended(is_good);
        }
    });
}
