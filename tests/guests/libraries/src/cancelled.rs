//! A cancelled coroutine in the middle of these crates: each returns an error that tells.

use std::error::Error;
use std::io::{self, Read};

use bysyncify::{Cancelled, Coroutine, EmbedError, FuturesIo, abandoned_coroutines};
use flate2::read::GzDecoder;
use guest_support::{poll_once, tests};
use serde_json::Value;
use zip::ZipArchive;

use crate::STACK;
use crate::file::File;
use crate::ways::Input;

/// What `read` returns if it is cancelled after it was suspended so many times.
fn cancelled_after<T: 'static>(
    suspends: usize,
    bytes: &[u8],
    read: fn(Box<dyn Input>) -> Result<T, Box<dyn Error>>,
) -> Box<dyn Error> {
    let input = io::BufReader::with_capacity(64, FuturesIo::new(File::new(bytes, 16)));
    let mut coroutine = Coroutine::new(STACK, move |_| read(Box::new(input)));
    for _ in 0..suspends {
        assert!(poll_once(&mut coroutine).is_pending());
    }
    let result = coroutine.cancel().expect("it returns");
    assert_eq!(abandoned_coroutines(), 0);
    result.err().expect("it is an error")
}

tests! {
    fn what_cancels_a_crate_can_be_told_from_its_error() {
        let zip = include_bytes!("../data/tree.zip");
        let tar_gz = include_bytes!("../data/tree.tar.gz");
        for suspends in [1, 5, 20] {
            let errors = [
                cancelled_after(suspends, include_bytes!("../data/packages.csv"), |input| {
                    // It has no `source`, but can be taken apart.
                    let mut records = csv::Reader::from_reader(input).into_records();
                    match records.try_for_each(|record| record.map(drop)).map_err(|it| it.into_kind()) {
                        Err(csv::ErrorKind::Io(error)) => Err(error.into()),
                        other => Ok(assert!(other.is_ok())),
                    }
                }),
                cancelled_after(suspends, zip, |input| Ok(ZipArchive::new(input)?)),
                cancelled_after(suspends, tar_gz, |input| {
                    Ok(tar::Archive::new(GzDecoder::new(input)).entries()?.try_for_each(|entry| {
                        entry.and_then(|mut entry| entry.read_to_end(&mut Vec::new())).map(drop)
                    })?)
                }),
                cancelled_after(suspends, include_bytes!("../data/picture.png"), |input| {
                    // Nor has this one, but it becomes what it was given.
                    let mut reader = png::Decoder::new(input).read_info().map_err(io::Error::from)?;
                    let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
                    Ok(reader.next_frame(&mut pixels).map_err(io::Error::from)?)
                }),
                cancelled_after(suspends, include_bytes!("../data/packages.json"), |input| {
                    // Likewise.
                    serde_json::from_reader::<_, Value>(input).map_err(|it| io::Error::from(it).into())
                }),
            ];
            for error in errors {
                assert_eq!(EmbedError::cause_of(&*error), Some(Cancelled), "{suspends} {error:?}");
            }
        }
    }
}
