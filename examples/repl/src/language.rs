//! What scripts have beyond the language: `input`, `sleep`, the time, and that they can be stopped.
//!
//! For Rhai these are ordinary functions, which it calls and which return. In between the whole
//! interpreter is paused.

use rhai::{Engine, EvalAltResult, FLOAT, INT, Position};

use crate::host::{self, Stopped, ask};

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// How often a script looks whether it has run for long: so many of its smallest steps.
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
    // Rhai's own `sleep` blocks the thread, which there is no way to do here.
    engine.register_fn("sleep", |seconds: INT| sleep(seconds as FLOAT));
    engine.register_fn("sleep", sleep);
    engine.register_type_with_name::<Instant>("Instant");
    engine.register_fn("timestamp", || Instant(host::seconds()));
    engine.register_get("elapsed", |start: &mut Instant| host::seconds() - start.0);

    // A script that computes for long lets others run now and then: the page, or who stops it.
    engine.on_progress(|steps| {
        let stopped = steps % STEPS == 0 && host::give_way().is_err();
        stopped.then(|| "stopped".into())
    });
    engine
}

/// Reads a line. At the end of the input there is none, which is an error.
fn input(prompt: &str) -> Result<String> {
    ask(prompt)?.ok_or_else(|| "there is no more input".into())
}

fn sleep(seconds: FLOAT) -> Result<()> {
    Ok(host::sleep(seconds)?)
}
