//! Yields to the page.
//!
//! Awaiting a promise that is settled does not end the turn of the event loop: the code continues at once. So while
//! bytes arrive faster than they are processed, nothing else runs: no frame is drawn, no click is handled. Code that
//! works for long has to yield on purpose.

use std::cell::Cell;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use bysyncify::{EmbedError, try_embed};
use wasm_bindgen::prelude::*;

/// The longest turn of the event loop, in milliseconds: several jobs fit into a frame.
const TURN: f64 = 5.0;

#[wasm_bindgen(module = "/src/turn.js")]
extern "C" {
    /// Waits for a new turn.
    #[wasm_bindgen(js_name = nextTurn)]
    async fn next_turn();
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

thread_local! {
    /// The time at which a job last got a new turn.
    static TURN_BEGAN: Cell<f64> = const { Cell::new(0.0) };
}

/// Waits for the next turn if this one has been long. Otherwise it only reads the clock.
pub(crate) fn give_way() -> Result<(), EmbedError> {
    if now() - TURN_BEGAN.get() >= TURN {
        try_embed(next_turn())?;
        TURN_BEGAN.set(now());
    }
    Ok(())
}

/// Yields before each read. It is for slow readers, such as a decompressor, whose output may be a thousand times its
/// input.
pub(crate) struct Paced<R>(pub(crate) R);

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        give_way()?;
        self.0.read(buffer)
    }
}

impl<R: BufRead> BufRead for Paced<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        give_way()?;
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl<S: Seek> Seek for Paced<S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
