//! Allocates, formats, panics and calls what it does not know: what most programs do.

use std::collections::BTreeMap;

/// How often each letter is in a text that is repeated.
#[unsafe(no_mangle)]
pub extern "C" fn letters(repetitions: usize) -> usize {
    let text = "ships and shoes and sealing wax".repeat(repetitions);
    let mut counts = BTreeMap::new();
    for letter in text.chars() {
        *counts.entry(letter).or_insert(0_usize) += 1;
    }
    let shown: Box<dyn Iterator<Item = String>> =
        Box::new(counts.iter().map(|(letter, count)| format!("{letter:?}: {count}")));
    shown.map(|line| line.len()).max().expect("there are letters")
}
