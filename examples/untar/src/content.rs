//! Counts the contents of an archive, for each kind of file.

use std::io::{self, Read};
use std::path::Path;

use crate::json;

/// The buffer in front of each parser, and for lines.
const BUFFER: usize = 16 * 1024;

/// The totals of one archive.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) entries: u64,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// Of the content of all files, in their order.
    pub(crate) crc: crc32fast::Hasher,
    pub(crate) kinds: Kinds,
}

/// The numbers of files, and of the items in them.
#[derive(Default)]
pub(crate) struct Kinds {
    pub(crate) csv_files: u64,
    /// Rows, without the headers.
    pub(crate) csv_records: u64,
    pub(crate) json_files: u64,
    /// The files of these that are not JSON to their end.
    pub(crate) json_invalid: u64,
    /// Objects, arrays and scalars, however deep; not the keys.
    pub(crate) json_values: u64,
    pub(crate) text_files: u64,
    pub(crate) text_lines: u64,
    pub(crate) binary_files: u64,
}

/// The kind of a file, by its name. For other names, the content decides.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Csv,
    Json,
    TextOrBinary,
}

impl Kind {
    pub(crate) fn of(path: &str) -> Self {
        match Path::new(path).extension() {
            Some(extension) if extension.eq_ignore_ascii_case("csv") => Self::Csv,
            Some(extension) if extension.eq_ignore_ascii_case("json") => Self::Json,
            _ => Self::TextOrBinary,
        }
    }
}

/// Adds what `content` holds to `totals`. It need not be read to its end.
///
/// Errors are those of reading. A file that is not what its name says is counted as such.
pub(crate) fn count(kind: Kind, content: impl Read, totals: &mut Kinds) -> io::Result<()> {
    match kind {
        Kind::Csv => {
            totals.csv_files += 1;
            totals.csv_records += csv_records(content)?;
        }
        Kind::Json => {
            let values = json::count_values(io::BufReader::with_capacity(BUFFER, content))?;
            totals.json_files += 1;
            totals.json_values += values.count;
            totals.json_invalid += u64::from(!values.valid);
        }
        Kind::TextOrBinary => match text_lines(content)? {
            Some(lines) => {
                totals.text_files += 1;
                totals.text_lines += lines;
            }
            None => totals.binary_files += 1,
        },
    }
    Ok(())
}

fn csv_records(content: impl Read) -> io::Result<u64> {
    // With rows of any length and any bytes, every file is valid CSV.
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).buffer_capacity(BUFFER).from_reader(content);
    let mut record = csv::ByteRecord::new();
    let mut count = 0;
    while reader.read_byte_record(&mut record)? {
        count += 1;
    }
    Ok(count)
}

/// The number of lines, the last one with or without its end. `None` for a file with a NUL
/// byte: it is not text.
fn text_lines(mut content: impl Read) -> io::Result<Option<u64>> {
    let mut buffer = vec![0; BUFFER];
    let mut lines = 0;
    let mut last = b'\n';
    loop {
        let len = content.read(&mut buffer)?;
        let Some(&end) = buffer[..len].last() else {
            return Ok(Some(lines + u64::from(last != b'\n')));
        };
        if buffer[..len].contains(&0) {
            return Ok(None);
        }
        lines += buffer[..len].iter().filter(|&&byte| byte == b'\n').count() as u64;
        last = end;
    }
}
