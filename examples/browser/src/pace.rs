//! Giving way to the page.
//!
//! A promise that is settled already does not let the event loop turn: whoever awaits it goes on at
//! once, in the same turn. So while bytes arrive faster than they are worked on, nobody else gets a
//! turn: no frame is drawn, no click is heard. Whoever works for long has to give way on purpose.

use std::cell::Cell;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use bysyncify::{EmbedError, try_embed};
use wasm_bindgen::prelude::*;

/// For how long one turn of the event loop may last, in milliseconds: several jobs fit into a frame.
const TURN: f64 = 5.0;

#[wasm_bindgen(module = "/src/turn.js")]
extern "C" {
    /// Waits for a turn of one's own.
    #[wasm_bindgen(js_name = nextTurn)]
    async fn next_turn();
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

thread_local! {
    /// When somebody here was last given a turn.
    static TURN_BEGAN: Cell<f64> = const { Cell::new(0.0) };
}

/// Waits for the next turn if this one has been long. Costs a look at the clock if not.
pub(crate) fn give_way() -> Result<(), EmbedError> {
    if now() - TURN_BEGAN.get() >= TURN {
        try_embed(next_turn())?;
        TURN_BEGAN.set(now());
    }
    Ok(())
}

/// Gives way before each read. It is for what takes its time, a decompressor for instance, whose
/// output may be a thousand times its input.
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
