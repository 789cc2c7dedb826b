//! The same program, natively: `cargo run -p untar`. What it does in Node is in `test.mjs`.
#![cfg(not(target_family = "wasm"))]

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, process};

use flate2::Compression;
use flate2::write::GzEncoder;

/// An archive of these files.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let path = env::temp_dir().join(format!("untar-{}-{name}", process::id()));
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn archives_are_read_and_one_that_was_cut_is_told() {
    let rows: String = (0..200_000_u64).map(|row| format!("{row},{}\n", row * row)).collect();
    let good = archive(&[("a.csv", &rows), ("b.json", "{\"a\":[1,2]}"), ("c.txt", "one\ntwo\n")]);
    let (good, cut) =
        (written("good.tar.gz", &good), written("cut.tar.gz", &good[..good.len() / 2]));
    let output = Command::new(env!("CARGO_BIN_EXE_untar")).args([&good, &cut]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    fs::remove_file(&good).unwrap();
    fs::remove_file(&cut).unwrap();
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(lines.len(), 7, "{stdout}{stderr}");
    assert_eq!(lines[0], good.to_str().unwrap());
    assert!(lines[1].starts_with("  3 entries, 3 files, "), "{}", lines[1]);
    assert_eq!(lines[2], "  csv          1 files    199999 records");
    assert_eq!(lines[3], "  json         1 files         4 values");
    assert_eq!(lines[4], "  text         1 files         2 lines");
    assert_eq!(lines[5], "  binary       0 files");
    assert!(stderr.starts_with(&format!("untar: {}: ", cut.display())), "{stderr}");
    assert!(stderr.contains("at byte "), "{stderr}");
    assert_eq!(output.status.code(), Some(1));
}
