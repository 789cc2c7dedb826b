//! Checks files that people read: none is too long, and each begins with a comment about its purpose.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Context;
use crate::process;

const MAX_LINES: usize = 400;

/// Files that are written by programs, or whose text is not ours.
const EXEMPT: [&str; 3] = ["Cargo.lock", "package-lock.json", "LICENSE"];

/// A part of the names of files that a test compares with its output.
const EXPECTED: &str = ".expected.";

/// The prefixes of comments, by file name extension.
const COMMENTS: [(&str, &[&str]); 5] = [
    ("rs", &["//!", "// ", "#![doc"]),
    ("mjs", &["//", "#!"]),
    ("js", &["//", "#!"]),
    ("wat", &[";;"]),
    ("sh", &["#"]),
];

pub(super) fn check(context: &Context) -> Result<()> {
    let mut git = context.at_root(Command::new("git"));
    // Files that are not committed yet count as well.
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let names = process::must_succeed(&mut git)?;
    let mut faults = Vec::new();
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let name = String::from_utf8_lossy(name);
        let path = context.workspace.root.join(&*name);
        let is_exempt = EXEMPT.iter().any(|exempt| path.ends_with(exempt));
        if !path.is_file() || is_exempt || name.contains(EXPECTED) {
            continue;
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read `{name}`"))?;
        // Test data may be binary.
        if let Ok(text) = String::from_utf8(bytes) {
            faults.extend(find_faults(Path::new(&*name), &text));
        }
    }
    if !faults.is_empty() {
        bail!(faults.join("\n"));
    }
    Ok(())
}

fn find_faults(name: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        faults.push(format!("{}: {lines} lines, but {MAX_LINES} are the limit", name.display()));
    }
    let comments = COMMENTS.iter().find(|(ending, _)| name.extension() == Some(ending.as_ref()));
    if let Some((_, comments)) = comments
        && !comments.iter().any(|comment| text.starts_with(comment))
    {
        faults.push(format!("{}: does not begin by saying what it is for", name.display()));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(name: &str, text: &str) -> usize {
        find_faults(Path::new(name), text).len()
    }

    #[test]
    fn length_is_limited() {
        assert_eq!(faults("a.md", &"line\n".repeat(MAX_LINES)), 0);
        assert_eq!(faults("a.md", &"line\n".repeat(MAX_LINES + 1)), 1);
    }

    #[test]
    fn first_lines_say_what_a_file_is_for() {
        assert_eq!(faults("a.rs", "//! What.\n"), 0);
        assert_eq!(faults("a.rs", "#![doc = include_str!(\"../README.md\")]\n"), 0);
        assert_eq!(faults("a.rs", "fn main() {}\n"), 1);
        assert_eq!(faults("a.mjs", "import fs from \"node:fs\";\n"), 1);
        assert_eq!(faults("a.wat", ";; What.\n(module)\n"), 0);
        assert_eq!(faults("a.csv", "1,2\n"), 0);
    }
}
