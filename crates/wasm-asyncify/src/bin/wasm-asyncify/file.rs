//! Makes the module in one file pausable, and writes it to another.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use tempfile::NamedTempFile;
use wasm_asyncify::analysis::Imports;
use wasm_asyncify::{Error, Options, Prepared, Remedy, analyse, module};

use crate::report::Format;

/// What to do with a module, and what to print about it.
#[derive(Debug, Default)]
pub(crate) struct Job {
    pub(crate) options: Options,
    /// Whether the functions keep their names.
    pub(crate) keeps_names: bool,
    /// Whether to print which functions are instrumented.
    pub(crate) is_verbose: bool,
    /// Whether listed imports may be missing in the module: Emscripten lists all that it has.
    pub(crate) lists_absent_imports: bool,
}

/// Stands for the standard streams.
const STREAM: &str = "-";

impl Job {
    /// Makes the module in `input` pausable, and writes it to `output`. If that fails, `output` stays as it was.
    ///
    /// # Errors
    ///
    /// If it cannot be read, made pausable or written.
    pub(crate) fn run(&self, input: &Path, output: &Path) -> Result<()> {
        let made = self.make(input).with_context(|| format!("in `{}`", input.display()))?;
        write(output, &made)
    }

    /// Writes which functions would be instrumented, and why.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub(crate) fn report(&self, format: Format, input: &Path, output: &Path) -> Result<()> {
        let report = || {
            let bytes = parse(&read(input)?)?;
            let findings = analyse(&bytes, &self.options).map_err(worded)?;
            self.warn_of(findings.analysis().unmatched());
            Ok::<_, anyhow::Error>(format.report(&findings))
        };
        let report = report().with_context(|| format!("in `{}`", input.display()))?;
        if output == Path::new(STREAM) {
            return match io::stdout().write_all(report.as_bytes()) {
                // The reader stops before the end, as `head` does.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => result.context("cannot write to the standard output"),
            };
        }
        write(output, report.as_bytes())
    }

    /// Warns of listed names that match nothing.
    fn warn_of(&self, unmatched: &[String]) {
        let is_import = |pattern| match &self.options.choice.imports {
            Imports::Matching(imports) => imports.contains(pattern),
            _ => false,
        };
        for pattern in unmatched.iter().filter(|it| !(self.lists_absent_imports && is_import(*it)))
        {
            eprintln!("wasm-asyncify: warning: nothing in the module is called `{pattern}`");
        }
    }

    fn make(&self, input: &Path) -> Result<Vec<u8>> {
        let bytes = parse(&read(input)?)?;
        let prepared = Prepared::new(&bytes, &self.options).map_err(worded)?;
        self.warn_of(prepared.unmatched());
        if self.is_verbose {
            for (function, why) in prepared.functions() {
                eprintln!("{function} {why}");
            }
        }
        let made = prepared.instrument().map_err(worded)?;
        if self.is_verbose {
            eprintln!("{} of {} functions are instrumented", made.instrumented, made.functions);
        }
        if let Some(warning) = &made.start_can_suspend {
            eprintln!("wasm-asyncify: warning: {warning}");
        }
        if let Some(why) = &made.lost_debug_info {
            eprintln!("wasm-asyncify: warning: {why}: it is left out");
        }
        match self.keeps_names {
            true => Ok(made.module),
            false => Ok(module::without_sections(&made.module, |section| section == "name")?),
        }
    }
}

/// Converts an error of the library's. Leaves out advice that this command has no option for.
fn worded(error: Error) -> anyhow::Error {
    anyhow!(error.message(|remedy| match remedy {
        Remedy::UpdateOrNoChecks | Remedy::UpdateOrNoStackChecks => "update it".to_owned(),
        Remedy::ChooseMemory => {
            "say which is for frames (`--memory=NAME`), or have one added (`--secondary-memory`)"
                .to_owned()
        }
        Remedy::UseFirstMemory => "leave out `--memory` and `--secondary-memory`".to_owned(),
        Remedy::ListOnce => "take it out of the add list or out of the remove list".to_owned(),
        Remedy::ResumeAllAtOnce => "leave out `--flat`".to_owned(),
        other => other.to_string(),
    }))
}

/// Reads a module that is binary or text.
fn parse(bytes: &[u8]) -> Result<Vec<u8>> {
    /// The longest line of a message. The text of some modules is one line.
    const LONGEST: usize = 200;
    match wat::parse_bytes(bytes) {
        Ok(bytes) => Ok(bytes.into_owned()),
        Err(error) => {
            let message = error.to_string();
            match message.lines().any(|line| line.len() > LONGEST) {
                // These lines say what is wrong, and where.
                true => bail!(message.lines().take(2).collect::<Vec<_>>().join("\n")),
                false => Err(error.into()),
            }
        }
    }
}

fn read(input: &Path) -> Result<Vec<u8>> {
    if input == Path::new(STREAM) {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).context("cannot read the standard input")?;
        return Ok(bytes);
    }
    fs::read(input).context("cannot read it")
}

fn write(output: &Path, bytes: &[u8]) -> Result<()> {
    if output == Path::new(STREAM) {
        let mut stream = io::stdout();
        if stream.is_terminal() {
            bail!("a module is nothing for a terminal: say where to write it with `-o FILE`");
        }
        return stream.write_all(bytes).context("cannot write to the standard output");
    }
    let failed = || format!("cannot write `{}`", output.display());
    // Writes to the target of a link, and keeps the link.
    let target = fs::canonicalize(output);
    let output = target.as_deref().unwrap_or(output);
    if fs::metadata(output).is_ok_and(|there| !there.is_file()) {
        // A device or a pipe (`/dev/null`): a file must not take its place.
        return fs::write(output, bytes).with_context(failed);
    }
    let folder = match output.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut file = NamedTempFile::new_in(folder).with_context(failed)?;
    file.write_all(bytes).with_context(failed)?;
    // Only the owner can read a temporary file. The module gets its usual permissions.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let permissions = match fs::metadata(output) {
            Ok(old) => old.permissions(),
            Err(_) => fs::Permissions::from_mode(0o644),
        };
        fs::set_permissions(file.path(), permissions).with_context(failed)?;
    }
    file.persist(output).with_context(failed)?;
    Ok(())
}
