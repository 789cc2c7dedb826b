//! A coroutine is cancelled inside these crates: each returns an error that shows it.

use std::error::Error;
use std::io::{self, Read};

use bysyncify::io::FuturesIo;
use bysyncify::{Cancelled, Coroutine, EmbedError, abandoned_coroutines};
use flate2::read::GzDecoder;
use guest_support::{poll_once, tests};
use serde_json::Value;
use zip::ZipArchive;

use crate::STACK;
use crate::file::File;
use crate::ways::Input;

type Outcome = Result<(), Box<dyn Error>>;
type Program = fn(Box<dyn Input>) -> Outcome;

/// The error of `read` if it is cancelled after it was suspended this many times.
fn cancelled_after(suspends: usize, bytes: &[u8], read: Program) -> Box<dyn Error> {
    let input = io::BufReader::with_capacity(64, FuturesIo::new(File::new(bytes, 16)));
    let mut coroutine = Coroutine::new(STACK, move |_| read(Box::new(input)));
    for _ in 0..suspends {
        assert!(poll_once(&mut coroutine).is_pending());
    }
    let result = coroutine.cancel().expect("it returns");
    assert_eq!(abandoned_coroutines(), 0);
    result.expect_err("it is not through")
}

/// These errors have no `source`, but can be taken apart.
fn read_csv(input: Box<dyn Input>) -> Outcome {
    let mut records = csv::Reader::from_reader(input).into_records();
    records.try_for_each(|record| record.map(drop)).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => panic!("{other:?}"),
    })?;
    Ok(())
}

fn read_zip(input: Box<dyn Input>) -> Outcome {
    ZipArchive::new(input)?;
    Ok(())
}

fn read_tar_gz(input: Box<dyn Input>) -> Outcome {
    for entry in tar::Archive::new(GzDecoder::new(input)).entries()? {
        entry?.read_to_end(&mut Vec::new())?;
    }
    Ok(())
}

/// These errors have no `source`, but can be converted into the original one.
fn read_png(input: Box<dyn Input>) -> Outcome {
    let mut reader = png::Decoder::new(input).read_info().map_err(io::Error::from)?;
    let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
    reader.next_frame(&mut pixels).map_err(io::Error::from)?;
    Ok(())
}

/// The same.
fn read_json(input: Box<dyn Input>) -> Outcome {
    serde_json::from_reader::<_, Value>(input).map_err(io::Error::from)?;
    Ok(())
}

tests! {
    fn what_cancels_a_crate_can_be_told_from_its_error() {
        let crates: [(&[u8], Program); 5] = [
            (include_bytes!("../data/packages.csv"), read_csv),
            (include_bytes!("../data/tree.zip"), read_zip),
            (include_bytes!("../data/tree.tar.gz"), read_tar_gz),
            (include_bytes!("../data/picture.png"), read_png),
            (include_bytes!("../data/packages.json"), read_json),
        ];
        for (bytes, read) in crates {
            for suspends in [1, 5, 20] {
                let error = cancelled_after(suspends, bytes, read);
                assert_eq!(EmbedError::cause_of(&*error), Some(Cancelled), "{suspends} {error:?}");
            }
        }
    }
}
