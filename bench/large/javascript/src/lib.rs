//! A program to measure: Boa, an interpreter of JavaScript. Its script's `readLine()` reads from a
//! source that waits.

use std::cell::RefCell;
use std::io::{BufRead, Lines};
use std::rc::Rc;

use bench_support::{Source, program};
use boa_engine::context::time::FixedClock;
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction, js_string};

program!(run);

/// What is interpreted. Its value is the result.
const SCRIPT: &str = include_str!("../script.js");

thread_local! {
    static LINES: RefCell<Option<Lines<Source>>> = const { RefCell::new(None) };
}

fn run(source: Source) -> Vec<u8> {
    LINES.set(Some(source.lines()));
    let clock = Rc::new(FixedClock::from_millis(0));
    let mut context = Context::builder().clock(clock).build().expect("a context");
    context
        .register_global_callable(js_string!("readLine"), 0, NativeFunction::from_fn_ptr(read_line))
        .expect("a new name");
    let report = context.eval(boa_engine::Source::from_bytes(SCRIPT)).expect("the script is right");
    let report = report.to_string(&mut context).expect("a text");
    report.to_std_string_escaped().into_bytes()
}

fn read_line(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let line = LINES.with_borrow_mut(|lines| lines.as_mut().and_then(Iterator::next));
    Ok(match line {
        Some(line) => JsString::from(line.expect("the input is text").as_str()).into(),
        None => JsValue::undefined(),
    })
}

/// Boa seeds its hash tables with this; here they are to be the same each time.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    to: *mut u8,
    len: usize,
) -> Result<(), getrandom::Error> {
    // SAFETY: so much room, by getrandom's contract.
    unsafe { to.write_bytes(7, len) };
    Ok(())
}
