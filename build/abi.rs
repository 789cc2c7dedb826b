//! What the switch object and the library must agree on.
//!
//! Included by `build.rs` (which emits the object) and by the library (which asserts its
//! `repr(C)` struct against it), so that neither can change alone.

// Offsets into `RawCore`, in pointers. The first two are Asyncify's own: it keeps its
// position in the first word and compares it with the second. (Binaryen,
// `src/passes/Asyncify.cpp`: `DataOffset`.)
pub(crate) const START: usize = 0;
pub(crate) const END: usize = 1;
/// The coroutine's `__stack_pointer`, installed by the next resume.
pub(crate) const STACK_POINTER: usize = 2;
/// A `u32`, one of the phases below.
pub(crate) const PHASE: usize = 3;

// The phases that the switch itself reads or writes. `src/phase.rs` explains them.
pub(crate) const RUNNING: u32 = 1;
pub(crate) const UNWINDING: u32 = 2;
pub(crate) const SUSPENDED: u32 = 3;
pub(crate) const REWINDING: u32 = 4;

// What `bysyncify_resume` returns.
/// The entry function was unwound by `bysyncify_suspend`.
pub(crate) const OUTCOME_SUSPENDED: u32 = 0;
/// The entry function returned.
pub(crate) const OUTCOME_FINISHED: u32 = 1;
/// The entry function was unwound, but by someone else or past the end of the stack.
pub(crate) const OUTCOME_UNSOUND_UNWIND: u32 = 2;
/// The entry function returned although an unwind or rewind was under way.
pub(crate) const OUTCOME_UNSOUND_RETURN: u32 = 3;

// What `bysyncify_suspend` returns to a caller that gets to see it.
/// The coroutine was suspended and has been resumed.
pub(crate) const SUSPEND_RESUMED: u32 = 0;
/// The unwind has begun: only a caller that was not instrumented sees this.
pub(crate) const SUSPEND_UNWINDING: u32 = 1;
/// The shadow stack has grown past the low end of the coroutine's stack.
pub(crate) const SUSPEND_OVERFLOW: u32 = 2;
