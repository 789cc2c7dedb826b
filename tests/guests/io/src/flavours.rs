//! `std::io` over `futures-io` and over tokio, with the same tests.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use bysyncify::io::{FuturesIo, TokioIo};
use bysyncify::{Cancelled, Coroutine, EmbedError, abandoned_coroutines};
use guest_support::{poll_once, run, tests};

use crate::file::File;
use crate::traits::Buffered;
use crate::{STACK, bytes};

/// One of the two adapters.
trait Flavour: Read + Write + Seek + 'static {
    fn new(file: File) -> Self;
    fn reader(file: File) -> BufReader<Self>
    where
        Self: Sized;
    fn writer(file: File) -> BufWriter<Self>
    where
        Self: Sized;
    fn buffered(file: File) -> impl BufRead + 'static;
    fn end(&mut self) -> io::Result<()>;
}

impl Flavour for FuturesIo<File> {
    fn new(file: File) -> Self {
        FuturesIo::new(file)
    }

    fn reader(file: File) -> BufReader<Self> {
        FuturesIo::reader(file)
    }

    fn writer(file: File) -> BufWriter<Self> {
        FuturesIo::writer(file)
    }

    fn buffered(file: File) -> impl BufRead + 'static {
        FuturesIo::new(Buffered::new(file))
    }

    fn end(&mut self) -> io::Result<()> {
        self.close()
    }
}

impl Flavour for TokioIo<File> {
    fn new(file: File) -> Self {
        TokioIo::new(file)
    }

    fn reader(file: File) -> BufReader<Self> {
        TokioIo::reader(file)
    }

    fn writer(file: File) -> BufWriter<Self> {
        TokioIo::writer(file)
    }

    fn buffered(file: File) -> impl BufRead + 'static {
        TokioIo::new(Buffered::new(file))
    }

    fn end(&mut self) -> io::Result<()> {
        self.shutdown()
    }
}

fn reads_all<F: Flavour>() {
    let all = bytes(10_000);
    for step in [1, 7, 4096, 100_000] {
        for delay in 0..3 {
            let file = File::new(&all, step, delay);
            let (mut plain, mut buffered) = (F::new(file.clone()), F::reader(file.clone()));
            let coroutine = Coroutine::new(STACK, move |_| {
                let mut got = vec![0; 100];
                buffered.read_exact(&mut got).unwrap();
                // The bytes that were read ahead come before the bytes that are read now.
                got.extend_from_slice(buffered.buffer());
                plain.read_to_end(&mut got).unwrap();
                got
            });
            let (polls, got) = run(coroutine);
            assert!(got == all, "step {step}, delay {delay}");
            assert_eq!(polls, 1 + delay * file.asked().len());
        }
    }
}

fn reads_ahead<F: Flavour>() {
    let all = bytes(20_000);
    let file = File::new(&all, usize::MAX, 1);
    let mut reader = F::reader(file.clone());
    let coroutine = Coroutine::new(STACK, move |_| {
        let mut got = Vec::new();
        let mut byte = [0];
        while reader.read(&mut byte).unwrap() == 1 {
            got.push(byte[0]);
        }
        got
    });
    // Three full buffers, and the end.
    let (polls, got) = run(coroutine);
    assert!(got == all);
    assert_eq!((polls, file.asked()), (5, vec!["read 8192".to_string(); 4]));
}

fn goes_past_the_buffer<F: Flavour>() {
    let all = bytes(100_000);
    let file = File::new(&all, usize::MAX, 0);
    let mut reader = F::reader(file.clone());
    let coroutine = Coroutine::new(STACK, move |_| {
        let mut got = vec![0; 65536];
        let len = reader.read(&mut got).unwrap();
        assert_eq!((len, reader.buffer().len()), (65536, 0));
        reader.read_to_end(&mut got).unwrap();
        got
    });
    // A reader that is always ready does not suspend.
    let (polls, got) = run(coroutine);
    assert!(got == all);
    assert_eq!((polls, &*file.asked()[0]), (1, "read 65536"));
}

