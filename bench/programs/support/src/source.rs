//! The input as a reader: in a coroutine it waits before each chunk, elsewhere it does not.

use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::mem::replace;
use std::pin::Pin;
use std::task::{Context, Poll};

use bysyncify::{can_embed, embed};

/// How much comes at once. Little, so that there are many waits.
const CHUNK: usize = 2048;

/// The program's input, which comes in chunks. A stand-in for a file of the host.
#[derive(Debug)]
pub struct Source {
    input: &'static [u8],
    position: usize,
    /// The end of the chunk that was waited for last.
    loaded: usize,
}

impl Source {
    pub(crate) fn new(input: &'static [u8]) -> Self {
        Self { input, position: 0, loaded: 0 }
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.loaded && self.position < self.input.len() {
            // Here all of the program is paused. The only line that knows of coroutines.
            if can_embed() {
                embed(Arrival { is_here: false });
            }
            self.loaded = (self.position + CHUNK).min(self.input.len());
        }
        Ok(&self.input[self.position..self.loaded])
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount;
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buffer)?;
        self.consume(len);
        Ok(len)
    }
}

/// Elsewhere in the input nothing is loaded yet.
impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let signed = |offset: usize| i64::try_from(offset).ok();
        let position = match to {
            SeekFrom::Start(offset) => i64::try_from(offset).ok(),
            SeekFrom::End(offset) => {
                signed(self.input.len()).and_then(|len| len.checked_add(offset))
            }
            SeekFrom::Current(offset) => {
                signed(self.position).and_then(|now| now.checked_add(offset))
            }
        };
        let position = position.and_then(|position| usize::try_from(position).ok());
        let position = position.filter(|position| *position <= self.input.len());
        let position = position.ok_or(io::ErrorKind::InvalidInput)?;
        if position != self.position {
            (self.position, self.loaded) = (position, position);
        }
        Ok(position as u64)
    }
}

/// Pending once, then ready: a chunk that comes a moment after it was asked for.
struct Arrival {
    is_here: bool,
}

impl Future for Arrival {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if replace(&mut self.is_here, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
