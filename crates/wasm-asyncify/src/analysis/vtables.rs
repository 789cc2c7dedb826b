//! Finds the vtables among the constants in a program's data.
//!
//! ```text
//!   word 0             1     2          3        4
//!   ├ drop_in_place ──┼ size ┼ alignment ┼ method ┼ method …
//! ```
//!
//! The compiler names them like all other constants that have no name in the source. So a constant may be
//! treated as a vtable by mistake. If the program copies it, its function pointers may be loaded from other
//! offsets, and then a function that should be instrumented is missed. The shape of a constant cannot rule that
//! out, so this is only an assumption. (If a vtable is not recognised, only precision is lost.) A constant is
//! treated as a vtable if:
//!
//! - Word 0 is `drop_in_place`; or it is null, and the first method is one by its name.
//! - Words 1 and 2 are plain numbers that can be a type's size and alignment.
//! - All other words are addresses, of functions or of supertraits' vtables. A method that cannot be called
//!   would leave a hole. Allowing holes is not worth it: many other tables would then look like vtables.

use std::collections::BTreeMap;

use super::names::{is_in, is_method};

/// The largest alignment of a type. A larger number is no alignment.
const MOST_ALIGNMENT: u64 = 1 << 29;

/// Whether the compiler generated this name: vtables have no other.
pub(super) fn is_anonymous(name: &str) -> bool {
    let name = name.strip_prefix(".L").unwrap_or(name);
    // In C `vtable.operations` can be a static in a function `vtable`.
    let numbered = name.strip_prefix("vtable.");
    name.starts_with("anon.")
        || numbered.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The kind of an address in data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// `drop_in_place` of some type.
    Drop,
    /// A method of some trait.
    Method,
    OtherFunction,
    Data,
}

impl Address {
    /// The address of a function, by its readable name.
    pub(super) fn of_function(name: &str) -> Self {
        if is_in(name, "core::ptr::drop_in_place") {
            Self::Drop
        } else if is_method(name) {
            Self::Method
        } else {
            Self::OtherFunction
        }
    }
}

/// Whether the data at `start` in the file has a vtable's shape. `addresses` are all addresses in data, by
/// their offset in the file.
pub(super) fn is_vtable(
    start: u64,
    size: u64,
    contents: &[u8],
    addresses: &BTreeMap<u64, Address>,
    word: u64,
) -> bool {
    if size < 4 * word || !size.is_multiple_of(word) {
        return false;
    }
    let mut numbers = (1..size / word).filter(|at| !addresses.contains_key(&(start + at * word)));
    if [numbers.next(), numbers.next(), numbers.next()] != [Some(1), Some(2), None] {
        return false;
    }
    let methods = addresses.range(start + 3 * word..start + size).map(|(_, address)| *address);
    let drops = match addresses.get(&start) {
        Some(address) => *address == Address::Drop,
        None => {
            number(contents, 0, word) == Some(0)
                && methods.into_iter().find(|it| *it != Address::Data) == Some(Address::Method)
        }
    };
    let (size_of, align_of) = (number(contents, 1, word), number(contents, 2, word));
    let (Some(size_of), Some(align_of)) = (size_of, align_of) else { return false };
    let is_alignment = align_of.is_power_of_two() && align_of <= MOST_ALIGNMENT;
    drops && is_alignment && size_of.is_multiple_of(align_of)
}

/// The word at this index.
fn number(bytes: &[u8], index: usize, word: u64) -> Option<u64> {
    let word = usize::try_from(word).ok()?;
    let bytes = bytes.get(index * word..(index + 1) * word)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