fn writes_behind<F: Flavour>() {
    let all = bytes(20_000);
    for step in [1000, usize::MAX] {
        let (file, inside) = (File::new(&[], step, 1), all.clone());
        let (mut writer, within) = (F::writer(file.clone()), file.clone());
        let coroutine = Coroutine::new(STACK, move |_| {
            inside[..8192].iter().for_each(|byte| writer.write_all(&[*byte]).unwrap());
            assert_eq!(within.bytes(), [0; 0]);
            inside[8192..].iter().for_each(|byte| writer.write_all(&[*byte]).unwrap());
            assert_eq!(within.bytes().len(), 16384);
            writer.flush().unwrap();
            assert_eq!(within.bytes().len(), 20_000);
            writer.get_mut().end().unwrap();
        });
        let (polls, ()) = run(coroutine);
        assert!(file.bytes() == all);
        let asked = file.asked();
        assert_eq!(polls, 1 + asked.len());
        assert_eq!(asked[asked.len() - 2..], ["flush", "end"]);
        if step == usize::MAX {
            assert_eq!(asked[..3], ["write 8192", "write 8192", "write 3616"]);
        }
    }
}

fn writes_what_is_left_when_dropped<F: Flavour>() {
    let file = File::new(&[], 2, 1);
    let mut writer = F::writer(file.clone());
    run(Coroutine::new(STACK, move |_| writer.write_all(b"hello").unwrap()));
    assert_eq!(file.bytes(), b"hello");
    // It was not flushed.
    assert_eq!(file.asked(), ["write 5", "write 3", "write 1"]);
}

fn seeks<F: Flavour>() {
    let all = bytes(1000);
    let file = File::new(&all, 10, 1);
    let mut reader = F::reader(file.clone());
    let coroutine = Coroutine::new(STACK, move |_| {
        let mut two = [0; 2];
        [
            SeekFrom::Start(100),
            SeekFrom::Current(10),
            SeekFrom::Current(-20),
            SeekFrom::End(-2),
            SeekFrom::Current(-1000),
        ]
        .map(|to| {
            let position = reader.seek(to).unwrap();
            reader.read_exact(&mut two).unwrap();
            (position, two)
        })
    });
    let expected = [100, 112, 94, 998, 0].map(|at| (at as u64, [all[at], all[at + 1]]));
    assert_eq!(run(coroutine).1, expected);
}

fn takes_the_buffer_of_what_has_one<F: Flavour>() {
    let text = b"one\nand two\nand the third line";
    for delay in 0..2 {
        let file = File::new(text, usize::MAX, delay);
        let reader = F::buffered(file.clone());
        let coroutine =
            Coroutine::new(STACK, move |_| reader.lines().collect::<Result<Vec<_>, _>>().unwrap());
        let (polls, lines) = run(coroutine);
        assert_eq!(lines, ["one", "and two", "and the third line"]);
        let asked = file.asked();
        assert!(asked.iter().all(|it| it == "read 8"), "{asked:?}");
        assert_eq!(polls, 1 + delay * asked.len());
    }
}

fn is_an_error_outside<F: Flavour>() {
    let mut file = F::new(File::new(b"text", 1, 0));
    let errors = [
        file.read(&mut [0]).unwrap_err(),
        file.write(&[0]).unwrap_err(),
        file.flush().unwrap_err(),
        file.rewind().unwrap_err(),
        file.end().unwrap_err(),
    ];
    for error in errors {
        assert_eq!(EmbedError::cause_of(&error), Some(EmbedError::NotRunning));
        assert_eq!(error.to_string(), "cannot embed outside a running coroutine");
    }
}

