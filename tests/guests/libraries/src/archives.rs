//! `tar`, `flate2` and `zip`.

use std::io::{BufReader, Read, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use guest_support::tests;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::ways::{Input, in_memory, read_in_all_ways, write_in_all_ways};

const TREE_TAR_GZ: &[u8] = include_bytes!("../data/tree.tar.gz");
const TREE_ZIP: &[u8] = include_bytes!("../data/tree.zip");

/// The names in both archives. Directories are empty.
const NAMES: [&str; 7] = [
    "tree/",
    "tree/CHANGELOG.md",
    "tree/LICENSE",
    "tree/tables/",
    "tree/tables/packages.csv",
    "tree/tables/packages.json",
    "tree/waker.rs",
];

type Entries = Vec<(String, Vec<u8>)>;

fn read_tar_gz(input: Box<dyn Input>) -> Entries {
    let mut archive = tar::Archive::new(GzDecoder::new(input));
    let mut entries = Entries::new();
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).expect("contents");
        entries.push((entry.path().expect("a path").display().to_string(), contents));
    }
    entries
}

fn read_zip(input: Box<dyn Input>) -> Entries {
    let mut archive = ZipArchive::new(input).expect("an archive");
    let mut entries = Entries::new();
    // Backwards, so it has to seek.
    for index in (0..archive.len()).rev() {
        let mut entry = archive.by_index(index).expect("an entry");
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).expect("contents, and their checksum");
        entries.push((entry.name().into(), contents));
    }
    entries
}

fn gunzip(input: Box<dyn Input>) -> Vec<u8> {
    let mut contents = Vec::new();
    // Without using the `BufRead`.
    let mut decoder = flate2::read::GzDecoder::new(input);
    decoder.read_to_end(&mut contents).expect("contents, and their checksum");
    contents
}

fn sorted(mut entries: Entries) -> Entries {
    entries.sort();
    entries
}

tests! {
    fn a_tar_gz_is_unpacked() {
        let entries = sorted(read_in_all_ways(TREE_TAR_GZ, read_tar_gz));
        let names: Vec<_> = entries.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, NAMES);
        assert!(entries[4].1 == include_bytes!("../data/packages.csv"));
        assert!(entries[5].1 == include_bytes!("../data/packages.json"));
    }

    fn a_zip_is_unpacked() {
        let entries = sorted(read_in_all_ways(TREE_ZIP, read_zip));
        // The other archive was made from the same files, by another program.
        assert!(entries == sorted(read_tar_gz(in_memory(TREE_TAR_GZ))));
    }

    fn a_gzip_is_inflated() {
        let tar = read_in_all_ways(TREE_TAR_GZ, gunzip);
        assert_eq!(tar.len() % 512, 0);
    }

    fn a_tar_gz_is_packed() {
        let packed = write_in_all_ways(|output| {
            let mut archive = tar::Builder::new(GzEncoder::new(output, Compression::default()));
            for (name, contents) in read_tar_gz(in_memory(TREE_TAR_GZ)) {
                let mut header = tar::Header::new_gnu();
                header.set_size(contents.len() as u64);
                archive.append_data(&mut header, name, &*contents).expect("it is written");
            }
            let encoder = archive.into_inner().expect("the end is written");
            encoder.finish().expect("the checksum is written").flush().expect("it is flushed");
        });
        let unpacked = read_tar_gz(in_memory(packed.leak()));
        assert!(unpacked == read_tar_gz(in_memory(TREE_TAR_GZ)));
    }

    fn a_zip_is_packed() {
        let packed = write_in_all_ways(|output| {
            let mut archive = ZipWriter::new(output);
            for (name, contents) in read_zip(in_memory(TREE_ZIP)) {
                // Seeks back to write each size into the header before the data.
                archive.start_file(name, SimpleFileOptions::default()).expect("a header is written");
                archive.write_all(&contents).expect("it is written");
            }
            archive.finish().expect("the directory is written");
        });
        let unpacked = read_zip(in_memory(packed.leak()));
        assert!(sorted(unpacked) == sorted(read_zip(in_memory(TREE_ZIP))));
    }

    fn an_archive_in_an_archive_is_unpacked() {
        // A decoder over a decoder over a file: each wait is inside three readers.
        let outer = write_in_all_ways(|output| {
            let mut archive = ZipWriter::new(output);
            archive.start_file("tree.tar.gz", SimpleFileOptions::default()).expect("a header");
            archive.write_all(TREE_TAR_GZ).expect("it is written");
            archive.finish().expect("the directory is written");
        });
        let len = read_in_all_ways(outer.leak(), |input| {
            let mut archive = ZipArchive::new(input).expect("an archive");
            let entry = archive.by_index(0).expect("an entry");
            let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(entry)));
            let entries = archive.entries().expect("an archive");
            entries.map(|entry| entry.expect("an entry").size()).sum::<u64>()
        });
        let entries = read_tar_gz(in_memory(TREE_TAR_GZ));
        let expected: usize = entries.iter().map(|(_, contents)| contents.len()).sum();
        assert_eq!(len, expected as u64);
    }
}
