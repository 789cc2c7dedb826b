//! `embedded-io` over `embedded-io-async`, and its buffer.

use bysyncify::io::{EmbeddedBufReader, EmbeddedIo, EmbeddedIoError};
use bysyncify::{Cancelled, Coroutine, EmbedError, abandoned_coroutines};
use embedded_io::{BufRead, Error, ErrorKind, Read, ReadExactError, Seek, SeekFrom, Write};
use guest_support::random::Random;
use guest_support::{expect_trap, poll_once, random_seed, run, tests};

use crate::file::File;
use crate::{STACK, bytes};

tests! {
    fn embedded_reads_wait() {
        let all = bytes(100);
        let (file, expected) = (File::new(&all, 7, 1), all.clone());
        let mut reader = EmbeddedIo::new(file.clone());
        let coroutine = Coroutine::new(STACK, move |_| {
            let mut got = [0; 100];
            reader.read_exact(&mut got).unwrap();
            assert_eq!(got[..], expected);
            reader.read(&mut got)
        });
        // 14 reads of seven bytes, one of two, and one of none.
        assert_eq!(run(coroutine), (17, Ok(0)));
        assert_eq!(file.asked().len(), 16);
    }

    fn embedded_writes_wait() {
        let file = File::new(&[], 7, 1);
        let mut writer = EmbeddedIo::new(file.clone());
        let coroutine = Coroutine::new(STACK, move |_| {
            writer.write_all(b"twenty bytes of text").unwrap();
            writer.flush().unwrap();
        });
        assert_eq!(run(coroutine).0, 5);
        assert_eq!(file.bytes(), b"twenty bytes of text");
        assert_eq!(file.asked(), ["write 20", "write 13", "write 6", "flush"]);
    }

    fn an_embedded_buffer_reads_ahead() {
        let all = bytes(1000);
        let (file, expected) = (File::new(&all, usize::MAX, 1), all.clone());
        let mut reader = EmbeddedBufReader::new(EmbeddedIo::new(file.clone()), [0; 300]);
        let coroutine = Coroutine::new(STACK, move |_| {
            let mut got = Vec::new();
            let mut byte = [0];
            while got.len() < 310 && reader.read(&mut byte).unwrap() == 1 {
                got.push(byte[0]);
            }
            // First the rest of the buffer, then everything else at once, without the buffer.
            let mut rest = [0; 400];
            for expected in [290, 400, 0] {
                let len = reader.read(&mut rest).unwrap();
                got.extend_from_slice(&rest[..len]);
                assert_eq!(len, expected);
            }
            assert_eq!(got, expected);
        });
        assert_eq!(run(coroutine).0, 5);
        assert_eq!(file.asked(), ["read 300", "read 300", "read 400", "read 400"]);
    }

    fn an_embedded_buffer_may_be_borrowed() {
        let mut memory = [0; 4];
        let mut reader = EmbeddedBufReader::new(&b"some text"[..], &mut memory[..]);
        assert_eq!(reader.fill_buf(), Ok(&b"some"[..]));
        reader.consume(3);
        assert_eq!((reader.buffer(), *reader.get_ref()), (&b"e"[..], &b" text"[..]));
        assert_eq!(reader.fill_buf(), Ok(&b"e"[..]));
        // More than the buffer has.
        reader.consume(3);
        assert_eq!(reader.fill_buf(), Ok(&b" tex"[..]));
        assert_eq!(reader.into_inner(), b"t");
    }

    fn an_embedded_buffer_may_be_left_by_seeking() {
        let all = bytes(1000);
        let file = File::new(&all, 10, 1);
        let mut reader = EmbeddedBufReader::new(EmbeddedIo::new(file), [0; 50]);
        let mut random = Random::new(random_seed());
        let coroutine = Coroutine::new(STACK, move |_| {
            let mut position = 0;
            for _ in 0..300 {
                let target = random.below(900);
                let to = match random.below(3) {
                    0 => SeekFrom::Start(target as u64),
                    1 => SeekFrom::Current(target as i64 - position as i64),
                    _ => SeekFrom::End(target as i64 - 1000),
                };
                assert_eq!(reader.seek(to), Ok(target as u64));
                let mut got = [0; 70];
                let got = &mut got[..random.below(70)];
                reader.read_exact(got).unwrap();
                position = target + got.len();
                assert_eq!(got[..], all[target..position]);
            }
        });
        run(coroutine);
    }

    fn an_embedded_buffer_may_be_left_for_as_far_as_a_number_goes() {
        let file = File::new(&bytes(100), usize::MAX, 0);
        let mut reader = EmbeddedBufReader::new(EmbeddedIo::new(file.clone()), [0; 50]);
        let coroutine = Coroutine::new(STACK, move |_| {
            reader.fill_buf().unwrap();
            reader.consume(20);
            // 30 bytes more than this overflows an `i64`.
            let error = reader.seek(SeekFrom::Current(i64::MIN));
            (error, reader.seek(SeekFrom::Current(0)))
        });
        let error = Err(EmbeddedIoError::Io(ErrorKind::InvalidInput));
        assert_eq!(run(coroutine), (1, (error, Ok(20))));
        let far = format!("Current({})", i64::MIN);
        assert_eq!(file.asked(), ["read 50", "Current(-30)", &far, "Current(0)"]);
    }

    fn an_embedded_buffer_needs_room() {
        expect_trap("a buffer of 0 bytes has nothing to read ahead into");
        let _ = EmbeddedBufReader::new(&b"text"[..], []);
    }

    fn embedded_io_in_a_cancelled_coroutine_comes_to_an_end() {
        let mut file = EmbeddedIo::new(File::new(&bytes(100), 1, 1));
        let mut coroutine = Coroutine::new(STACK, move |_| {
            let read = file.read_exact(&mut [0; 50]);
            (read, file.write_all(b"text"), file.flush(), file.rewind())
        });
        for _ in 0..3 {
            assert!(poll_once(&mut coroutine).is_pending());
        }
        let error = EmbeddedIoError::Embed(Cancelled);
        let expected = (Err(ReadExactError::Other(error)), Err(error), Err(error), Err(error));
        assert_eq!(coroutine.cancel(), Some(expected));
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Other, Cancelled.to_string()));
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn embedded_io_outside_a_coroutine_is_an_error() {
        let read = EmbeddedIo::new(File::new(b"text", 1, 0)).read(&mut [0]);
        assert_eq!(read, Err(EmbeddedIoError::Embed(EmbedError::NotRunning)));
    }

    fn errors_of_what_is_wrapped_are_kept() {
        struct Broken;
        impl embedded_io::ErrorType for Broken {
            type Error = ErrorKind;
        }
        impl embedded_io_async::Read for Broken {
            async fn read(&mut self, _: &mut [u8]) -> Result<usize, ErrorKind> {
                Err(ErrorKind::BrokenPipe)
            }
        }
        let coroutine = Coroutine::new(STACK, |_| {
            EmbeddedBufReader::new(EmbeddedIo::new(Broken), [0; 4]).read(&mut [0]).unwrap_err()
        });
        let (_, error) = run(coroutine);
        assert_eq!(error, EmbeddedIoError::Io(ErrorKind::BrokenPipe));
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::BrokenPipe, ErrorKind::BrokenPipe.to_string()));
    }
}
