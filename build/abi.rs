//! Layouts and numbers that the switch object and the library must agree on.
//!
//! Included by `build.rs` (which emits the object) and by the library (which asserts its `repr(C)` struct against
//! it), so that neither can change alone. Those that the linker must agree on, too, are in `linker_abi.rs`.

#[path = "linker_abi.rs"]
mod linker_abi;

pub(crate) use linker_abi::*;

// Offsets into `RawCore`, in pointers. The first two are Asyncify's own: it keeps its
// position in the first word and compares it with the second. (Binaryen,
// `src/passes/Asyncify.cpp`: `DataOffset`.)
pub(crate) const START: usize = 0;
pub(crate) const END: usize = 1;
/// The wait of a suspended coroutine: a pointer to a `Wait`.
pub(crate) const WAITING: usize = 5;
/// The epoch, a `u32` that changes when `embed` must check the core again.
pub(crate) const EPOCH: usize = 8;
/// The high end of the memory that the coroutine was given.
pub(crate) const HIGH: usize = 13;
/// A `u64` that never changes: the core's last field, just below the stack, so that a shadow stack that has grown
/// too far overwrites it first.
pub(crate) const CANARY: usize = 14;
pub(crate) const CANARY_VALUE: u64 = 0x0b59_6ac1_f700_c0de;
/// The size of a core for pointers of `pointer` bytes. The canary is at its end, and the coroutine's stack begins
/// above it.
pub(crate) const fn core_size(pointer: usize) -> usize {
    (CANARY * pointer + 8).next_multiple_of(16)
}

// Offsets into `Wait`, in pointers.
/// The epoch, a `u32`, with which the wait has caught up.
pub(crate) const WAIT_EPOCH: usize = 0;

// The phases that the switch itself reads or writes, with `REWINDING`. `src/raw/phase.rs` explains them.
pub(crate) const RUNNING: u32 = 1;
pub(crate) const UNWINDING: u32 = 2;
pub(crate) const SUSPENDED: u32 = 3;

// Results of `bysyncify_resume`.
/// The entry function was unwound by `bysyncify_suspend`.
pub(crate) const OUTCOME_SUSPENDED: u32 = 0;
/// The entry function returned.
pub(crate) const OUTCOME_FINISHED: u32 = 1;
/// An error: of the stack, the unwind or the rewind.
pub(crate) const OUTCOME_UNSOUND: u32 = 2;

// Results of `bysyncify_suspend`, if it returns to a caller.
/// The coroutine was suspended and has been resumed, in the same epoch.
pub(crate) const SUSPEND_RESUMED: u32 = 0;
/// The epoch has changed: while the coroutine was suspended, or before; then it was not suspended.
pub(crate) const SUSPEND_NEW_EPOCH: u32 = 1;
/// An error: of the stack; or the unwind has begun, and the caller, which sees this result although it should be
/// unwound, was not instrumented.
pub(crate) const SUSPEND_UNSOUND: u32 = 2;
/// No coroutine is current. Nothing was done.
pub(crate) const SUSPEND_NOT_CURRENT: u32 = 3;
/// The caller is on a stack that is not the coroutine's. Natively only: in WebAssembly that is one of the errors
/// of the stack.
pub(crate) const SUSPEND_FOREIGN_STACK: u32 = 4;
