//! JavaScript in Boa, an interpreter. Its scripts call `fetch`, `sleep` and `print`, which return when they are done.
//! There is no `await` in the scripts, and no callback.
//!
//! `cookbook-boa SCRIPT URL` runs a script, given as its text, which fetches from the URL.

use std::cell::RefCell;
use std::rc::Rc;

use boa_engine::context::time::FixedClock;
use boa_engine::{
    Context, JsArgs, JsNativeError, JsResult, JsString, JsValue, NativeFunction, Source, js_string,
};
use bysyncify::embed;
use cookbook_host as host;

/// The size of the stack. `COOKBOOK_STATS=1` prints how much of it was used.
const STACK_SIZE: usize = 512 * 1024;

/// The highest depth of calls in a script. A call from `map`, a getter or the like uses the stack.
const MOST_CALLS: usize = 400;

thread_local! {
    static SITE: RefCell<String> = RefCell::default();
}

fn main() {
    host::run(STACK_SIZE, || {
        let script = host::argument(0).ok_or("pass a script")?;
        SITE.set(host::argument(1).unwrap_or_default());
        run(&script).map_err(|error| error.to_string())?;
        Ok(())
    });
}

fn run(script: &str) -> JsResult<()> {
    // Boa's own clock is the system's, which this target does not have.
    let clock = Rc::new(FixedClock::from_millis(host::now() as u64));
    let mut context = Context::builder().clock(clock).build()?;
    context.runtime_limits_mut().set_recursion_limit(MOST_CALLS);
    for (name, function) in [
        (js_string!("fetch"), NativeFunction::from_fn_ptr(fetch)),
        (js_string!("sleep"), NativeFunction::from_fn_ptr(sleep)),
        (js_string!("print"), NativeFunction::from_fn_ptr(print)),
    ] {
        context.register_global_callable(name, 1, function)?;
    }
    context.eval(Source::from_bytes(script)).map(drop)
}

/// Returns the text at an address. This function waits.
fn fetch(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let path = arguments.get_or_undefined(0).to_string(context)?.to_std_string_escaped();
    let url = SITE.with_borrow(|site| format!("{site}{path}"));
    match embed(host::fetch(&url, None)) {
        Ok(text) => Ok(JsString::from(String::from_utf8_lossy(&text).as_ref()).into()),
        Err(error) => Err(JsNativeError::error().with_message(error.to_string()).into()),
    }
}

/// Waits for this many milliseconds.
fn sleep(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    embed(host::sleep(arguments.get_or_undefined(0).to_number(context)?));
    Ok(JsValue::undefined())
}

fn print(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = arguments.get_or_undefined(0).to_string(context)?.to_std_string_escaped();
    host::print(&text);
    Ok(JsValue::undefined())
}
