//! The switch for WebAssembly: Asyncify's, by way of `build/switch.wat`.
//!
//! The only `extern` blocks of the crate. Off WebAssembly, the four imports are functions of the same signatures
//! that panic.

#[cfg(bysyncify_switch)]
use super::Switch;
use crate::raw::control_block::RawStack;
#[cfg(bysyncify_switch)]
use crate::raw::control_block::{Entry, RawCore, UninstrumentedFn, Wait};

macro_rules! foreign {
    ($(#[$block:meta])* {
        $($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),*) $(-> $result:ty)?;)*
    }) => {
        #[cfg(bysyncify_switch)]
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
        /// Asyncify's own `asyncify.start_unwind`: after the calling function has returned, instrumented functions
        /// save their locals to `stack` and return.
        ///
        /// This and its three siblings are for authors of another switch; nothing in this crate requires you to
        /// call them.
        ///
        /// # Safety
        ///
        /// The rules are those of Binaryen's [`Asyncify.cpp`]. In short:
        ///
        /// - A function that contains such a call is not instrumented, nor is anything that is inlined into it.
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
        /// Asyncify's own `asyncify.start_rewind`: the function that is called next, and its callees, restore what
        /// an unwind has saved to `stack`.
        ///
        /// # Safety
        ///
        /// As for [`start_unwind`]. `stack` holds what an unwind has saved to it, and the function that is called
        /// next is the one that was unwound last.
        pub fn start_rewind(stack: *mut RawStack);
        /// Asyncify's own `asyncify.stop_rewind`: code runs as usual again.
        ///
        /// # Safety
        ///
        /// As for [`start_unwind`]. The caller is the function that began the unwind.
        pub fn stop_rewind();
    }
}

#[cfg(bysyncify_switch)]
macro_rules! switch {
    ($abi:literal) => {
        #[allow(improper_ctypes, reason = "the switch knows some fields of these, see build/abi.rs")]
        unsafe extern $abi {
            fn bysyncify_resume(entry: Entry, data: *mut (), core: *const RawCore) -> u32;
            fn bysyncify_suspend(wait: *const Wait) -> u32;
            fn bysyncify_outside(function: UninstrumentedFn, data: *mut ());
            fn bysyncify_set_reporter(reporter: UninstrumentedFn);
            safe fn bysyncify_current() -> *const RawCore;
            safe fn bysyncify_why_outside() -> usize;
            safe fn bysyncify_stack_left() -> usize;
            #[cfg(feature = "alloc")]
            fn bysyncify_symbols(to: *mut u8, from: usize, length: usize) -> u32;
        }
    };
}

#[cfg(all(bysyncify_switch, panic = "unwind"))]
switch!("C-unwind");
// If they were declared to unwind, code that aborts would follow each call.
#[cfg(all(bysyncify_switch, not(panic = "unwind")))]
switch!("C");

#[cfg(bysyncify_switch)]
pub(crate) enum Asyncify {}

#[cfg(bysyncify_switch)]
impl Switch for Asyncify {
    const STACK_IS_IN_MEMORY: bool = true;

    #[inline(always)]
    unsafe fn resume(entry: Entry, data: *mut (), core: *const RawCore) -> u32 {
        // SAFETY: our caller's promises are all that it requires.
        unsafe { bysyncify_resume(entry, data, core) }
    }

    #[inline(always)]
    unsafe fn suspend(_: &RawCore, wait: *const Wait) -> u32 {
        // SAFETY: likewise; `bysyncify_resume` is at the bottom of this stack, to end the unwind.
        unsafe { bysyncify_suspend(wait) }
    }

    #[inline(always)]
    unsafe fn call_uninstrumented(function: UninstrumentedFn, data: *mut ()) {
        // SAFETY: our caller's promise.
        unsafe { bysyncify_outside(function, data) }
    }

    #[inline(always)]
    fn current() -> *const RawCore {
        bysyncify_current()
    }

    #[inline(always)]
    fn why_outside() -> usize {
        bysyncify_why_outside()
    }

    #[inline(always)]
    unsafe fn set_reporter(reporter: UninstrumentedFn) {
        // SAFETY: our caller's promise.
        unsafe { bysyncify_set_reporter(reporter) }
    }

    #[inline(always)]
    fn stack_left() -> usize {
        bysyncify_stack_left()
    }

    #[inline(always)]
    fn stack_room(core: &RawCore) -> Option<usize> {
        Some(core.stack_size())
    }
}

/// Copies the linker's records of frames, from byte `from` on. Returns false if there are none.
#[cfg(all(bysyncify_switch, feature = "alloc"))]
#[inline(never)]
pub(crate) fn copy_symbols(from: u32, to: &mut [u8]) -> bool {
    // SAFETY: it writes to `to` and nowhere else. It traps if there are not as many bytes.
    unsafe { bysyncify_symbols(to.as_mut_ptr(), from as usize, to.len()) != 0 }
}

#[cfg(not(bysyncify_switch))]
#[cold]
fn not_wasm() -> ! {
    panic!(
        "Asyncify's own functions are there in WebAssembly only, and this program was compiled for \
         {}; build it with `cargo build --target wasm32-unknown-unknown`",
        env!("BYSYNCIFY_TARGET")
    )
}
