//! The options of the command line: what to test, and how.

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

/// The seed of every test, unless `--seed` says otherwise ("bysync" in ASCII).
pub(crate) const DEFAULT_SEED: u64 = 0x6279_7379_6e63;

/// The parts that `cargo xtask test` consists of, in the order it runs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    Host,
    Native,
    Guests,
    /// Those guests, and packages with tests of their own, that show what no safe program can do.
    Safe,
    Examples,
    Everywhere,
    /// Panics that do.
    Unwind,
    /// Guests whose coroutines are continuations of the engine's.
    StackSwitching,
    /// `wasm-asyncify`, with modules of other compilers.
    Engine,
    Fuzz,
}

/// What to test, and how.
#[derive(Debug, Default, PartialEq, Args)]
pub(crate) struct TestOptions {
    #[arg(long, value_name = "PART")]
    pub(crate) only: Option<Part>,
    /// Only the guests, in one configuration (opt-level 3, newest Binaryen), both ways: minutes. With --only, of that part
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only this example [implies --only examples]
    #[arg(long, value_name = "PACKAGE")]
    pub(crate) example: Option<String>,
    /// Only this guest package [implies --only guests]
    #[arg(long, value_name = "PACKAGE")]
    pub(crate) guest: Option<String>,
    /// Only configurations with this in the name [implies --only guests]
    #[arg(long, value_name = "SUBSTRING")]
    pub(crate) config: Option<String>,
    #[command(flatten)]
    pub(crate) run: RunOptions,
}

impl TestOptions {
    /// Whether this part of the tests was asked for.
    pub(crate) fn wants(&self, part: Part) -> bool {
        let narrowed = self.guest.is_some() || self.config.is_some() || self.run.filter.is_some();
        match self.only {
            Some(only) => only == part,
            // It is a part of two others.
            None if part == Part::Safe => false,
            None if self.example.is_some() => part == Part::Examples,
            None if self.quick => part == Part::Guests,
            None => part == Part::Guests || !narrowed,
        }
    }
}

/// How to run the tests of a module.
#[derive(Debug, PartialEq, Args)]
pub(crate) struct RunOptions {
    /// Guests: on this engine only, node or wasmi; stack-switching: node or wasmtime
    #[arg(long)]
    pub(crate) engine: Option<String>,
    /// Only tests with this in the name [of `test`: implies --only guests]
    #[arg(long, value_name = "SUBSTRING")]
    pub(crate) filter: Option<String>,
    /// The seed that guests ask for; 0x6279_7379_6e63 if not given
    #[arg(long, value_parser = parse_seed, default_value_t = DEFAULT_SEED)]
    #[arg(hide_default_value = true)]
    pub(crate) seed: u64,
    /// Show every test with its time and its trace
    #[arg(long)]
    pub(crate) verbose: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { engine: None, filter: None, seed: DEFAULT_SEED, verbose: false }
    }
}

/// Parses a seed: decimal, or hexadecimal after `0x`, as failures print it.
pub(crate) fn parse_seed(text: &str) -> Result<u64> {
    let digits = text.replace('_', "");
    match digits.strip_prefix("0x") {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16),
        None => digits.parse(),
    }
    .context("it is not a 64-bit number")
}
