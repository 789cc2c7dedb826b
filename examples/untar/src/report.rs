//! The final report about an archive, for the user.

use std::fmt;
use std::io;

use bysyncify::StackUsage;

use crate::content::Totals;
use crate::reader::{Meter, Place};

/// An archive that was read to its end.
pub(crate) struct Report {
    pub(crate) path: String,
    pub(crate) totals: Totals,
    pub(crate) reads: u32,
    pub(crate) suspends: u32,
    pub(crate) high_water: Option<StackUsage>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { entries, files, bytes, crc, kinds } = &self.totals;
        let crc = crc.clone().finalize();
        writeln!(f, "{}", self.path)?;
        writeln!(f, "  {entries} entries, {files} files, {bytes} bytes, crc32 {crc:08x}")?;
        writeln!(f, "  csv     {:6} files {:9} records", kinds.csv_files, kinds.csv_records)?;
        write!(f, "  json    {:6} files {:9} values", kinds.json_files, kinds.json_values)?;
        match kinds.json_invalid {
            0 => writeln!(f)?,
            invalid => writeln!(f, ", {invalid} files not valid")?,
        }
        writeln!(f, "  text    {:6} files {:9} lines", kinds.text_files, kinds.text_lines)?;
        writeln!(f, "  binary  {:6} files", kinds.binary_files)?;
        write!(f, "  reads {}, suspended {} times", self.reads, self.suspends)?;
        if let Some(used) = self.high_water {
            let StackUsage { frames, shadow } = used;
            let total = used.total();
            write!(f, "\n  stack {total} bytes used: frames {frames}, shadow stack {shadow}")?;
        }
        Ok(())
    }
}

/// An archive that could not be read, or not to its end.
pub(crate) struct Failure {
    error: io::Error,
    /// The offset in the file, and where that is in the archive.
    place: Option<(u64, Place)>,
}

impl Failure {
    /// The failure of an archive that could not be opened.
    pub(crate) fn to_open(error: io::Error) -> Self {
        Self { error, place: None }
    }

    /// The failure of an archive that could not be read beyond the position of `meter`.
    pub(crate) fn reading(error: io::Error, meter: &Meter) -> Self {
        Self { error, place: Some((meter.position(), meter.place())) }
    }

    /// The message, for the file at `path`.
    pub(crate) fn at(&self, path: &str) -> String {
        // One line: `tar` quotes bytes that it did not expect.
        let error = self.error.to_string().replace(|c: char| c.is_control(), " ");
        let Some((offset, place)) = &self.place else {
            return format!("{path}: {error}");
        };
        let place = match place {
            Place::BeforeEntries => "before the first entry".to_owned(),
            // Quoted and escaped: it may hold anything.
            Place::In(name) => format!("in the entry {name:?}"),
            Place::After(name) => format!("after the entry {name:?}"),
        };
        format!("{path}: {error}, at byte {offset} of the compressed file, {place}")
    }
}
