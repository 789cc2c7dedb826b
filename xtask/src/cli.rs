//! The command line: reads what was asked for.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::bench::{Benchmark, Options as BenchOptions};
use crate::fuzz::Options as FuzzOptions;
use crate::options::{Part, RunOptions, TestOptions};

/// Printed by `cargo xtask help` and after a mistake on the command line.
pub(crate) const USAGE: &str = "\
usage: cargo xtask <command>

  test   run every test: on the host, of the guests in real wasm and natively, of the examples
      --engine node|wasmi   guests: on this engine only
      --quick               guests: one configuration (opt-level 3, newest Binaryen), both ways
      --only PART           only `host`, `native`, `guests`, `safe` (some of the guests),
                            `examples`, `everywhere`, `unwind` (panics that do), `engine`
                            (other compilers than rustc) or `fuzz`
      --example PACKAGE     only this example                 (implies --only examples)
      --guest PACKAGE       only this guest package           (implies --only guests)
      --config SUBSTRING    only configurations named so      (implies --only guests)
      --filter SUBSTRING    only tests with this in the name  (implies --only guests)
      --seed N              the seed that guests ask for; default 0x6279_7379_6e63
      --verbose             show every test with its time and its trace

  run MODULE.wasm           run the tests of one asyncified module
      --checked             one that checks itself, as debug builds of our linker do
      --engine, --filter, --seed, --verbose as above

  everywhere [NAME…]        build and run projects with the tools that people use, such as
                            wasm-bindgen: all that `test` runs, or these (a wrong name lists them)

  bench [switch|programs]   measure, one or both (bench/README.md): suspend and resume, spawn,
                            memory, size; or real programs, their size and CPU time
      --program NAME        only this one of bench/programs or bench/large   (implies programs)
      --wasm-opt PATH       with this wasm-opt, not npm's        (implies programs)
      --json                for programs
      --node PATH           with this Node
  bench browser             frame times of a page that reads a large archive (examples/browser)

  fuzz   random programs: what waits in them is instrumented, whatever calls what
      --programs N          so many wasm programs; default 2000
      --crates N            so many Rust crates; default 3
      --steps N             so many suspends in wasm programs that are compared with what never
                            suspends, without wasm-opt; default 200000
      --mutants N           so many changes of instrumented modules that the checker must
                            notice, or that make no difference; default 500
      --seed N              others than those of the default seed
      --program N           only this one of the first module, as a mismatch says

  check  format, clippy, docs, feature combinations, MSRV, packages, file lengths

  help   show this text";

/// One of the commands of `cargo xtask`.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Test(TestOptions),
    Run(PathBuf, RunOptions),
    Everywhere(Vec<String>),
    Check,
    Bench(BenchOptions),
    Fuzz(FuzzOptions),
    Help,
    /// Internal: be the child process that runs tests on wasmi.
    WasmiRunner,
}

/// Reads the arguments that follow the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let mut arguments = Arguments(arguments.into_iter());
    match arguments.next()?.as_deref() {
        Some("test") => parse_test(&mut arguments),
        Some("run") => parse_run(&mut arguments),
        Some("everywhere") => parse_everywhere(&mut arguments),
        Some("check") => arguments.end(Command::Check),
        Some("bench") => parse_bench(&mut arguments),
        Some("fuzz") => parse_fuzz(&mut arguments),
        Some("wasmi-runner") => arguments.end(Command::WasmiRunner),
        Some("help" | "--help" | "-h") | None => Ok(Command::Help),
        Some(other) => bail!("there is no command `{other}`"),
    }
}

fn parse_test(arguments: &mut Arguments<impl Iterator<Item = OsString>>) -> Result<Command> {
    let mut options = TestOptions::default();
    while let Some(argument) = arguments.next()? {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--example" => options.example = Some(arguments.value("--example")?),
            "--guest" => options.guest = Some(arguments.value("--guest")?),
            "--config" => options.config = Some(arguments.value("--config")?),
            "--only" => {
                options.only = Some(match arguments.value("--only")?.as_str() {
                    "host" => Part::Host,
                    "native" => Part::Native,
                    "guests" => Part::Guests,
                    "safe" => Part::Safe,
                    "examples" => Part::Examples,
                    "everywhere" => Part::Everywhere,
                    "unwind" => Part::Unwind,
                    "engine" => Part::Engine,
                    "fuzz" => Part::Fuzz,
                    other => bail!("`--only {other}`: no such part"),
                });
            }
            other => parse_run_option(other, arguments, &mut options.run)?,
        }
    }
    Ok(Command::Test(options))
}

