//! An interpreter for Rhai whose scripts can wait, without knowing it.
//!
//! This file is the program: it runs a script, or reads lines and runs those. `language` has the functions for scripts,
//! and everything waits in `host`.

mod host;
mod language;

use host::{Stopped, ask, fail, print};
use rhai::{AST, Dynamic, Engine, EvalAltResult, ParseError, ParseErrorType, Position, Scope};

/// The native program. In WebAssembly the host calls `start` of `host` instead.
fn main() {
    #[cfg(not(target_family = "wasm"))]
    host::run();
}

/// Runs a script. Returns whether it has run to its end.
fn run_script(script: &str) -> bool {
    match language::engine().run(script) {
        Ok(()) => true,
        Err(error) => {
            fail(&language::message(&error));
            false
        }
    }
}

/// Runs the typed lines, piece by piece, until the input ends.
fn run_typed() -> bool {
    let engine = language::engine();
    let mut scope = Scope::new();
    // The functions that were defined so far.
    let mut defined = AST::empty();
    while let Ok(Some(script)) = read(&engine) {
        match evaluate(&engine, &mut scope, &mut defined, &script) {
            Ok(value) if value.is_unit() => {}
            Ok(value) => print(&format!("=> {value:?}")),
            Err(error) => fail(&language::message(&error)),
        }
    }
    true
}

fn evaluate(
    engine: &Engine,
    scope: &mut Scope<'_>,
    defined: &mut AST,
    script: &str,
) -> Result<Dynamic, Box<EvalAltResult>> {
    defined.clear_statements();
    defined.combine(engine.compile(script)?);
    engine.eval_ast_with_scope(scope, defined)
}

/// Reads lines until they are a complete script, or certainly wrong. `None` is the end of the input.
fn read(engine: &Engine) -> Result<Option<String>, Stopped> {
    let mut script = String::new();
    let mut prompt = "> ";
    while let Some(line) = ask(prompt)? {
        script.push_str(&line);
        script.push('\n');
        if !engine.compile(&script).is_err_and(|error| wants_more(&error, &script)) {
            return Ok(Some(script));
        }
        prompt = "| ";
    }
    Ok(None)
}

/// Whether the error is that the script is incomplete.
fn wants_more(ParseError(error, position): &ParseError, script: &str) -> bool {
    let end = Position::new(script.lines().count().try_into().unwrap_or(u16::MAX), 1);
    match **error {
        ParseErrorType::UnexpectedEOF => true,
        ParseErrorType::MissingToken(..) => position.is_none() || position.line() > end.line(),
        _ => false,
    }
}
