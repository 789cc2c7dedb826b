//! The synchronous pipeline: file → `flate2` → `tar` → one parser for each entry.
//!
//! Ordinary code: except for [`CoreHandle`] in the first function it could be in any program. The crates that it calls
//! notice no difference.

use std::io::{self, Read};
use std::rc::Rc;

use bysyncify::CoreHandle;
use flate2::bufread::MultiGzDecoder;

use crate::content::{Kind, Totals, count};
use crate::host::File;
use crate::reader::{HostFile, Meter};
use crate::report::Failure;

/// Opens an archive and reads all of it. Returns its totals and the number of reads.
pub(crate) fn read_archive(
    index: u32,
    path: &str,
    handle: CoreHandle<'_>,
) -> Result<(Totals, u32), Failure> {
    let file = handle
        .try_embed(File::open(path))
        .unwrap_or_else(|cancelled| Err(io::Error::other(cancelled)))
        .map_err(Failure::to_open)?;
    let meter = Rc::new(Meter::new(index));
    let totals = read_entries(HostFile::new(file, Rc::clone(&meter)), &meter)
        .map_err(|error| Failure::reading(error, &meter))?;
    Ok((totals, meter.reads()))
}

fn read_entries(file: HostFile, meter: &Meter) -> io::Result<Totals> {
    let mut totals = Totals::default();
    let mut archive = tar::Archive::new(MultiGzDecoder::new(file));
    for entry in archive.entries()? {
        let mut entry = entry?;
        // These are defaults for the entries that follow, not an entry.
        if entry.header().entry_type().is_pax_global_extensions() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = Kind::of(&name);
        meter.enter(name);
        totals.entries += 1;
        if entry.header().entry_type().is_file() {
            read_file(&mut entry, kind, &mut totals, meter)?;
        }
        meter.leave();
    }
    // `tar` stops at its end mark. What follows is padding, and gzip's own checksum.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(totals)
}

fn read_file(
    entry: &mut tar::Entry<'_, impl Read>,
    kind: Kind,
    totals: &mut Totals,
    meter: &Meter,
) -> io::Result<()> {
    let size = entry.size();
    let mut content = Tally { inner: entry, bytes: 0, crc: &mut totals.crc, meter };
    count(kind, &mut content, &mut totals.kinds)?;
    // A parser may have stopped early.
    io::copy(&mut content, &mut io::sink())?;
    let bytes = content.bytes;
    if bytes < size {
        let message = format!("the archive ends after {bytes} of the entry's {size} bytes");
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
    }
    totals.files += 1;
    totals.bytes += bytes;
    Ok(())
}

/// Counts every byte that is read of an entry, and adds it to the checksum.
struct Tally<'a, R> {
    inner: R,
    bytes: u64,
    crc: &'a mut crc32fast::Hasher,
    meter: &'a Meter,
}

impl<R: Read> Read for Tally<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.bytes += len as u64;
        self.crc.update(&buffer[..len]);
        // A small file can have a lot of content: there may be no other progress for a while.
        self.meter.show();
        Ok(len)
    }
}
