//! The arguments of `cargo bysyncify report`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail};

/// What `report` was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// A module that is there already.
    pub(crate) module: Option<PathBuf>,
    /// The function to explain.
    pub(crate) why: Option<String>,
    /// The function to name, by its number in the linked module.
    pub(crate) function: Option<u32>,
    pub(crate) format: Format,
    pub(crate) output: Option<PathBuf>,
    pub(crate) sort: Sort,
    /// How many functions to show.
    pub(crate) limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
    Html,
}

/// What comes first in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Cost,
    Size,
    Name,
}

impl Options {
    /// Takes what is for `report` out of the arguments; the rest says what to build.
    pub(crate) fn take(arguments: &[OsString]) -> Result<(Self, Vec<OsString>)> {
        let mut options = Self {
            module: None,
            why: None,
            function: None,
            format: Format::Table,
            output: None,
            sort: Sort::Cost,
            limit: 20,
        };
        let mut rest = Vec::new();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let text = word.to_string_lossy();
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(OsString::from(value))),
                None => (&*text, None),
            };
            let mut value = || {
                let value = value.clone().or_else(|| words.next().cloned());
                value.with_context(|| format!("{name} needs a value"))
            };
            match name {
                "--why" => options.why = Some(utf8(value()?)?),
                "--function" => options.function = Some(number(&utf8(value()?)?)?),
                "--format" => options.format = utf8(value()?)?.parse()?,
                "--output" => options.output = Some(value()?.into()),
                "--sort" => options.sort = utf8(value()?)?.parse()?,
                "--limit" => options.limit = limit(&utf8(value()?)?)?,
                // Of a module that is there already, too, this can be said.
                "--precise" => rest.push(word.clone()),
                "--vouch" => rest.push(format!("--vouch={}", utf8(value()?)?).into()),
                "--" => bail!("report runs nothing: leave out `--` and what comes after it"),
                _ if is_module(word) && options.module.is_none() => {
                    options.module = Some(word.into());
                }
                _ => rest.push(word.clone()),
            }
        }
        let says_what_to_build = |word: &&OsString| {
            let word = word.to_string_lossy();
            !word.starts_with("--vouch=") && word != "--precise"
        };
        let build = rest.iter().find(says_what_to_build);
        if let (Some(module), Some(word)) = (&options.module, build) {
            bail!(
                "`{}` says what to build, but `{}` is built already: leave one of them out",
                word.display(),
                module.display()
            );
        }
        let prints_text = options.why.is_some() || options.function.is_some();
        if prints_text && (options.format, &options.output) != (Format::Table, &None) {
            bail!(
                "--why and --function print text, and have neither --format nor --output: --format \
                 json has the calls of all functions"
            );
        }
        Ok((options, rest))
    }
}

fn utf8(value: OsString) -> Result<String> {
    value.into_string().map_err(|value| anyhow::anyhow!("`{}` is not UTF-8", value.display()))
}

fn number(text: &str) -> Result<u32> {
    text.parse().with_context(|| format!("`{text}` is no function's number, as a message has it"))
}

fn limit(text: &str) -> Result<usize> {
    match text {
        "all" => Ok(usize::MAX),
        _ => text.parse().with_context(|| format!("`{text}` is no limit: use a number, or `all`")),
    }
}

/// Whether a word is the path of a module, and not the name of a program.
fn is_module(word: &OsString) -> bool {
    Path::new(word).extension().is_some_and(|extension| extension == "wasm")
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "table" => Self::Table,
            "json" => Self::Json,
            "html" => Self::Html,
            _ => bail!("`{text}` is no format: use table, json or html"),
        })
    }
}

impl FromStr for Sort {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "cost" => Self::Cost,
            "size" => Self::Size,
            "name" => Self::Name,
            _ => bail!("`{text}` is no order: use cost, size or name"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(text: &str) -> Result<(Options, Vec<OsString>), String> {
        let words: Vec<_> = text.split_whitespace().map(OsString::from).collect();
        Options::take(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn own_options_are_told_from_those_that_say_what_to_build() {
        let (options, rest) =
            take("demo --format=html --dev --output o.html --sort size -q --limit all").unwrap();
        let expected = Options {
            module: None,
            why: None,
            function: None,
            format: Format::Html,
            output: Some("o.html".into()),
            sort: Sort::Size,
            limit: usize::MAX,
        };
        assert_eq!((options, rest), (expected, ["demo", "--dev", "-q"].map(OsString::from).into()));
        let (options, rest) = take("a/b.wasm --why read").unwrap();
        assert_eq!(options.module, Some("a/b.wasm".into()));
        assert_eq!(options.why.as_deref(), Some("read"));
        assert_eq!((options.format, options.sort, options.limit), (Format::Table, Sort::Cost, 20));
        assert_eq!(rest, [""; 0].map(OsString::from));
        assert_eq!(take("a.wasm --function 7").unwrap().0.function, Some(7));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, message) in [
            ("--format yaml", "`yaml` is no format: use table, json or html"),
            ("--sort date", "`date` is no order: use cost, size or name"),
            ("--function f", "`f` is no function's number, as a message has it"),
            ("--limit few", "`few` is no limit: use a number, or `all`"),
            ("--why", "--why needs a value"),
            ("demo -- x", "report runs nothing: leave out `--` and what comes after it"),
            (
                "a.wasm --dev",
                "`--dev` says what to build, but `a.wasm` is built already: leave one of them out",
            ),
            (
                "--why f --format json",
                "--why and --function print text, and have neither --format nor --output: --format \
                 json has the calls of all functions",
            ),
        ] {
            assert_eq!(take(text).unwrap_err(), message, "{text}");
        }
    }
}
