//! Reads and seeks in files that are fetched a range at a time.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::rc::Rc;

use bysyncify::io::RangeReader;
use bysyncify::{Cancelled, Coroutine, EmbedError, abandoned_coroutines};
use guest_support::random::Random;
use guest_support::{after_one_poll, expect_trap, poll_once, random_seed, run, tests};

use crate::{STACK, bytes};

/// A file on a server that records the fetched ranges.
#[derive(Clone)]
struct Remote {
    bytes: Rc<Vec<u8>>,
    fetched: Rc<RefCell<Vec<Range<u64>>>>,
}

impl Remote {
    fn new(len: usize) -> Self {
        Self { bytes: Rc::new(bytes(len)), fetched: Rc::default() }
    }

    async fn fetch(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        after_one_poll(()).await;
        self.fetched.borrow_mut().push(range.clone());
        Ok(self.bytes[range.start as usize..range.end as usize].to_vec())
    }

    fn fetched(&self) -> Vec<Range<u64>> {
        self.fetched.take()
    }

    /// A reader with blocks of 100 bytes, which keeps three of them.
    fn reader(&self) -> impl BufRead + Seek + 'static {
        let remote = self.clone();
        let len = self.bytes.len() as u64;
        RangeReader::with_blocks(len, 100, 3, async move |range| remote.fetch(range).await)
    }
}

/// Runs a closure in a coroutine. Also returns how often that was suspended.
fn inside<T: 'static>(closure: impl FnOnce() -> T + 'static) -> (usize, T) {
    let (polls, result) = run(Coroutine::new(STACK, move |_| closure()));
    (polls - 1, result)
}

