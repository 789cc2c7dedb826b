//! Measures what is saved of a suspended coroutine, and checks that it is no more than allowed.
//!
//! Where functions are resumed one by one, frames are in segments. Each segment except the newest has free room that
//! is not given back yet. In no segment is that more than its live part, which is frames and link. So the total is at
//! most twice the live part. (`instrument/flat/dispatcher.rs` of the engine has the layout.) The live part of a frame
//! is no more than what resuming all at once would save, plus the number of its function.

use anyhow::{Context, Result, ensure};

use super::wasm::HEADER;

/// The first word of a link.
const LINK: u32 = u32::MAX;
/// The number of bytes of a link, and of the number that a frame begins with.
const LINK_SIZE: usize = 12;
const NUMBER: usize = 4;

/// The saved data of one coroutine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Saved {
    /// All bytes that are in use.
    pub(super) bytes: usize,
    /// Bytes of live frames, and their number.
    live: usize,
    frames: usize,
    pub(super) segments: usize,
}

impl Saved {
    /// Reads it for a coroutine whose memory begins at `core`: see `switch.wat`. `sizes` has the sizes of frames, by
    /// the number of the function, if functions are resumed one by one.
    pub(super) fn read(memory: &[u8], core: u32, sizes: Option<&[u32]>) -> Result<Self> {
        let word = |at: usize| -> Result<u32> {
            let bytes = memory.get(at..).and_then(|rest| rest.first_chunk());
            Ok(u32::from_le_bytes(*bytes.context("frames are not in the memory")?))
        };
        let address = |at: usize| Ok::<_, anyhow::Error>(word(at)? as usize);
        let core = core as usize;
        let (begin, start, end) = (core + HEADER as usize, address(core)?, address(core + 4)?);
        ensure!((begin..=end).contains(&start), "frames end at {start}, not in {begin} to {end}");
        let bytes = start - begin;
        let Some(sizes) = sizes else { return Ok(Self { bytes, ..Self::default() }) };
        let mut saved = Self { bytes, ..Self::default() };
        let (mut base, mut top) = (address(end - 4)?, start);
        let mut cursor = base;
        loop {
            ensure!(
                begin <= base && base <= cursor && cursor < top,
                "a segment from {base} to {top} goes on at {cursor}"
            );
            let (taken, left) = (cursor - base, top - cursor);
            ensure!(taken <= left, "{taken} bytes of a segment are free, and {left} live");
            saved.segments += 1;
            while cursor < top && word(cursor)? != LINK {
                let number = word(cursor)? as usize;
                let size = *sizes.get(number).context("a frame of nobody's")? as usize;
                saved.live += size;
                saved.frames += 1;
                cursor += size;
            }
            if cursor == top {
                break;
            }
            ensure!(cursor + LINK_SIZE == top, "a segment goes on behind its link");
            (top, base, cursor) = (base, address(cursor + 8)?, address(cursor + 4)?);
        }
        ensure!(base == begin, "the oldest segment begins at {base}, and not at {begin}");
        let links = (saved.segments - 1) * LINK_SIZE;
        ensure!(
            bytes <= 2 * (saved.live + links),
            "{bytes} bytes are in use, and {} of frames and {links} of links live",
            saved.live
        );
        Ok(saved)
    }

    /// Checks that the live part is no more than what is saved of the same coroutine where all functions are resumed
    /// at once.
    pub(super) fn check(&self, at_once: &Self) -> Result<()> {
        let (live, frames) = (self.live, self.frames);
        ensure!(
            live <= at_once.bytes + frames * NUMBER,
            "{frames} frames of {live} bytes live, and all at once are {} bytes",
            at_once.bytes
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memory with a coroutine at address 16, and with these words as its frames.
    fn memory(words: &[u32], newest: u32) -> Vec<u8> {
        let start = 48 + 4 * words.len() as u32;
        let mut memory = vec![0; 200];
        let mut put = |at: u32, word: u32| {
            memory[at as usize..][..4].copy_from_slice(&word.to_le_bytes());
        };
        put(16, start);
        put(20, 200);
        for (at, word) in (48..).step_by(4).zip(words) {
            put(at, *word);
        }
        put(196, newest);
        memory
    }

    #[test]
    fn what_is_free_is_no_more_than_what_lives_and_no_frame_is_lost() {
        let read = |words: &[u32], newest| {
            Saved::read(&memory(words, newest), 16, Some(&[4, 8])).map_err(|it| format!("{it:#}"))
        };
        let one = Saved { bytes: 12, live: 12, frames: 2, segments: 1 };
        assert_eq!(read(&[1, 7, 0], 48), Ok(one));
        // Two frames of 4 bytes were removed, and one of 8 bytes is live.
        let two = Saved { bytes: 32, live: 12, frames: 2, segments: 2 };
        assert_eq!(read(&[0, 0, 1, 7, 0, LINK, 56, 48], 64), Ok(two));
        let wrong = |words: &[u32], newest| read(words, newest).unwrap_err();
        assert_eq!(
            wrong(&[0, 0, 0, 1, 7, 0, LINK, 60, 48], 68),
            "12 bytes of a segment are free, and 8 live"
        );
        assert_eq!(wrong(&[2], 48), "a frame of nobody's");
        assert_eq!(wrong(&[0, 1, 7], 52), "the oldest segment begins at 52, and not at 48");
        assert_eq!(wrong(&[LINK, 48, 48, 0], 48), "a segment goes on behind its link");
    }

    #[test]
    fn a_frame_has_a_number_more_than_where_all_are_resumed_at_once() {
        let one = Saved { bytes: 12, live: 12, frames: 2, segments: 1 };
        let at_once = |bytes| Saved { bytes, ..Saved::default() };
        assert!(one.check(&at_once(4)).is_ok());
        let wrong = one.check(&at_once(3)).unwrap_err();
        assert_eq!(wrong.to_string(), "2 frames of 12 bytes live, and all at once are 3 bytes");
    }
}
