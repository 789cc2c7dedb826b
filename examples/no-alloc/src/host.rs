//! The functions of the host: a clock, and functions that print. `host.mjs` is the other side.

use core::fmt::{self, Write};
use core::panic::PanicInfo;

mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(super) safe fn now() -> u32;
        pub(super) safe fn poll_at(time: u32);
        pub(super) fn print(text: *const u8, len: usize);
        pub(super) fn panicked(text: *const u8, len: usize);
    }
}

/// Milliseconds since the program began.
pub(crate) fn now() -> u32 {
    sys::now()
}

/// Asks for a call of `poll` at this time.
pub(crate) fn poll_at(time: u32) {
    sys::poll_at(time);
}

/// Prints, as `print!` does.
pub(crate) fn print(text: fmt::Arguments<'_>) {
    write(sys::print, text);
}

/// Prints the message of a panic.
pub(crate) fn panicked(info: &PanicInfo<'_>) {
    write(sys::panicked, format_args!("{info}\n"));
}

/// Passes formatted text on piece by piece, so that no buffer is needed.
fn write(to: unsafe extern "C" fn(*const u8, usize), text: fmt::Arguments<'_>) {
    struct Pieces(unsafe extern "C" fn(*const u8, usize));

    impl Write for Pieces {
        fn write_str(&mut self, piece: &str) -> fmt::Result {
            // SAFETY: the host copies the text while this call runs.
            unsafe { (self.0)(piece.as_ptr(), piece.len()) };
            Ok(())
        }
    }

    // It fails only if a `Display` does, and none here does.
    let _ = Pieces(to).write_fmt(text);
}