tests! {
    fn a_range_reader_does_what_a_cursor_does() {
        for len in [0, 1, 99, 100, 101, 1000, 1234] {
            let remote = Remote::new(len);
            let (mut reader, mut cursor) = (remote.reader(), Cursor::new(remote.bytes.to_vec()));
            let mut random = Random::new(random_seed());
            inside(move || {
                for _ in 0..300 {
                    let offset = random.below(2 * len + 10) as i64 - len as i64;
                    let to = match random.below(4) {
                        0 => SeekFrom::Start(random.below(len + 10) as u64),
                        1 => SeekFrom::End(offset),
                        2 => SeekFrom::Current(offset),
                        _ => SeekFrom::Current(0),
                    };
                    let positions = (reader.seek(to), cursor.seek(to));
                    match positions {
                        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{to:?}"),
                        (ours, theirs) => assert_eq!((ours.is_err(), theirs.is_err()), (true, true), "{to:?}"),
                    }
                    let mut buffers = [[0; 250]; 2];
                    let len = random.below(250);
                    let got = reader.by_ref().take(len as u64).read(&mut buffers[0]).unwrap();
                    // It may return less, but not nothing.
                    assert_eq!(cursor.read(&mut buffers[1][..got]).unwrap(), got);
                    assert_eq!(buffers[0][..got], buffers[1][..got]);
                    assert!(got > 0 || len == 0 || cursor.read(&mut [0]).unwrap() == 0);
                    assert_eq!(reader.seek(SeekFrom::Start(cursor.position())).unwrap(), cursor.position());
                }
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                reader.rewind().unwrap();
                reader.read_to_end(&mut ours).unwrap();
                cursor.rewind().unwrap();
                cursor.read_to_end(&mut theirs).unwrap();
                assert_eq!(ours, theirs);
            });
        }
    }

    fn what_is_asked_for_is_never_empty_and_within_the_length() {
        let mut asked = 0;
        for len in [0, 1, 99, 100, 101, 1000, 1234] {
            let remote = Remote::new(len);
            let mut reader = remote.reader();
            let mut random = Random::new(random_seed());
            inside(move || {
                for _ in 0..200 {
                    reader.seek(SeekFrom::Start(random.below(len + 300) as u64)).unwrap();
                    let len = random.below(250);
                    assert!(reader.read(&mut [0; 250][..len]).unwrap() <= len);
                }
            });
            for range in remote.fetched() {
                assert!(range.start < range.end && range.end <= len as u64, "{range:?} of {len}");
                asked += 1;
            }
        }
        assert!(asked > 100, "only {asked} ranges were asked for");
    }

    fn blocks_are_fetched_when_they_are_needed_and_kept() {
        let remote = Remote::new(1050);
        let mut reader = remote.reader();
        let (suspends, ()) = inside(move || {
            let mut at = |position: u64| {
                reader.seek(SeekFrom::Start(position)).unwrap();
                reader.read_exact(&mut [0; 10]).unwrap();
            };
            at(1040);
            at(0);
            at(90);
            at(1000);
            at(95); // in two blocks
            at(500); // block 10 must go
            at(100);
            at(20);
            at(1020); // and now block 5, which was used before the other two
            at(0);
            at(550);
        });
        let expected = [1000..1050, 0..100, 100..200, 500..600, 1000..1050, 500..600];
        assert_eq!((suspends, remote.fetched()), (6, expected.to_vec()));
    }

    fn small_reads_wait_once_for_each_block() {
        let remote = Remote::new(1050);
        let reader = remote.reader();
        let (suspends, got) = inside(|| reader.bytes().collect::<Result<Vec<_>, _>>().unwrap());
        assert!(got == *remote.bytes);
        assert_eq!((suspends, remote.fetched().len()), (11, 11));
    }

    fn large_reads_are_fetched_at_once() {
        let remote = Remote::new(1050);
        let mut reader = remote.reader();
        let expected = remote.bytes.clone();
        inside(move || {
            let mut got = vec![0; 1000];
            // From the middle of a block that was not fetched.
            reader.seek(SeekFrom::Start(150)).unwrap();
            assert_eq!(reader.read(&mut got[..500]).unwrap(), 500);
            // The rest of a fetched block, without waiting.
            reader.seek(SeekFrom::Start(20)).unwrap();
            assert_eq!(reader.fill_buf().unwrap().len(), 80);
            assert_eq!(reader.read(&mut got).unwrap(), 80);
            // The rest of the file.
            assert_eq!(reader.read(&mut got).unwrap(), 950);
            assert_eq!(got[..950], expected[100..]);
            assert_eq!(reader.read(&mut got).unwrap(), 0);
        });
        assert_eq!(remote.fetched(), [150..650, 0..100, 100..1050]);
    }

    fn large_reads_are_kept_if_they_can_be() {
        let remote = Remote::new(1050);
        let mut reader = remote.reader();
        let expected = remote.bytes.clone();
        inside(move || {
            let mut got = vec![0; 250];
            for _ in 0..3 {
                reader.seek(SeekFrom::Start(130)).unwrap();
                reader.read_exact(&mut got).unwrap();
                assert_eq!(got, expected[130..380]);
            }
            reader.seek(SeekFrom::Start(990)).unwrap();
            reader.read_exact(&mut got[..10]).unwrap();
        });
        assert_eq!(remote.fetched(), vec![100..400, 900..1000]);
    }

    fn a_small_file_is_fetched_once() {
        let remote = Remote::new(5000);
        let file = remote.clone();
        let reader = RangeReader::new(5000, async move |range| file.fetch(range).await);
        inside(move || {
            let mut reader = BufReader::new(reader);
            for _ in 0..5 {
                reader.rewind().unwrap();
                assert_eq!(reader.by_ref().take(4500).read_to_end(&mut Vec::new()).unwrap(), 4500);
            }
        });
        assert_eq!(remote.fetched(), core::iter::once(0..5000).collect::<Vec<_>>());
    }

    fn a_mebibyte_that_is_read_on_and_on_is_five_requests() {
        let remote = Remote::new(1 << 20);
        let file = remote.clone();
        let mut reader = RangeReader::new(1 << 20, async move |range| file.fetch(range).await);
        let (_, len) = inside(move || reader.read_to_end(&mut Vec::new()).unwrap());
        assert_eq!(len, 1 << 20);
        let ends = [0, 64, 192, 448, 960, 1024].map(|kib| kib * 1024);
        let expected: Vec<_> = ends.windows(2).map(|ends| ends[0]..ends[1]).collect();
        assert_eq!(remote.fetched(), expected);
    }

    fn who_reads_on_gets_more_and_who_seeks_begins_again() {
        let remote = Remote::new(10_000);
        let file = remote.clone();
        let mut reader = RangeReader::with_blocks(10_000, 100, 16, async move |range| file.fetch(range).await);
        let (_, fetched) = inside(move || {
            let mut skip = |count: usize| reader.read_exact(&mut vec![0; count]).unwrap();
            for _ in 0..25 {
                skip(70);
            }
            reader.seek(SeekFrom::Start(5050)).unwrap();
            let mut skip = |count: usize| reader.read_exact(&mut vec![0; count]).unwrap();
            for _ in 0..5 {
                skip(50);
            }
            reader.seek(SeekFrom::Start(9990)).unwrap();
            reader.read_exact(&mut [0; 10]).unwrap();
            reader.fetched()
        });
        let ranges = remote.fetched();
        // The ranges grow up to half of what is kept.
        let grown = [0..100, 100..300, 300..700, 700..1500, 1500..2300];
        assert_eq!(ranges, [&grown[..], &[5000..5100, 5100..5300, 9900..10_000]].concat());
        let bytes = ranges.iter().map(|range| range.end - range.start).sum();
        assert_eq!((fetched.requests, fetched.bytes), (8, bytes));
    }

    fn a_clone_shares_what_was_fetched() {
        let remote = Remote::new(1000);
        let file = remote.clone();
        let fetch = move |range| {
            let file = file.clone();
            async move { file.fetch(range).await }
        };
        let mut reader = RangeReader::with_blocks(1000, 100, 3, fetch);
        assert_eq!((reader.len(), reader.is_empty()), (1000, false));
        inside(move || {
            reader.read_exact(&mut [0; 10]).unwrap();
            let mut other = reader.clone();
            assert_eq!((other.stream_position().unwrap(), other.fetched().requests), (10, 0));
            other.read_exact(&mut [0; 150]).unwrap();
            assert_eq!((other.fetched().requests, reader.stream_position().unwrap()), (1, 10));
            reader.read_exact(&mut [0; 90]).unwrap();
            assert_eq!(reader.fetched().requests, 1);
        });
        assert_eq!(remote.fetched(), [0..100, 100..200]);
    }

    fn another_number_of_bytes_than_asked_for_is_an_error() {
        for (got, block) in [(99, 100), (101, 100), (0, 100), (30, 40)] {
            let fetch = async move |_| Ok(vec![0; got]);
            let mut reader = RangeReader::with_blocks(1000, block, 1, fetch);
            let (_, (read, position)) = inside(move || {
                reader.seek(SeekFrom::Start(5)).unwrap();
                (reader.read(&mut [0; 20]).unwrap_err(), reader.stream_position().unwrap())
            });
            let message = format!("{got} bytes were fetched for the range 0..{block}");
            assert_eq!((read.kind(), read.to_string()), (ErrorKind::InvalidData, message));
            assert_eq!(position, 5);
        }
    }

    fn what_could_not_be_fetched_is_fetched_when_it_is_read_again() {
        let mut failures = 2;
        let mut reader = RangeReader::with_blocks(8, 8, 1, async move |_| {
            if failures > 0 {
                failures -= 1;
                return Err(io::Error::from(ErrorKind::ConnectionReset));
            }
            Ok(*b"contents")
        });
        inside(move || {
            let mut got = [0; 8];
            assert_eq!(reader.read(&mut got).unwrap_err().kind(), ErrorKind::ConnectionReset);
            assert_eq!(reader.fill_buf().unwrap_err().kind(), ErrorKind::ConnectionReset);
            assert_eq!((reader.read(&mut got).unwrap(), &got), (8, b"contents"));
        });
    }

    fn a_seek_to_nowhere_is_an_error() {
        let mut reader = Remote::new(100).reader();
        reader.seek(SeekFrom::Start(7)).unwrap();
        let error = reader.seek(SeekFrom::Current(-8)).unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (ErrorKind::InvalidInput, "cannot seek by -8 from 7"));
        assert_eq!(reader.stream_position().unwrap(), 7);
        reader.seek(SeekFrom::Start(u64::MAX)).unwrap();
        assert_eq!(inside(move || reader.read(&mut [0; 500]).unwrap()), (0, 0));
    }

    fn fetching_in_a_cancelled_coroutine_comes_to_an_end() {
        let mut reader = Remote::new(1000).reader();
        let mut coroutine = Coroutine::new(STACK, move |_| {
            reader.read_to_end(&mut Vec::new()).unwrap_err()
        });
        assert!(poll_once(&mut coroutine).is_pending());
        let error = coroutine.cancel().expect("it returns");
        assert_eq!(EmbedError::cause_of(&error), Some(Cancelled));
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn blocks_of_nothing_are_refused() {
        expect_trap("a block of 0 bytes has nothing to read");
        let _ = RangeReader::with_blocks(1, 0, 1, async |_| Ok(vec![0]));
    }

    fn no_blocks_are_refused() {
        expect_trap("with 0 blocks there is none to read from");
        let _ = RangeReader::with_blocks(1, 1, 0, async |_| Ok(vec![0]));
    }
}
