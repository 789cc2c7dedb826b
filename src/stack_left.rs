//! How much of the running coroutine's stack is left.
//!
//! ```text
//!  low end          limit                    stack pointer                     high end
//!  ├─────────────────┼─────────────────────────────┼───────────────────────────────┤
//!  │  128, or 384    │        stack_left()         │           in use              │
//! ```

use crate::raw::switch::{ActiveSwitch, Switch};

/// How far below the limit the stack pointer can be: in functions that have no check.
const BELOW_LIMIT: usize = 384;

/// How many bytes the running coroutine's stack has left for the function that asks, and all that
/// it calls. `None` if no coroutine is running, or the code runs on a stack that `stacker` or the
/// like has brought.
///
/// This is what may be taken before the program ends with a message of an overflow. The 384 bytes
/// at the low end that the linker's checks want to be left are not counted (128 without our
/// linker). What a wait has to save comes from the same bytes: leave some of them.
///
/// In a native program it is what the native stack has left: see [its page](crate::guide::native).
///
/// So an interpreter or a parser can raise its own error in time. It measures the stack that LLVM
/// keeps in memory. The engine's own call stack is another, and no program can measure that.
///
/// ```
/// /// How deep lists are in each other; none if it is too deep for the stack.
/// fn depth(text: &mut impl Iterator<Item = char>) -> Option<u32> {
///     if bysyncify::stack_left().is_some_and(|left| left < 4096) {
///         return None;
///     }
///     let mut deepest = 0;
///     while text.next()? == '(' {
///         deepest = deepest.max(1 + depth(text)?);
///     }
///     Some(deepest)
/// }
/// assert_eq!(depth(&mut "(()(()))".chars().chain([')'])), Some(3));
/// ```
#[inline]
pub fn stack_left() -> Option<usize> {
    // SAFETY: a running coroutine's core stays where it is, and valid.
    let core = unsafe { ActiveSwitch::current().as_ref() }?;
    let above = ActiveSwitch::stack_left().wrapping_add(BELOW_LIMIT);
    let is_ours = above <= ActiveSwitch::stack_room(core)? + BELOW_LIMIT;
    is_ours.then(|| above.saturating_sub(BELOW_LIMIT))
}
