//! What the arguments that rustc gives a wasm linker say, and the arguments for the real one.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::engine::OptLevel;

/// The arguments of one link.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// All of them but `-flavor wasm`, as they came.
    given: Vec<OsString>,
    /// Where the module goes; `a.out` if the linker is not told.
    pub(crate) output: PathBuf,
    /// Whether several objects are joined into one: that is no module yet.
    pub(crate) is_relocatable: bool,
    /// Whether names and the like are to be taken out.
    pub(crate) strip_all: bool,
    /// Sections that `--strip-all` spares.
    pub(crate) kept_sections: Vec<String>,
    /// How hard the program is to be optimised, as far as rustc tells its linker: of `s` and `z`
    /// it makes `-O2`.
    pub(crate) opt_level: OptLevel,
}

impl Arguments {
    /// Reads the arguments, those in response files (`@file`) too.
    pub(crate) fn read(arguments: &[OsString]) -> Result<Self> {
        let given = match arguments {
            [first, second, rest @ ..] if first == "-flavor" => {
                if second != "wasm" {
                    bail!(
                        "this linker is for wasm, but was called for `{}`: set it as `linker` \
                         under `[target.wasm32-unknown-unknown]` or the like",
                        second.display()
                    );
                }
                rest
            }
            all => all,
        };
        let mut read =
            Self { given: given.to_vec(), output: PathBuf::from("a.out"), ..Self::default() };
        let mut words = expanded(given)?.into_iter();
        while let Some(word) = words.next() {
            // What we look for is ASCII but for the output's name.
            let text = word.to_string_lossy();
            match &*text {
                "-o" | "--output" => {
                    let value = words.next().with_context(|| format!("{text} needs a value"))?;
                    read.output = value.into();
                }
                "-r" | "--relocatable" => read.is_relocatable = true,
                "-s" | "--strip-all" => read.strip_all = true,
                other => {
                    if let Some(path) = other.strip_prefix("--output=") {
                        read.output = path.into();
                    } else if let Some(name) = other.strip_prefix("--keep-section=") {
                        read.kept_sections.push(name.to_owned());
                    } else if let Some(level) = other.strip_prefix("-O") {
                        read.opt_level = opt_level(level);
                    }
                }
            }
        }
        Ok(read)
    }

    /// The arguments as they came.
    pub(crate) fn given(&self) -> &[OsString] {
        &self.given
    }

    /// Whether `--strip-all` takes a custom section out. The same that `wasm-ld` leaves out.
    pub(crate) fn strips(&self, section: &str) -> bool {
        let stripped = ["name", "producers", "target_features"].contains(&section)
            || section.starts_with(".debug_");
        self.strip_all && stripped && !self.kept_sections.iter().any(|kept| kept == section)
    }
}

/// A debug build is optimised a little too: Asyncify's code is large without.
fn opt_level(level: &str) -> OptLevel {
    match level {
        "0" => OptLevel::O1,
        _ => level.parse().unwrap_or_default(),
    }
}

/// The arguments with those in response files in place.
fn expanded(arguments: &[OsString]) -> Result<Vec<OsString>> {
    let mut words = Vec::new();
    for argument in arguments {
        match argument.to_string_lossy().strip_prefix('@') {
            Some(path) => {
                let text = fs::read_to_string(path)
                    .with_context(|| format!("cannot read the response file `{path}`"))?;
                words.extend(response_words(&text).into_iter().map(OsString::from));
            }
            None => words.push(argument.clone()),
        }
    }
    Ok(words)
}

/// The words of a response file: separated by white space; `\` takes the next character as it
/// is, and quotes take what is between them.
fn response_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            _ if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    fn read(text: &str) -> Arguments {
        Arguments::read(&words(text)).unwrap()
    }

    #[test]
    fn what_rustc_passes_for_a_release_build() {
        assert_eq!(
            read(
                "-flavor wasm --export main -z stack-size=1048576 a.o -o t/a.wasm -O3 --strip-all"
            ),
            Arguments {
                given: words("--export main -z stack-size=1048576 a.o -o t/a.wasm -O3 --strip-all"),
                output: "t/a.wasm".into(),
                is_relocatable: false,
                strip_all: true,
                kept_sections: vec![],
                opt_level: OptLevel::O3,
            }
        );
    }

    #[test]
    fn debug_build_is_optimised_a_little() {
        assert_eq!(read("a.o -O0").opt_level, OptLevel::O1);
        assert_eq!(read("a.o").opt_level, OptLevel::O1);
        assert_eq!(read("a.o -O2").opt_level, OptLevel::O2);
    }

    #[test]
    fn every_spelling_that_the_linker_takes() {
        assert_eq!(read("--output=a.wasm").output, PathBuf::from("a.wasm"));
        assert_eq!(read("--output a.wasm").output, PathBuf::from("a.wasm"));
        assert_eq!(read("a.o").output, PathBuf::from("a.out"));
        assert!(read("-s").strip_all);
        assert!(!read("--strip-debug").strip_all);
        assert!(read("-r").is_relocatable);
        assert!(read("--relocatable").is_relocatable);
    }

    #[test]
    fn only_what_the_linker_strips_is_stripped() {
        let strip_all = read("--strip-all --keep-section=producers");
        assert!(strip_all.strips("name"));
        assert!(strip_all.strips("target_features"));
        assert!(strip_all.strips(".debug_info"));
        assert!(!strip_all.strips("producers"));
        assert!(!strip_all.strips("component-type:world"));
        assert!(!read("--strip-debug").strips("name"));
    }

    #[test]
    fn response_files_are_read_but_passed_on_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("linker-arguments");
        fs::write(&file, "-o\n/out\\ dir/a.wasm\n--strip-all\n").unwrap();
        let at_file = OsString::from(format!("@{}", file.display()));
        let read = Arguments::read(&["-flavor".into(), "wasm".into(), at_file.clone()]).unwrap();
        assert_eq!(read.given(), [at_file]);
        assert_eq!(read.output, PathBuf::from("/out dir/a.wasm"));
        assert!(read.strip_all);
    }

    #[test]
    fn response_words_are_split_as_the_linker_does() {
        assert_eq!(
            response_words("a\\ b  'c d'\n\"e'f\" '' g\\\\h"),
            ["a b", "c d", "e'f", "", "g\\h"]
        );
    }

    #[test]
    fn other_flavors_are_refused() {
        let error = Arguments::read(&words("-flavor gnu a.o")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "this linker is for wasm, but was called for `gnu`: set it as `linker` under \
             `[target.wasm32-unknown-unknown]` or the like"
        );
    }

    #[test]
    fn output_without_a_value_and_missing_response_file() {
        let message = |text: &str| Arguments::read(&words(text)).unwrap_err().to_string();
        assert_eq!(message("a.o -o"), "-o needs a value");
        assert_eq!(message("@/nowhere/args"), "cannot read the response file `/nowhere/args`");
    }
}
