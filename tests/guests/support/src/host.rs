//! The four functions that the harness provides: see `tests/README.md`.

use std::sync::atomic::{AtomicBool, Ordering};

mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(crate) fn log(text: *const u8, len: usize);
        pub(crate) fn panicked(text: *const u8, len: usize);
        pub(crate) fn expect_trap(text: *const u8, len: usize);
        pub(crate) safe fn random_seed() -> u64;
    }
}

/// Adds a line to the test's trace, shown when it fails.
pub fn log(text: &str) {
    // SAFETY: the host reads these bytes, now.
    unsafe { sys::log(text.as_ptr(), text.len()) }
}

/// From now on the only good outcome is a panic with exactly this message.
pub fn expect_trap(message: &str) {
    // SAFETY: the host reads these bytes, now.
    unsafe { sys::expect_trap(message.as_ptr(), message.len()) }
}

/// From now on every number in a panic message is told as `#`: for those that depend on how the
/// guest was compiled.
pub fn mask_numbers() {
    MASK.store(true, Ordering::Relaxed);
}

static MASK: AtomicBool = AtomicBool::new(false);

fn masked(message: &str) -> String {
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

/// The seed of this run's random numbers.
pub fn random_seed() -> u64 {
    sys::random_seed()
}

/// Called first in every test: sends panic messages to the host.
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("a panic without a message");
        let place = info.location().map(|l| format!("panicked at {l}")).unwrap_or_default();
        log(&place);
        let message = if MASK.load(Ordering::Relaxed) { &masked(message) } else { message };
        // SAFETY: the host reads these bytes, now.
        unsafe { sys::panicked(message.as_ptr(), message.len()) }
    }));
}
