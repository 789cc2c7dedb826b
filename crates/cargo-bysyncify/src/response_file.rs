//! Response files: arguments in a file, which is named on a command line as `@file`.
//!
//! There are two quoting styles. On Windows lld expects the one of Windows command lines, and rustc writes that;
//! elsewhere it is the style of GNU's tools. We read both, and always write GNU's, which [`TOLD`] tells lld.

use std::ffi::OsString;
use std::fs;
use std::iter::Peekable;
use std::str::Chars;

use anyhow::{Context, Result};

/// Tells lld the quoting style of the files that [`text`] writes.
pub(crate) const TOLD: &str = "--rsp-quoting=posix";

/// How arguments are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quoting {
    /// `\` makes the next character literal, and everything between two quotes of the same kind is literal.
    Gnu,
    /// Everything between two `"` is literal. `\` is special only before `"`: `\"` is the character, `\\"` is a
    /// backslash and then a quote.
    Windows,
}

impl Quoting {
    /// The style that the linker's arguments name, or else the default of this system.
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

/// The arguments, with the contents of response files inserted.
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
            // Two of them in a quoted part are one character, and the quoted part continues.
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

/// The meaning of one or more backslashes on Windows. Before a quote, two of them are one backslash, and a single one
/// makes the quote a normal character.
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

/// The text of a response file with these arguments, for a linker that gets [`TOLD`].
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

    /// The left side is what rustc writes on Windows: each argument in quotes, with `\` before a quote.
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
