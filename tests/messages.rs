//! What the library says is in the catalogue, docs/errors.md, under a heading of its own.
//!
//! `src/catalogue.rs` does that for messages that are values. This reads the sources, for what is said by a `panic!`,
//! an `assert!` or an error's constructor anywhere else: whoever adds a message adds it there, too.

use std::fs;
use std::path::Path;

/// What is on a line that says something to the compiler only.
const TO_THE_COMPILER: [&str; 3] =
    ["reason = \"", "must_use = \"", "a type of this size cannot exist"];

/// Files that are not read: the first has that test of its own, the others are for tests.
const OTHERS: [&str; 3] = ["fatal.rs", "catalogue.rs", "threads.rs"];

/// The messages in a source file: all that it has between quotation marks, has four words or more, and
/// is not said to the compiler or in its tests.
fn messages(source: &str) -> Vec<String> {
    let (code, _) = source.split_once("#[cfg(test)]").unwrap_or((source, ""));
    let lines = code.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let is_said = |line: &&str| !TO_THE_COMPILER.iter().any(|words| line.contains(words));
    let code = lines.filter(is_said).collect::<Vec<_>>().join("\n");
    // A line that ends with a backslash goes on with the next.
    let code = code.replace("\\\n", "").replace("\\\"", "'");
    let quoted = code.split('"').skip(1).step_by(2).map(in_general);
    quoted.filter(|text| text.split(' ').count() > 3).collect()
}

/// A format string as the catalogue has it: with an ellipsis for each value.
fn in_general(format: &str) -> String {
    let mut parts = format.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "…" + part.split_once('}').map_or(part, |(_, rest)| rest))
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if !OTHERS.iter().any(|name| path.ends_with(name)) {
            let all = messages(&fs::read_to_string(&path).unwrap());
            found.extend(all.into_iter().map(|text| (path.display().to_string(), text)));
        }
    }
}

#[test]
fn each_message_has_a_heading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    collect(&root.join("src"), &mut all);
    assert!(all.len() > 20, "{all:#?}");
    let catalogue = fs::read_to_string(root.join("docs/errors.md")).unwrap();
    let headings: Vec<_> = catalogue.lines().filter(|line| line.starts_with("### ")).collect();
    let is_missing = |text: &str| !headings.iter().any(|heading| heading.contains(text));
    let missing: Vec<_> = all.iter().filter(|(_, text)| is_missing(text)).collect();
    assert!(missing.is_empty(), "docs/errors.md has no heading for these: {missing:#?}");
}

#[test]
fn messages_are_found() {
    let source = "/// \"A comment of four words.\"\n#[allow(x, reason = \"said to the compiler only\")]\n\
                  panic!(\n    \"cannot {act} at {} \\\n     at all\"\n);\nshort(\"no message\")\n\
                  #[cfg(test)]\nmod tests { \"this is a test's\" }";
    assert_eq!(messages(source), ["cannot … at … at all"]);
}
