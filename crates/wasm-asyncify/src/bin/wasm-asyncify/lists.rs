//! Lists of functions or imports, as Binaryen takes them: `a,b`, or `@file` with one a line.

use std::fs;

use anyhow::{Context, Result};

/// Reads a list.
///
/// # Errors
///
/// If the file that it names cannot be read.
pub(crate) fn read(list: &str) -> Result<Vec<String>> {
    match list.strip_prefix('@') {
        None => Ok(split(list)),
        Some(file) => {
            let text = fs::read_to_string(file).with_context(|| format!("cannot read `{file}`"))?;
            Ok(split(&text))
        }
    }
}

/// The entries: one on each line if there are several lines, and separated by commas otherwise. A comma in brackets
/// belongs to the name of a C++ function.
fn split(text: &str) -> Vec<String> {
    let text = text.trim();
    let mut entries = vec![String::new()];
    let mut depth = 0;
    let by_lines = text.contains('\n');
    for character in text.chars() {
        match character {
            '(' | '<' | '[' | '{' => depth += 1,
            ')' | '>' | ']' | '}' => depth -= 1,
            _ => {}
        }
        let is_end = if by_lines { character == '\n' } else { character == ',' && depth <= 0 };
        match entries.last_mut() {
            Some(last) if !is_end => last.push(character),
            _ => entries.push(String::new()),
        }
    }
    let entries = entries.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty());
    entries.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_between_commas_or_on_lines() {
        for (text, expected) in [
            ("", &[][..]),
            ("env.a, env.invoke_*", &["env.a", "env.invoke_*"]),
            ("f(int, char),g<a, b>(c)", &["f(int, char)", "g<a, b>(c)"]),
            ("f(int, char)\n\ng\n", &["f(int, char)", "g"]),
            ("one\n", &["one"]),
        ] {
            assert_eq!(split(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read("@no such file").unwrap_err();
        assert_eq!(error.to_string(), "cannot read `no such file`");
    }
}
