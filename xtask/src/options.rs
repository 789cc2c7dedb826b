//! What to test, and how: what the command line asks for, as plain data.

/// The seed of every test, unless `--seed` says otherwise ("bysync" in ASCII).
pub(crate) const DEFAULT_SEED: u64 = 0x6279_7379_6e63;

/// The parts that `cargo xtask test` consists of, in the order it runs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Host,
    Native,
    Guests,
    /// Those guests, and packages with tests of their own, that show what no safe program can do.
    Safe,
    Examples,
    Everywhere,
    Unwind,
    /// `wasm-asyncify`, with modules of other compilers.
    Engine,
    Fuzz,
}

/// What to test, and how.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct TestOptions {
    pub(crate) only: Option<Part>,
    pub(crate) quick: bool,
    pub(crate) example: Option<String>,
    pub(crate) guest: Option<String>,
    pub(crate) config: Option<String>,
    pub(crate) run: RunOptions,
}

impl TestOptions {
    /// Whether this part of the tests was asked for.
    pub(crate) fn wants(&self, part: Part) -> bool {
        let narrowed = self.guest.is_some() || self.config.is_some() || self.run.filter.is_some();
        match self.only {
            Some(only) => only == part,
            // A part of two others.
            None if part == Part::Safe => false,
            None if self.example.is_some() => part == Part::Examples,
            None => part == Part::Guests || !narrowed,
        }
    }
}

/// How to run the tests of a module.
#[derive(Debug, PartialEq)]
pub(crate) struct RunOptions {
    pub(crate) engine: Option<String>,
    pub(crate) filter: Option<String>,
    /// Whether the module to run checks itself.
    pub(crate) checked: bool,
    pub(crate) seed: u64,
    pub(crate) verbose: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { engine: None, filter: None, checked: false, seed: DEFAULT_SEED, verbose: false }
    }
}
