//! The arguments of `cargo bysyncify report`, except the program.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

/// The options of `report`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct Options {
    /// For a function with NAME in its name: the calls by which a coroutine gets to it and by which
    /// it can suspend; or why it is not instrumented
    #[arg(long, value_name = "NAME")]
    pub(crate) why: Option<String>,
    /// What the function is called whose number is in a message of an optimised program
    #[arg(long, value_name = "N")]
    pub(crate) function: Option<u32>,
    /// How much stack is enough for each kind of coroutine, and in which functions; or the recursion by which that is
    /// not known
    #[arg(long, conflicts_with_all = ["why", "function"])]
    pub(crate) stack: bool,
    /// The page has a map of the code, instrumented parts marked
    #[arg(long, value_name = "F", value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Where to write it; a page goes to NAME.bysyncify/report.html, beside the linked module, if
    /// it is not given
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What comes first in a table
    #[arg(long, value_name = "S", value_enum, default_value_t = Sort::Cost)]
    pub(crate) sort: Sort,
    /// How many functions to list, or `all`
    #[arg(long, value_name = "N", value_parser = limit, default_value = "20")]
    pub(crate) limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Html,
}

/// What comes first in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    Cost,
    Size,
    Name,
}

impl Options {
    /// Refuses options that make no sense together.
    pub(crate) fn check(&self) -> Result<()> {
        let prints_text = self.why.is_some() || self.function.is_some() || self.stack;
        if prints_text && (self.format, &self.output) != (Format::Table, &None) {
            bail!(
                "--why, --function and --stack print text, and have neither --format nor --output: \
                 --format json has the calls of all functions"
            );
        }
        Ok(())
    }
}

fn limit(text: &str) -> Result<usize, &'static str> {
    match text {
        "all" => Ok(usize::MAX),
        _ => text.parse().map_err(|_| "it is a number, or `all`"),
    }
}
