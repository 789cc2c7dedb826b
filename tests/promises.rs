//! What the guide, the README and the library's documentation say cannot happen is in docs/promises.md, with a test
//! that is there.
//!
//! A sentence is of that kind if it has one of [`WORDS`]. A new one must be given its test there, or be told from
//! promises.

use std::fs;
use std::path::{Path, PathBuf};

const WORDS: [&str; 4] = ["cannot", "never", "always", "nobody"];

/// Documentation that users read. The headings of the two catalogues of errors are messages.
const DOCUMENTS: [&str; 11] = [
    "README.md",
    "docs/build-errors.md",
    "docs/errors.md",
    "docs/executors.md",
    "docs/how-it-works.md",
    "docs/limits.md",
    "docs/native.md",
    "docs/stack-size.md",
    "docs/streams-and-io.md",
    "docs/support.md",
    "docs/tools.md",
];

/// The parts of the library whose documentation is read by more than those who work on it.
const SOURCES: [&str; 9] = [
    "src/embed.rs",
    "src/handle.rs",
    "src/coroutine.rs",
    "src/raw_coroutine.rs",
    "src/stack.rs",
    "src/stack_left.rs",
    "src/stream_iter.rs",
    "src/generator",
    "src/io",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files in a folder with this ending, without what was built; or the file itself.
fn files(path: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        into.extend(path.extension().is_some_and(|it| it == ending).then(|| path.to_owned()));
    } else if !path.ends_with("target") {
        for entry in fs::read_dir(path).unwrap() {
            files(&entry.unwrap().path(), ending, into);
        }
    }
}

/// The words with one space between two, and without the brackets of links: in promises.md they would lead
/// nowhere.
fn in_one_line(text: &str) -> String {
    text.replace(['[', ']'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of a document, or of comments, in paragraphs of one line: without headings and code.
fn paragraphs(text: &str, is_source: bool) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut is_code = false;
    for line in text.lines() {
        let comment = ["//! ", "/// "].iter().find_map(|begin| line.trim().strip_prefix(begin));
        let line = if is_source { comment.unwrap_or_default() } else { line };
        is_code ^= line.trim_start().starts_with("```");
        let begins = line.trim_start().starts_with("- ") || line.starts_with('|');
        if is_code || line.trim().is_empty() || line.starts_with('#') || begins {
            paragraphs.push(String::new());
        }
        if !is_code && !line.starts_with('#') && !line.trim_start().starts_with("```") {
            let last = paragraphs.pop().unwrap_or_default();
            paragraphs.push(in_one_line(&format!("{last} {line}")));
        }
    }
    paragraphs
}

/// Sentences, roughly: what ends with a full stop or a colon before a capital, and no longer.
fn sentences(paragraph: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    let mut words = paragraph.split(' ').peekable();
    while let Some(word) = words.next() {
        let last = sentences.pop().unwrap_or_default();
        sentences.push(in_one_line(&format!("{last} {word}")));
        let begins = |next: &&str| next.starts_with(|c: char| c.is_uppercase() || "*`".contains(c));
        if word.ends_with(['.', ':', ';']) && words.peek().is_some_and(begins) {
            sentences.push(String::new());
        }
    }
    sentences
}

/// All that is said, by where.
fn said() -> Vec<(String, Vec<String>)> {
    let mut sources = Vec::new();
    for source in SOURCES {
        files(&root().join(source), "rs", &mut sources);
    }
    let documents = DOCUMENTS.iter().map(|name| root().join(name));
    let all =
        documents.map(|path| (path, false)).chain(sources.into_iter().map(|path| (path, true)));
    all.map(|(path, is_source)| (path.display().to_string(), paragraphs(&read(&path), is_source)))
        .collect()
}

/// What is said, and the other cell.
type Row = (String, String);

/// The rows of the tables.
fn rows() -> (Vec<Row>, Vec<Row>) {
    let text = read(&root().join("docs/promises.md"));
    let (promises, others) = text.split_once("## What is no promise").expect("two tables");
    let rows = |part: &str| {
        let lines = part.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
        let rows = lines.filter_map(|line| line.split_once(" | "));
        let rows = rows.filter(|(said, _)| !["what is said", "---"].contains(said));
        rows.map(|(said, other)| (said.to_owned(), other.to_owned())).collect::<Vec<_>>()
    };
    (rows(promises), rows(others))
}

#[test]
fn each_promise_is_still_made() {
    let said = said();
    let (promises, others) = rows();
    assert!(promises.len() > 40 && others.len() > 10, "{} and {}", promises.len(), others.len());
    let is_said =
        |text: &String| said.iter().any(|(_, all)| all.iter().any(|it| it.contains(text)));
    let gone: Vec<_> = promises
        .iter()
        .chain(&others)
        .map(|(text, _)| text)
        .filter(|text| !is_said(text))
        .collect();
    assert!(gone.is_empty(), "nobody says this any more: {gone:#?}");
}

#[test]
fn each_sentence_about_what_cannot_happen_is_listed() {
    let (promises, others) = rows();
    let mut missing = Vec::new();
    for (file, paragraphs) in said() {
        for sentence in paragraphs.iter().flat_map(|it| sentences(it)) {
            let lower = sentence.to_lowercase();
            let has_word = lower
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|it| WORDS.contains(&it));
            let is_listed =
                promises.iter().chain(&others).any(|(text, _)| sentence.contains(text.as_str()));
            if has_word && !is_listed {
                missing.push(format!("{file}: {sentence}"));
            }
        }
    }
    assert!(missing.is_empty(), "docs/promises.md has no row for these: {missing:#?}");
}

#[test]
fn each_promise_has_a_test_that_is_there() {
    let mut sources = Vec::new();
    for folder in ["tests", "crates", "xtask", "src"] {
        files(&root().join(folder), "rs", &mut sources);
    }
    let code: String = sources.iter().map(|path| read(path)).collect();
    let (promises, _) = rows();
    for (text, tests) in promises {
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {text}");
        for name in names {
            let is_there = match name.contains('/') {
                true => root().join(name).exists(),
                false => code.contains(&format!("fn {name}(")),
            };
            assert!(is_there, "there is no test {name}: {text}");
        }
    }
}
