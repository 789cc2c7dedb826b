//! How much of the running coroutine's stack is left.
//!
//! ```text
//!  low end          limit                    stack pointer                     high end
//!  ├─────────────────┼─────────────────────────────┼───────────────────────────────┤
//!  │  128, or 384    │        stack_left()         │           in use              │
//! ```

use crate::raw::switch::{ActiveSwitch, Switch};

/// The maximum distance of the stack pointer below the limit: functions without a check can go there.
const BELOW_LIMIT: usize = 384;

/// Returns how many bytes of the running coroutine's stack are left for the calling function and its callees.
/// `None` if no coroutine is running, or if the code runs on a stack that `stacker` or a similar library has made.
///
/// So an interpreter or a parser can report its own error in time. These bytes can be used before the program ends
/// with the message of an overflow. The 384 bytes at the low end that the linker's checks reserve are not counted
/// (128 without `bysyncify-ld`). A wait saves its frames in the same bytes: leave some of them.
///
/// In a native program it is the rest of the native stack: see [its page](crate::guide::native).
///
/// It measures the stack that LLVM keeps in memory. The WebAssembly engine's own call stack is another, which no
/// program can measure.
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
