//! The synchronous program: it reads archives, with crates that do not know that they wait.

use std::io::{self, BufRead, Read, Seek};

use flate2::bufread::MultiGzDecoder;
use tar::Archive as Tar;
use zip::ZipArchive;
use zip::read::{ZipFile, read_zipfile_from_stream};

use crate::pace::Paced;
use crate::source::Source;

/// A file in an archive.
pub(crate) struct File<'a> {
    /// Its position among the files, counted from 0.
    pub(crate) number: u32,
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) content: &'a mut dyn Read,
}

/// Passes the files of an archive to `visit`, in their order, until it returns false.
pub(crate) fn read(
    source: Source,
    visit: impl FnMut(File<'_>) -> io::Result<bool>,
) -> io::Result<()> {
    match source {
        // A file can be read at any position: the directory of a zip archive is at its end.
        Source::File(mut file) => match magic(&mut file)? {
            Magic::Gzip => read_tar(MultiGzDecoder::new(file), visit),
            Magic::Zip => read_zip(file, visit),
        },
        Source::Stream(mut stream) => match magic(&mut stream)? {
            Magic::Gzip => read_tar(MultiGzDecoder::new(stream), visit),
            Magic::Zip => read_zip_stream(stream, visit),
        },
    }
}

enum Magic {
    Gzip,
    Zip,
}

/// The kind of the archive, by its first byte, which is not consumed.
fn magic(source: &mut impl BufRead) -> io::Result<Magic> {
    match source.fill_buf()?.first() {
        Some(0x1f) => Ok(Magic::Gzip),
        Some(b'P') => Ok(Magic::Zip),
        Some(_) => Err(io::Error::other("this is neither a .zip nor a .tar.gz archive")),
        None => Err(io::Error::other("this is empty")),
    }
}

fn read_tar(
    source: impl Read,
    mut visit: impl FnMut(File<'_>) -> io::Result<bool>,
) -> io::Result<()> {
    let mut tar = Tar::new(Paced(source));
    let files = tar
        .entries()?
        .filter(|entry| entry.as_ref().map_or(true, |entry| entry.header().entry_type().is_file()));
    for (number, file) in (0..).zip(files) {
        let mut content = file?;
        let path = String::from_utf8_lossy(&content.path_bytes()).into_owned();
        let size = content.size();
        if !visit(File { number, path, size, content: &mut content })? {
            return Ok(());
        }
    }
    // The checksum is after the end of the last file.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map(drop)
}

fn read_zip(
    source: impl Read + Seek,
    mut visit: impl FnMut(File<'_>) -> io::Result<bool>,
) -> io::Result<()> {
    let mut zip = ZipArchive::new(Paced(source))?;
    let mut number = 0;
    for index in 0..zip.len() {
        if !visit_zipped(&mut number, zip.by_index(index)?, &mut visit)? {
            break;
        }
    }
    Ok(())
}

/// Reads the files as they arrive, without the directory. That is not possible with all archives: some have a file's
/// length only after it.
fn read_zip_stream(
    source: impl Read,
    mut visit: impl FnMut(File<'_>) -> io::Result<bool>,
) -> io::Result<()> {
    let mut source = Paced(source);
    let mut number = 0;
    while let Some(file) = read_zipfile_from_stream(&mut source)? {
        if !visit_zipped(&mut number, file, &mut visit)? {
            return Ok(());
        }
    }
    // Read the rest, so that the connection is not closed in the middle of the directory.
    io::copy(&mut source, &mut io::sink()).map(drop)
}

fn visit_zipped<R: Read>(
    number: &mut u32,
    file: ZipFile<'_, R>,
    mut visit: impl FnMut(File<'_>) -> io::Result<bool>,
) -> io::Result<bool> {
    if !file.is_file() {
        return Ok(true);
    }
    let (path, size) = (file.name().to_owned(), file.size());
    let wants_more = visit(File { number: *number, path, size, content: &mut Paced(file) })?;
    *number += 1;
    Ok(wants_more)
}