/// Synchronous code that loops until it is done. After a cancellation none of it may retry for ever.
fn ends_when_cancelled<F: Flavour>() {
    let acts: [fn(F) -> io::Result<u64>; 6] = [
        |mut file| file.read_exact(&mut [0; 50]).map(|()| 0),
        |mut file| file.read_to_end(&mut Vec::new()).map(|len| len as u64),
        |mut file| io::copy(&mut file, &mut io::sink()),
        |file| BufReader::new(file).lines().try_fold(0, |sum, line| Ok(sum + line?.len() as u64)),
        |mut file| file.write_all(&[0; 50]).map(|()| 0),
        |file| {
            BufWriter::with_capacity(3, file).write_all(b"more than there is room for").map(|()| 0)
        },
    ];
    for act in acts {
        let file = F::new(File::new(&bytes(100), 1, 1));
        let mut coroutine = Coroutine::new(STACK, move |_| act(file));
        for _ in 0..3 {
            assert!(poll_once(&mut coroutine).is_pending());
        }
        let error = coroutine.cancel().expect("it returns").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Other);
        assert_eq!(EmbedError::cause_of(&error), Some(Cancelled));
        assert_eq!(error.to_string(), "the coroutine was cancelled");
    }
    assert_eq!(abandoned_coroutines(), 0);
}

/// A `BufWriter` writes when it is dropped, and retries after `Interrupted`.
fn loses_what_was_not_written_when_cancelled<F: Flavour>() {
    let file = File::new(&[], usize::MAX, 1);
    let mut writer = F::writer(file.clone());
    let mut coroutine = Coroutine::new(STACK, move |handle| {
        writer.write_all(b"lost").unwrap();
        handle.try_embed(std::future::pending::<()>())
    });
    assert!(poll_once(&mut coroutine).is_pending());
    assert_eq!(coroutine.cancel(), Some(Err(Cancelled)));
    assert_eq!((file.bytes(), file.asked(), abandoned_coroutines()), (vec![], vec![], 0));
}

tests! {
    fn what_is_read_is_what_there_is() {
        reads_all::<FuturesIo<File>>();
        reads_all::<TokioIo<File>>();
    }

    fn small_reads_wait_once_for_each_buffer() {
        reads_ahead::<FuturesIo<File>>();
        reads_ahead::<TokioIo<File>>();
    }

    fn large_reads_go_past_the_buffer() {
        goes_past_the_buffer::<FuturesIo<File>>();
        goes_past_the_buffer::<TokioIo<File>>();
    }

    fn small_writes_wait_once_for_each_buffer() {
        writes_behind::<FuturesIo<File>>();
        writes_behind::<TokioIo<File>>();
    }

    fn a_dropped_writer_writes_what_is_left() {
        writes_what_is_left_when_dropped::<FuturesIo<File>>();
        writes_what_is_left_when_dropped::<TokioIo<File>>();
    }

    fn seeking_and_reading_take_turns() {
        seeks::<FuturesIo<File>>();
        seeks::<TokioIo<File>>();
    }

    fn a_seek_that_was_cancelled_does_not_disturb_the_next() {
        let mut file = TokioIo::new(File::new(&bytes(100), usize::MAX, 1));
        let mut coroutine = Coroutine::new(STACK, move |_| {
            let error = file.seek(SeekFrom::Start(10)).unwrap_err();
            assert_eq!(EmbedError::cause_of(&error), Some(Cancelled));
            file
        });
        assert!(poll_once(&mut coroutine).is_pending());
        let mut file = coroutine.cancel().expect("it returns");
        let next = Coroutine::new(STACK, move |_| file.seek(SeekFrom::Current(1)).unwrap());
        assert_eq!(run(next).1, 11);
    }

    fn an_asynchronous_buffer_is_used_as_it_is() {
        takes_the_buffer_of_what_has_one::<FuturesIo<File>>();
        takes_the_buffer_of_what_has_one::<TokioIo<File>>();
    }

    fn io_outside_a_coroutine_is_an_error() {
        is_an_error_outside::<FuturesIo<File>>();
        is_an_error_outside::<TokioIo<File>>();
    }

    fn io_in_a_cancelled_coroutine_comes_to_an_end() {
        ends_when_cancelled::<FuturesIo<File>>();
        ends_when_cancelled::<TokioIo<File>>();
    }

    fn a_writer_that_is_dropped_in_a_cancelled_coroutine_loses_its_buffer() {
        loses_what_was_not_written_when_cancelled::<FuturesIo<File>>();
        loses_what_was_not_written_when_cancelled::<TokioIo<File>>();
    }
}
