//! Overflow of a native stack: prints a message, and ends the program.
//!
//! The processor stops a write into a guard. The system sends SIGSEGV (macOS: SIGBUS), and the handler here checks
//! whether the address is in one of our guards (`arena.rs`). If so, it prints a message, as `std` does for the
//! stack of a thread, and aborts. If not, it passes the signal to the previous handler: that of `std`, or of the
//! program.
//!
//! The handler runs on a stack of its own, because the current one is full. `std` gives an alternate stack to the
//! main thread and to each thread that it starts. Another thread (of a C program that calls Rust) may have none.
//! There the system ends the program with SIGSEGV, without a message.
//!
//! A handler must not allocate or lock. This one reads a list that only grows, formats into an array, and writes
//! that to standard error.

use core::cell::UnsafeCell;
use core::fmt::{self, Write};
use core::mem::{self, MaybeUninit};
use core::ptr;
use std::sync::{Once, OnceLock};

use libc::{c_int, c_void, siginfo_t};

use super::arena;
use super::size::FACTOR;
use crate::raw::fatal::Fatal;

/// The signals of an access that the guard forbids.
const SIGNALS: [c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// The previous handlers of these signals.
struct Previous(UnsafeCell<[MaybeUninit<libc::sigaction>; SIGNALS.len()]>);

// SAFETY: written once, before our handler is in place, and then only read.
unsafe impl Sync for Previous {}

static PREVIOUS: Previous = Previous(UnsafeCell::new([const { MaybeUninit::uninit() }; 2]));

/// Tells what the coroutine is called whose guard this address is in, if it runs on this thread and has a name.
pub(crate) type TellName = fn(address: usize, tell: &mut dyn FnMut(&str));

static TELL_NAME: OnceLock<TellName> = OnceLock::new();

/// From now on an overflow is told with the coroutine's name.
#[cfg(feature = "alloc")]
pub(crate) fn ask_for_names(tell: TellName) {
    let _ = TELL_NAME.set(tell);
}

/// Installs the handler: from now on an overflow is reported.
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (index, signal) in SIGNALS.into_iter().enumerate() {
            // SAFETY: zeros are an action without a handler and without flags.
            let mut ours: libc::sigaction = unsafe { mem::zeroed() };
            ours.sa_sigaction = on_fault as *const () as usize;
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
            let previous = PREVIOUS.0.get().cast::<libc::sigaction>().wrapping_add(index);
            // SAFETY: there is room for one, and nothing reads it yet: our handler is not in place.
            let was_read = unsafe { libc::sigaction(signal, ptr::null(), previous) } == 0;
            if was_read {
                // SAFETY: `on_fault` does what a handler may.
                unsafe { libc::sigaction(signal, &raw const ours, ptr::null_mut()) };
            }
        }
    });
}

/// # Safety
///
/// - The system calls it, with a signal of [`SIGNALS`].
unsafe extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the system's own.
    let info_of_fault = unsafe { &*info };
    // A signal that a process sends has no address.
    if info_of_fault.si_code > 0 {
        // SAFETY: these signals have one.
        let address = unsafe { info_of_fault.si_addr() }.addr();
        if let Some(size) = arena::whose_guard(address) {
            end(size, address);
        }
    }
    let index = SIGNALS.iter().position(|it| *it == signal).unwrap_or(0);
    let previous = PREVIOUS.0.get().cast::<libc::sigaction>().wrapping_add(index);
    // SAFETY: written before this was in place, and never again.
    let previous = unsafe { &*previous };
    match previous.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // The instruction that has caused the fault is executed again, and ends the program.
            // SAFETY: an action that was in place before.
            unsafe { libc::sigaction(signal, previous, ptr::null_mut()) };
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: a handler with that flag is such a function.
            let handler = unsafe {
                mem::transmute::<usize, unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void)>(
                    handler,
                )
            };
            // SAFETY: the arguments that the system has called us with.
            unsafe { handler(signal, info, context) };
        }
        handler => {
            // SAFETY: a handler without it is such a function.
            let handler = unsafe { mem::transmute::<usize, unsafe extern "C" fn(c_int)>(handler) };
            // SAFETY: likewise.
            unsafe { handler(signal) };
        }
    }
}

/// Prints that a stack of `size` bytes overflows, the one above the guard at `address`, and ends the program.
fn end(size: usize, address: usize) -> ! {
    let mut text = Text { bytes: [0; 512], len: 0 };
    let _ = text.write_char('\n');
    if let Some(tell_name) = TELL_NAME.get() {
        tell_name(address, &mut |name| {
            // The message matters more.
            let end = (0..=name.len().min(200)).rev().find(|end| name.is_char_boundary(*end));
            let _ = write!(text, "coroutine `{}`: ", &name[..end.unwrap_or(0)]);
        });
    }
    let cause = Fatal::NativeOverflow { size, asked: size / FACTOR };
    let _ = writeln!(text, "{cause}");
    // SAFETY: the array has that many bytes.
    unsafe { libc::write(libc::STDERR_FILENO, text.bytes.as_ptr().cast(), text.len) };
    // SAFETY: it may be called in a handler.
    unsafe { libc::abort() }
}

/// A text in an array of its own. What does not fit is left out.
struct Text {
    bytes: [u8; 512],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let Some(place) = self.bytes.get_mut(self.len) else { return Err(fmt::Error) };
            *place = byte;
            self.len += 1;
        }
        Ok(())
    }
}
