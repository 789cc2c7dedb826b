//! What `--help` and `help` print, and what is said about a word that nobody knows.

use anyhow::{Error, anyhow};

pub(super) const OVERVIEW: &str = include_str!("help/overview.txt");

/// The commands, those first that one needs first, and what explains them.
const COMMANDS: [(&str, &str); 7] = [
    ("new", include_str!("help/new.txt")),
    ("run", include_str!("help/run.txt")),
    ("build", include_str!("help/build.txt")),
    ("test", include_str!("help/test.txt")),
    ("report", include_str!("help/report.txt")),
    ("setup", include_str!("help/setup.txt")),
    ("runner", include_str!("help/runner.txt")),
];

/// What explains a command, if there is one of that name.
pub(super) fn of(command: &str) -> Option<String> {
    let (_, text) = COMMANDS.iter().find(|(name, _)| *name == command)?;
    Some(text.replace("OPTIONS\n", include_str!("help/linker_options.txt")))
}

/// The error for a command that there is not.
pub(super) fn unknown_command(given: &str) -> Error {
    let names = COMMANDS.map(|(name, _)| name);
    let hint = match similar(given, &names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("use {} or help", names.join(", ")),
    };
    anyhow!("there is no command `{given}`: {hint} (`cargo bysyncify help` explains them)")
}

/// The error for an option that a command has not.
pub(super) fn unknown_option(command: &str, given: &lexopt::Arg) -> Error {
    let given = match given {
        lexopt::Arg::Short(letter) => format!("-{letter}"),
        lexopt::Arg::Long(name) => format!("--{name}"),
        lexopt::Arg::Value(value) => value.display().to_string(),
    };
    let text = of(command).unwrap_or_default();
    let is_option = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let options: Vec<&str> =
        text.split(|c| !is_option(c)).filter(|word| word.starts_with("--")).collect();
    let hint = similar(&given, &options)
        .map_or(String::new(), |option| format!("did you mean `{option}`? "));
    anyhow!(
        "`{given}` is no option of `cargo bysyncify {command}`: {hint}\
         `cargo bysyncify help {command}` lists them"
    )
}

/// The word that `given` is a slip for, if there is one.
fn similar<'a>(given: &str, words: &[&'a str]) -> Option<&'a str> {
    let near = words.iter().map(|word| (distance(given, word), *word));
    let (distance, word) = near.min_by_key(|(distance, _)| *distance)?;
    // A third of the letters may be wrong.
    (distance * 3 <= word.trim_start_matches('-').len()).then_some(word)
}

/// How many letters have to be added, removed, changed or swapped with the next one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Of the first `i` letters of one and the first `j` of the other.
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = usize::from(a[i - 1] != b[j - 1]);
                let mut least = (table[i - 1][j] + 1)
                    .min(table[i][j - 1] + 1)
                    .min(table[i - 1][j - 1] + changed);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use lexopt::Arg;

    use super::*;

    #[test]
    fn letters_are_counted() {
        for (a, b, expected) in [
            ("", "abc", 3),
            ("build", "build", 0),
            ("biuld", "build", 1),
            ("a", "b", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!((distance(a, b), distance(b, a)), (expected, expected), "{a} {b}");
        }
    }

    #[test]
    fn unknown_words_are_told_with_what_was_meant() {
        let message = |given| unknown_command(given).to_string();
        assert_eq!(
            message("biuld"),
            "there is no command `biuld`: did you mean `build`? (`cargo bysyncify help` explains \
             them)"
        );
        assert_eq!(
            message("publish"),
            "there is no command `publish`: use new, run, build, test, report, setup, runner or help \
             (`cargo bysyncify help` explains them)"
        );
        let message = |command, given| unknown_option(command, &given).to_string();
        assert_eq!(
            message("run", Arg::Long("exampel")),
            "`--exampel` is no option of `cargo bysyncify run`: did you mean `--example`? \
             `cargo bysyncify help run` lists them"
        );
        assert_eq!(
            message("new", Arg::Short('x')),
            "`-x` is no option of `cargo bysyncify new`: `cargo bysyncify help new` lists them"
        );
    }

    #[test]
    fn every_command_is_explained_and_in_the_overview() {
        for (command, _) in COMMANDS {
            let text = of(command).unwrap();
            assert!(text.starts_with(&format!("cargo bysyncify {command} ")), "{text}");
            assert!(!text.contains("OPTIONS"), "{text}");
            assert!(OVERVIEW.contains(&format!("\n    cargo bysyncify {command} ")), "{command}");
        }
        assert_eq!(of("other"), None);
    }

    #[test]
    fn lines_fit_a_window() {
        let texts = COMMANDS.map(|(command, _)| of(command).unwrap());
        for line in texts.iter().map(String::as_str).chain([OVERVIEW]).flat_map(str::lines) {
            assert!(line.len() <= 96, "{line}");
        }
    }
}
