//! In the place of `rust-lld.exe` under wine: has the `rust-lld` of Linux link.
//!
//! Wine starts a Linux program, but does not say when it ends. So a shell runs it, and writes its exit status to a file.
//! Paths of Windows become those of Linux. The arguments of each call are added to the file `calls` beside this program.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;
use std::{env, iter};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut words = Vec::new();
    let mut calls = Vec::new();
    for word in env::args().skip(1) {
        calls.push(word.split_once('\\').map_or(word.as_str(), |(drive, _)| drive).to_owned());
        match word.strip_prefix('@') {
            Some(file) => words.extend(unquoted(&fs::read_to_string(file)?)),
            None => words.push(word),
        }
    }
    let own = env::current_exe()?;
    let mut log = OpenOptions::new().append(true).create(true).open(own.with_file_name("calls"))?;
    writeln!(log, "{}", calls.join(" "))?;

    let linker = env::var("BYSYNCIFY_TEST_LLD")?;
    let folder = env::temp_dir();
    let [script, status] =
        ["sh", "status"].map(|kind| folder.join(format!("lld-{}.{kind}", std::process::id())));
    let on_linux = status.to_str().ok_or("a path that is not UTF-8")?;
    let line: Vec<_> =
        iter::once(linker).chain(words).map(|word| quoted(&of_linux(&word))).collect();
    let status_there = quoted(&of_linux(on_linux));
    let text = format!(
        "{}\necho $? > {status_there}.part\nmv {status_there}.part {status_there}\n",
        line.join(" ")
    );
    fs::write(&script, text)?;
    let script_there = of_linux(script.to_str().ok_or("a path that is not UTF-8")?);
    // Of an earlier process that had the same number. Usually there is none.
    let _ = fs::remove_file(&status);
    drop(Command::new("/bin/sh").arg(script_there).spawn()?);
    for _ in 0..6000 {
        if let Ok(code) = fs::read_to_string(&status) {
            return Ok(ExitCode::from(code.trim().parse::<u8>()?));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err("the linker has not ended within a minute".into())
}

/// The words of a response file in the quoting of GNU's tools, as far as our linker uses that: one a line, with `\` before
/// what is special.
fn unquoted(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let word = words.last_mut().expect("there is one");
        match c {
            '\\' => word.extend(chars.next()),
            '\n' => words.push(String::new()),
            other => word.push(other),
        }
    }
    words.pop();
    words
}

/// The same path on Linux, if it is one: `Z:\a` is in the folder `z:` of wine's drives.
fn of_linux(word: &str) -> String {
    match word.split_at_checked(3) {
        Some((drive, path)) if drive.ends_with(":\\") => {
            let drives = env::var("BYSYNCIFY_TEST_DRIVES").unwrap_or_default();
            let drive = drive[..2].to_lowercase();
            format!("{drives}/{drive}/{}", path.replace('\\', "/"))
        }
        _ => word.to_owned(),
    }
}

/// The word, for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
