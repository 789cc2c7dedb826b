//! Reads one entry of an archive larger than a gigabyte, of which very little is fetched.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::ops::Range;
use std::rc::Rc;

use bysyncify::Coroutine;
use bysyncify::io::RangeReader;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use guest_support::{after_one_poll, log, run, tests};
use zip::ZipArchive;

use crate::STACK;

/// The size of each entry that is not read.
const LARGE: u32 = 360_000_000;

/// A file that consists of some parts, with zeros between them.
#[derive(Default)]
struct Sparse {
    parts: Vec<(u64, Vec<u8>)>,
    len: u64,
}

impl Sparse {
    fn push(&mut self, bytes: Vec<u8>) {
        let at = self.len;
        self.len += bytes.len() as u64;
        self.parts.push((at, bytes));
    }

    fn read(&self, range: Range<u64>) -> Vec<u8> {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        for (at, part) in &self.parts {
            let start = range.start.max(*at);
            let end = range.end.min(at + part.len() as u64);
            if start < end {
                bytes[(start - range.start) as usize..(end - range.start) as usize]
                    .copy_from_slice(&part[(start - at) as usize..(end - at) as usize]);
            }
        }
        bytes
    }
}

/// The data of an entry that is in the directory and in its header.
struct Entry {
    name: &'static str,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    at: u32,
}

impl Entry {
    /// The fields that both headers have.
    fn common(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let date = 0x5c21; // in 2026
        for field in [20, 0, self.method, 0, date] {
            bytes.extend(u16::to_le_bytes(field));
        }
        for field in [self.crc, self.packed, self.size] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend([0; 2]);
        bytes
    }

    fn local(&self) -> Vec<u8> {
        [b"PK\x03\x04", &*self.common(), self.name.as_bytes()].concat()
    }

    fn central(&self) -> Vec<u8> {
        let no_more = [0; 10];
        let at = self.at.to_le_bytes();
        [b"PK\x01\x02\x14\x00", &*self.common(), &no_more, &at, self.name.as_bytes()].concat()
    }
}

/// An archive with three large, uncompressed entries, and a deflated one between them.
fn archive(wanted: &[u8]) -> Sparse {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(wanted).expect("memory");
    let packed = encoder.finish().expect("memory");
    let mut crc = Crc::new();
    crc.update(wanted);

    let (mut file, mut directory) = (Sparse::default(), Vec::new());
    for name in ["large/1.bin", "large/2.bin", "wanted.rs", "large/3.bin"] {
        let at = file.len as u32;
        if name == "wanted.rs" {
            let (len, size) = (packed.len() as u32, wanted.len() as u32);
            let entry = Entry { name, method: 8, crc: crc.sum(), packed: len, size, at };
            file.push([&*entry.local(), &packed].concat());
            directory.push(entry.central());
        } else {
            let entry = Entry { name, method: 0, crc: 0, packed: LARGE, size: LARGE, at };
            file.push(entry.local());
            file.len += u64::from(LARGE);
            directory.push(entry.central());
        }
    }
    let (count, at) = (directory.len() as u16, file.len as u32);
    let directory = directory.concat();
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend([count, count].map(u16::to_le_bytes).concat());
    end.extend([directory.len() as u32, at].map(u32::to_le_bytes).concat());
    end.extend([0; 2]);
    file.push([directory, end].concat());
    file
}

tests! {
    fn one_entry_of_a_huge_archive_is_fetched_and_little_else() {
        let wanted = include_bytes!("file.rs");
        let file = archive(wanted);
        let len = file.len;
        assert!(len > 1 << 30);
        let fetched: Rc<RefCell<Vec<Range<u64>>>> = Rc::default();
        let inside = fetched.clone();
        let (polls, (names, contents)) = run(Coroutine::new(STACK, move |_| {
            let file = RangeReader::new(len, async move |range: Range<u64>| {
                after_one_poll(()).await;
                inside.borrow_mut().push(range.clone());
                Ok(file.read(range))
            });
            let mut archive = ZipArchive::new(file).expect("an archive");
            let names: Vec<String> = archive.file_names().map(String::from).collect();
            let mut contents = Vec::new();
            let mut entry = archive.by_name("wanted.rs").expect("an entry");
            entry.read_to_end(&mut contents).expect("contents, and their checksum");
            (names, contents)
        }));
        assert_eq!(names, ["large/1.bin", "large/2.bin", "wanted.rs", "large/3.bin"]);
        assert!(contents == wanted);
        let fetched = fetched.take();
        log(&format!("{fetched:?}"));
        assert_eq!(polls, 1 + fetched.len());
        let bytes: u64 = fetched.iter().map(|range| range.end - range.start).sum();
        assert!(bytes < 1_000_000, "{bytes} bytes");
    }
}