fn parse_run(arguments: &mut Arguments<impl Iterator<Item = OsString>>) -> Result<Command> {
    let mut module = None;
    let mut options = RunOptions::default();
    while let Some(argument) = arguments.next()? {
        if module.is_none() && !argument.starts_with('-') {
            module = Some(PathBuf::from(argument));
        } else if argument == "--checked" {
            options.checked = true;
        } else {
            parse_run_option(&argument, arguments, &mut options)?;
        }
    }
    let module = module.context("`cargo xtask run` needs the path of a module")?;
    Ok(Command::Run(module, options))
}

fn parse_everywhere(arguments: &mut Arguments<impl Iterator<Item = OsString>>) -> Result<Command> {
    let mut names = Vec::new();
    while let Some(name) = arguments.next()? {
        if name.starts_with('-') {
            bail!("there is no option `{name}` here");
        }
        names.push(name);
    }
    Ok(Command::Everywhere(names))
}

fn parse_bench(arguments: &mut Arguments<impl Iterator<Item = OsString>>) -> Result<Command> {
    let mut options = BenchOptions::default();
    while let Some(argument) = arguments.next()? {
        match argument.as_str() {
            "switch" if options.only.is_none() => options.only = Some(Benchmark::Switch),
            "programs" if options.only.is_none() => options.only = Some(Benchmark::Programs),
            "browser" if options == BenchOptions::default() => {
                return arguments.end(Command::Bench(BenchOptions {
                    only: Some(Benchmark::Browser),
                    ..options
                }));
            }
            "--json" => options.json = true,
            "--program" => options.program = Some(arguments.value("--program")?),
            "--wasm-opt" => options.wasm_opt = Some(arguments.value("--wasm-opt")?.into()),
            "--node" => options.node = Some(arguments.value("--node")?.into()),
            other => bail!("there is no option `{other}` here"),
        }
    }
    let for_programs =
        [("--program", options.program.is_some()), ("--wasm-opt", options.wasm_opt.is_some())];
    if let Some((option, _)) = for_programs.iter().find(|(_, is_set)| *is_set) {
        match options.only {
            Some(Benchmark::Switch) => bail!("`bench switch` has no `{option}`"),
            _ => options.only = Some(Benchmark::Programs),
        }
    }
    Ok(Command::Bench(options))
}

fn parse_fuzz(arguments: &mut Arguments<impl Iterator<Item = OsString>>) -> Result<Command> {
    let mut options = FuzzOptions::default();
    while let Some(argument) = arguments.next()? {
        match argument.as_str() {
            "--programs" => options.programs = arguments.number("--programs")?,
            "--crates" => options.crates = arguments.number("--crates")?,
            "--mutants" => options.mutants = arguments.number("--mutants")?,
            "--steps" => options.steps = arguments.number("--steps")?,
            "--program" => options.only = Some(arguments.number("--program")?),
            "--seed" => options.seed = parse_seed(&arguments.value("--seed")?)?,
            other => bail!("there is no option `{other}` here"),
        }
    }
    Ok(Command::Fuzz(options))
}

fn parse_run_option(
    option: &str,
    arguments: &mut Arguments<impl Iterator<Item = OsString>>,
    options: &mut RunOptions,
) -> Result<()> {
    match option {
        "--engine" => options.engine = Some(arguments.value("--engine")?),
        "--filter" => options.filter = Some(arguments.value("--filter")?),
        "--seed" => options.seed = parse_seed(&arguments.value("--seed")?)?,
        "--verbose" => options.verbose = true,
        other => bail!("there is no option `{other}` here"),
    }
    Ok(())
}

/// A seed as people write it and as failures print it: decimal, or hexadecimal after `0x`.
fn parse_seed(text: &str) -> Result<u64> {
    let digits = text.replace('_', "");
    match digits.strip_prefix("0x") {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16),
        None => digits.parse(),
    }
    .with_context(|| format!("`--seed {text}` is not a 64-bit number"))
}

/// The arguments not read yet.
struct Arguments<I>(I);

impl<I: Iterator<Item = OsString>> Arguments<I> {
    fn next(&mut self) -> Result<Option<String>> {
        let Some(argument) = self.0.next() else { return Ok(None) };
        match argument.into_string() {
            Ok(text) => Ok(Some(text)),
            Err(raw) => bail!("argument {raw:?} is not UTF-8"),
        }
    }

    fn value(&mut self, option: &str) -> Result<String> {
        self.next()?.with_context(|| format!("`{option}` needs a value"))
    }

    fn number(&mut self, option: &str) -> Result<usize> {
        let value = self.value(option)?;
        value.parse().with_context(|| format!("`{option} {value}` is not a number"))
    }

    fn end(&mut self, command: Command) -> Result<Command> {
        match self.next()? {
            None => Ok(command),
            Some(extra) => bail!("`{extra}` is one argument too many"),
        }
    }
}

#[cfg(test)]
mod tests;
