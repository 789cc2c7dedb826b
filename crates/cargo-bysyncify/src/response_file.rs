//! Response files: arguments in a file, which stands on a command line as `@file`.
//!
//! There are two ways to quote in them. On Windows lld reads the one that Windows has for command
//! lines, and so rustc writes that there; elsewhere it is that of GNU's tools. We read whichever we
//! get, and write GNU's everywhere, which [`TOLD`] tells lld.

use std::ffi::OsString;
use std::fs;
use std::iter::Peekable;
use std::str::Chars;

use anyhow::{Context, Result};

/// Tells lld how to read what [`text`] has written.
pub(crate) const TOLD: &str = "--rsp-quoting=posix";

/// How arguments are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quoting {
    /// `\` takes the next character as it is, and either quote takes what is between two of it.
    Gnu,
    /// `"` takes what is between two of it, and `\` is special only before one: `\"` is the
    /// character, `\\"` is a backslash and then a quote.
    Windows,
}

impl Quoting {
    /// What the linker is told, or else what there is on this system.
    fn new(arguments: &[OsString]) -> Self {
        let told = arguments.iter().rev().find_map(|word| {
            match word.to_str()?.strip_prefix("--rsp-quoting=")? {
                "posix" => Some(Self::Gnu),
                "windows" => Some(Self::Windows),
                _ => None,
            }
        });
        told.unwrap_or(if cfg!(windows) { Self::Windows } else { Self::Gnu })
    }
}

/// The arguments with those in response files in place.
pub(crate) fn expanded(arguments: &[OsString]) -> Result<Vec<OsString>> {
    let quoting = Quoting::new(arguments);
    let mut all = Vec::new();
    for argument in arguments {
        match argument.to_string_lossy().strip_prefix('@') {
            Some(path) => {
                let text = fs::read_to_string(path)
                    .with_context(|| format!("cannot read the response file `{path}`"))?;
                all.extend(words(&text, quoting).into_iter().map(OsString::from));
            }
            None => all.push(argument.clone()),
        }
    }
    Ok(all)
}

/// The words of a response file, separated by white space.
fn words(text: &str, quoting: Quoting) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoting == Quoting::Gnu => {
                word.get_or_insert_default().extend(chars.next());
            }
            '\\' => word.get_or_insert_default().push_str(&backslashes(&mut chars)),
            // Two in quotes are one, and the quotes go on.
            '"' if quote == Some('"')
                && quoting == Quoting::Windows
                && chars.peek() == Some(&'"') =>
            {
                word.get_or_insert_default().extend(chars.next());
            }
            _ if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() && (c == '"' || quoting == Quoting::Gnu) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            _ if c.is_whitespace() && quote.is_none() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// What a backslash means on Windows, with what follows it: before a quote two of them are one,
/// and one alone makes the quote a character like others.
fn backslashes(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut count = 1;
    while chars.next_if_eq(&'\\').is_some() {
        count += 1;
    }
    if chars.peek() != Some(&'"') {
        return "\\".repeat(count);
    }
    let mut text = "\\".repeat(count / 2);
    if count % 2 == 1 {
        text.extend(chars.next());
    }
    text
}

/// A response file with these arguments in it, for who is [`TOLD`] how to read it.
pub(crate) fn text(arguments: &[OsString]) -> Result<String> {
    let mut text = String::new();
    for argument in arguments {
        let argument = argument
            .to_str()
            .with_context(|| format!("the argument `{}` is not UTF-8", argument.display()))?;
        for c in argument.chars() {
            if c.is_whitespace() || "\\\"'".contains(c) {
                text.push('\\');
            }
            text.push(c);
        }
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        let given = ["a b", "c\"d'", r"C:\e f\", "-o"].map(OsString::from);
        let text = text(&given).unwrap();
        assert_eq!(words(&text, Quoting::Gnu), given.map(|word| word.into_string().unwrap()));
    }

    #[test]
    fn words_are_split_as_gnu_tools_do() {
        assert_eq!(
            words("a\\ b  'c d'\n\"e'f\" '' g\\\\h \"i\\\"j\"", Quoting::Gnu),
            ["a b", "c d", "e'f", "", r"g\h", "i\"j"]
        );
    }

    /// The left side is what rustc writes there: each argument in quotes, with `\` before a quote.
    #[test]
    fn words_are_split_as_windows_does() {
        for (text, expected) in [
            ("\"-flavor\"\n\"wasm\"\n", &["-flavor", "wasm"][..]),
            ("\"C:\\a b\\c.o\"\r\n\"-o\"\r\n", &[r"C:\a b\c.o", "-o"]),
            ("\"say \\\"no\\\"\"", &["say \"no\""]),
            ("C:\\a\\b.o it's", &[r"C:\a\b.o", "it's"]),
            ("\"C:\\a\\\\\" b", &[r"C:\a\", "b"]),
            ("a\\\\\\\"b", &["a\\\"b"]),
            ("\"a \"\"b\"\" c\" \"\"", &["a \"b\" c", ""]),
        ] {
            assert_eq!(words(text, Quoting::Windows), expected, "{text}");
        }
    }

    #[test]
    fn quoting_is_that_of_the_system_unless_the_linker_is_told() {
        let of =
            |text: &str| Quoting::new(&text.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("-o a @b"), if cfg!(windows) { Quoting::Windows } else { Quoting::Gnu });
        assert_eq!(of("--rsp-quoting=posix @b --rsp-quoting=windows"), Quoting::Windows);
        assert_eq!(of("--rsp-quoting=windows @b --rsp-quoting=posix"), Quoting::Gnu);
    }

    #[test]
    fn file_is_read_where_it_stands() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("linker-arguments");
        fs::write(&file, "\"-o\"\n\"C:\\out dir\\a.wasm\"\n").unwrap();
        let at_file = OsString::from(format!("@{}", file.display()));
        let given = ["--rsp-quoting=windows".into(), at_file, "-O3".into()];
        assert_eq!(
            expanded(&given).unwrap(),
            ["--rsp-quoting=windows", "-o", r"C:\out dir\a.wasm", "-O3"]
        );
        let error = expanded(&["@/nowhere".into()]).unwrap_err().to_string();
        assert_eq!(error, "cannot read the response file `/nowhere`");
    }
}
