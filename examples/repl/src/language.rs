//! The additions to the language: `input`, `sleep`, the time, and that scripts can be stopped. Calls may be as deep as
//! the stack allows.
//!
//! For Rhai these are ordinary functions. While one of them waits, the whole interpreter is paused.

use rhai::{Engine, EvalAltResult, FLOAT, INT, ImmutableString, Position};

use crate::host::{self, Stopped, ask};

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// How much of the stack must be left for the smallest step of a script, and for waiting in it.
const RESERVE: usize = 96 * 1024;

/// Rhai limits the depth of calls, because it cannot know how large the stack is. This limit is so high that the size
/// of the stack decides.
const MOST_CALLS: usize = 100_000;

/// The reason why a script was ended, if the user has not stopped it.
const TOO_DEEP: &str = "Recursion is too deep";

/// The number of a script's smallest steps between two checks whether it has run for long.
const STEPS: u64 = 5000;

impl From<Stopped> for Box<EvalAltResult> {
    fn from(_: Stopped) -> Self {
        Box::new(EvalAltResult::ErrorTerminated("stopped".into(), Position::NONE))
    }
}

/// A point in time, as scripts see it.
#[derive(Clone, Copy)]
struct Instant(FLOAT);

/// An interpreter.
pub(crate) fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.on_print(host::print);
    engine.on_debug(|text, _, position| host::print(&format!("{position}: {text}")));

    engine.register_fn("input", || input(""));
    engine.register_fn("input", input);
    // Rhai's own `sleep` blocks the thread, which is impossible here.
    engine.register_fn("sleep", |seconds: INT| sleep(seconds as FLOAT));
    engine.register_fn("sleep", sleep);
    engine.register_type_with_name::<Instant>("Instant");
    engine.register_fn("timestamp", || Instant(host::seconds()));
    engine.register_get("elapsed", |start: &mut Instant| host::seconds() - start.0);

    engine.set_max_call_levels(MOST_CALLS);
    engine.on_progress(|steps| {
        if bysyncify::stack_left().is_some_and(|left| left < RESERVE) {
            return Some(TOO_DEEP.into());
        }
        // A script that computes for long lets others run now and then: the page, or the user who stops it.
        let stopped = steps % STEPS == 0 && host::give_way().is_err();
        stopped.then(|| "stopped".into())
    });
    engine
}

/// The message for an error.
pub(crate) fn message(error: &EvalAltResult) -> String {
    match error {
        EvalAltResult::ErrorTerminated(why, position)
            if why.read_lock::<ImmutableString>().is_some_and(|why| *why == TOO_DEEP) =>
        {
            format!("{TOO_DEEP} ({position})")
        }
        error => error.to_string(),
    }
}

/// Reads a line. At the end of the input there is none, which is an error.
fn input(prompt: &str) -> Result<String> {
    ask(prompt)?.ok_or_else(|| "there is no more input".into())
}

fn sleep(seconds: FLOAT) -> Result<()> {
    Ok(host::sleep(seconds)?)
}
