//! Morse code: ordinary synchronous code, with loops and calls. It does not know of coroutines, and gets no handle for
//! waiting.

use bysyncify::{EmbedError, embed, try_embed};

use crate::host;
use crate::timer::{sleep, within};
use crate::wire;

/// A dot, in milliseconds. A dash is three of them; so is the pause between two letters. Between
/// words it is seven.
const DOT: u32 = 10;

/// The letters from A to Z.
const ALPHABET: [&str; 26] = [
    ".-", "-...", "-.-.", "-..", ".", "..-.", "--.", "....", "..", ".---", "-.-", ".-..", "--",
    "-.", "---", ".--.", "--.-", ".-.", "...", "-", "..-", "...-", ".--", "-..-", "-.--", "--..",
];

/// Sends words of capital letters.
pub(crate) fn send(text: &str) {
    for word in text.split(' ') {
        for letter in word.bytes() {
            send_letter(letter);
            embed(sleep(2 * DOT));
        }
        embed(sleep(4 * DOT));
    }
}

fn send_letter(letter: u8) {
    for sign in ALPHABET[usize::from(letter - b'A')].bytes() {
        wire::set(true);
        embed(sleep(if sign == b'-' { 3 * DOT } else { DOT }));
        wire::set(false);
        embed(sleep(DOT));
    }
}

/// Prints what it hears. Returns the number of letters when the coroutine is cancelled.
pub(crate) fn receive() -> u32 {
    let mut letters = 0;
    // `try_embed` returns an error where `embed` would not return. So the functions that are called here pass it on
    // with `?`, and everything on this stack is dropped properly.
    while receive_letter().is_ok() {
        letters += 1;
    }
    letters
}

fn receive_letter() -> Result<(), EmbedError> {
    if try_embed(within(4 * DOT, wire::until_on()))?.is_none() {
        // A pause as long as this comes after a word.
        try_embed(wire::until_on())?;
        host::print(format_args!(" "));
    }
    let mut signs = [0; 4];
    let mut count = 0;
    loop {
        let start = host::now();
        try_embed(wire::until_off())?;
        signs[count] = if host::now() - start > 2 * DOT { b'-' } else { b'.' };
        count += 1;
        if try_embed(within(2 * DOT, wire::until_on()))?.is_none() {
            break;
        }
    }
    let letter = ALPHABET.iter().position(|code| code.as_bytes() == &signs[..count]);
    let letter = letter.and_then(|index| (b'A'..=b'Z').nth(index));
    host::print(format_args!("{}", letter.map_or('?', char::from)));
    Ok(())
}
