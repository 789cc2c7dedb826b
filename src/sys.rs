//! The only `extern` blocks of the crate: Asyncify's imports and the switch.
//!
//! Everything unsafe about control flow is behind these nine names. Off WebAssembly they are
//! functions of the same signatures that panic, which lets the rest of the crate compile, be
//! documented and be tested anywhere.

use crate::raw::{RawCore, RawStack};
use crate::waker::Wait;

/// What `bysyncify_resume` calls on the coroutine's own stack. Returns [`ENTRY_RETURNED`] when
/// it is through; Asyncify makes an unwound function return 0.
pub(crate) type Entry = unsafe extern "C" fn(data: *mut (), mark: Mark) -> u32;

/// The last argument of the functions that only the switch calls. It says nothing.
///
/// Whoever asks which functions an indirect call can reach (`cargo-bysyncify` does, so as to
/// instrument no others) goes by their types. With an argument of a type that is hardly ever passed
/// next to a pointer, no other call seems to reach these.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Mark(f32);

/// See [`Entry`].
pub(crate) const ENTRY_RETURNED: u32 = 1;

/// What `bysyncify_outside` calls.
pub(crate) type Outside = unsafe extern "C" fn(data: *mut (), mark: Mark);

macro_rules! foreign {
    ($(#[$block:meta])* {
        $($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),*) $(-> $result:ty)?;)*
    }) => {
        #[cfg(bysyncify_switch)]
        #[allow(improper_ctypes, reason = "the switch knows some fields of these, see build/abi.rs")]
        $(#[$block])*
        unsafe extern "C" {
            $($(#[$meta])* $vis fn $name($($arg: $ty),*) $(-> $result)?;)*
        }
        $(
            #[cfg(not(bysyncify_switch))]
            $(#[$meta])*
            $vis unsafe fn $name($(_: $ty),*) $(-> $result)? {
                not_wasm()
            }
        )*
    };
}

foreign! {
    #[link(wasm_import_module = "asyncify")]
    {
        /// Asyncify's own `asyncify.start_unwind`: from the return of the calling function on,
        /// instrumented functions save their locals to `stack` and return.
        ///
        /// This and its three siblings are for those who write a switch of their own; nothing
        /// in this crate needs you to call them.
        ///
        /// # Safety
        ///
        /// The rules are those of Binaryen's [`Asyncify.cpp`]. In short:
        ///
        /// - A function that contains such a call is not instrumented, nor is anything that is
        ///   inlined into it.
        /// - `stack` is valid until the rewind that uses it has ended, and describes memory
        ///   that nothing else uses.
        /// - No coroutine of this crate is between its unwind and the return of the poll that
        ///   began it.
        ///
        /// [`Asyncify.cpp`]: https://github.com/WebAssembly/binaryen/blob/main/src/passes/Asyncify.cpp
        pub fn start_unwind(stack: *mut RawStack);
        /// Asyncify's own `asyncify.stop_unwind`: code runs as usual again.
        ///
        /// # Safety
        ///
        /// As for [`start_unwind`].
        pub fn stop_unwind();
        /// Asyncify's own `asyncify.start_rewind`: the function that is called next restores
        /// what an unwind has saved to `stack`, and so does what it calls.
        ///
        /// # Safety
        ///
        /// As for [`start_unwind`]. `stack` holds what an unwind has left in it, and the function
        /// that is called next is the one that was unwound last.
        pub fn start_rewind(stack: *mut RawStack);
        /// Asyncify's own `asyncify.stop_rewind`: code runs as usual again.
        ///
        /// # Safety
        ///
        /// As for [`start_unwind`]. The caller is the function that began the unwind.
        pub fn stop_rewind();
    }
}

// `build/switch.wat` shows and explains these.
foreign! {
    {
        pub(crate) fn bysyncify_resume(entry: Entry, data: *mut (), core: *const RawCore) -> u32;
        pub(crate) fn bysyncify_suspend(wait: *const Wait) -> u32;
        pub(crate) fn bysyncify_outside(function: Outside, data: *mut ());
        pub(crate) fn bysyncify_set_reporter(reporter: Outside, core_size: usize);
    }
}

#[cfg(bysyncify_switch)]
#[allow(improper_ctypes, reason = "an address")]
unsafe extern "C" {
    /// The innermost running coroutine, or null.
    pub(crate) safe fn bysyncify_current() -> *const RawCore;
}

/// Nothing ever runs here, so nothing is current, and `can_embed` is truthfully false.
#[cfg(not(bysyncify_switch))]
pub(crate) fn bysyncify_current() -> *const RawCore {
    core::ptr::null()
}

#[cfg(not(bysyncify_switch))]
#[cold]
fn not_wasm() -> ! {
    panic!(
        "bysyncify works in WebAssembly only, and this program was compiled for {}; build it \
         with `cargo build --target wasm32-unknown-unknown`",
        env!("BYSYNCIFY_TARGET")
    )
}
