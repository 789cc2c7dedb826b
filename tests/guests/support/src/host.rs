//! The functions that the harness provides: see `tests/README.md`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(target_family = "wasm")]
mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(crate) fn log(text: *const u8, len: usize);
        pub(crate) fn panicked(text: *const u8, len: usize);
        pub(crate) fn expect_trap(text: *const u8, len: usize);
        pub(crate) fn allow_trap(text: *const u8, len: usize);
        pub(crate) safe fn random_seed() -> u64;
        pub(crate) safe fn is_checked() -> u32;
        pub(crate) safe fn is_stack_checked() -> u32;
    }
}

#[cfg(not(target_family = "wasm"))]
use crate::native as sys;

/// Adds a line to the test's trace, shown when it fails.
pub fn log(text: &str) {
    // SAFETY: the host reads these bytes, now.
    unsafe { sys::log(text.as_ptr(), text.len()) }
}

/// From now on the test passes only with a panic with exactly this message; or, if the message is empty, with a trap
/// without a panic.
pub fn expect_trap(message: &str) {
    // SAFETY: the host reads these bytes, now.
    unsafe { sys::expect_trap(message.as_ptr(), message.len()) }
}

/// From now on the test passes with a panic with exactly this message, and also if it returns. For tests whose result
/// depends on how the guest was compiled.
pub fn allow_trap(message: &str) {
    // SAFETY: the host reads these bytes, now.
    unsafe { sys::allow_trap(message.as_ptr(), message.len()) }
}

/// From now on each number in a panic message is replaced by `#`: for numbers that depend on how the guest was
/// compiled.
pub fn mask_numbers() {
    MASK_NUMBERS.store(true, Ordering::Relaxed);
}

/// From now on text in backquotes in a panic message is replaced by `…`: for function names that depend on the
/// compiler's version.
pub fn mask_quotes() {
    MASK_QUOTES.store(true, Ordering::Relaxed);
}

/// Gets a panic's message, and may return another one to replace it.
pub type Look = fn(&str) -> Option<String>;

static AT_PANIC: Mutex<Option<Look>> = Mutex::new(None);

/// From now on a panic calls this function. If it returns a text, that replaces the panic's message.
pub fn at_panic(look: Look) {
    *AT_PANIC.lock().expect("no panic holds it") = Some(look);
}

/// From now on a panic's message is appended to all earlier ones, separated by ` | `. On the host, where a panic ends
/// a test, only the last one does.
pub fn tell_all_messages() {
    #[cfg(not(target_family = "wasm"))]
    std::mem::forget(crate::native::Catching::new());
    *BEFORE.lock().expect("no panic holds it") = Some(Vec::new());
}

static BEFORE: Mutex<Option<Vec<String>>> = Mutex::new(None);
static MASK_NUMBERS: AtomicBool = AtomicBool::new(false);
static MASK_QUOTES: AtomicBool = AtomicBool::new(false);

fn without_numbers(message: &str) -> String {
    let mut masked = String::new();
    for character in message.chars() {
        if !character.is_ascii_digit() {
            masked.push(character);
        } else if !masked.ends_with('#') {
            masked.push('#');
        }
    }
    masked
}

fn without_quotes(message: &str) -> String {
    let parts = message.split('`').enumerate();
    let parts: Vec<_> = parts.map(|(at, part)| if at % 2 == 0 { part } else { "…" }).collect();
    parts.join("`")
}

/// The seed of this run's random numbers.
pub fn random_seed() -> u64 {
    sys::random_seed()
}

/// Whether the linker has made this module check itself at run time.
pub fn is_checked() -> bool {
    sys::is_checked() != 0
}

/// Whether it checks that coroutines' stacks do not overflow. Modules from our linker do.
pub fn is_stack_checked() -> bool {
    sys::is_stack_checked() != 0
}

/// From now on the test passes only with the message that a coroutine's stack overflows in this function, with any
/// numbers. Does nothing if the linker has added no such check to the module. Returns whether it has.
pub fn expect_overflow_in(function: &str) -> bool {
    if !is_stack_checked() {
        return false;
    }
    mask_numbers();
    let function = if is_checked() {
        format!("`{function}`")
    } else {
        let remedy = if MASK_QUOTES.load(Ordering::Relaxed) {
            "…"
        } else {
            "cargo bysyncify report --function #"
        };
        format!("function # (`{remedy}` names it)")
    };
    expect_trap(&format!(
        "coroutine stack overflow: # bytes are needed in {function} and the stack has #; give the \
         coroutine a larger one"
    ));
    true
}

/// Called first in every test: sends panic messages to the host.
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("a panic without a message");
        let place = info.location().map(|l| format!("panicked at {l}")).unwrap_or_default();
        log(&place);
        let mut message = message.to_owned();
        if MASK_QUOTES.load(Ordering::Relaxed) {
            message = without_quotes(&message);
        }
        if MASK_NUMBERS.load(Ordering::Relaxed) {
            message = without_numbers(&message);
        }
        let look = *AT_PANIC.lock().expect("no panic holds it");
        if let Some(wrong) = look.and_then(|look| look(&message)) {
            message = wrong;
        }
        if let Some(before) = &mut *BEFORE.lock().expect("no panic holds it") {
            before.push(message);
            message = before.join(" | ");
        }
        // SAFETY: the host reads these bytes, now.
        unsafe { sys::panicked(message.as_ptr(), message.len()) }
    }));
}
