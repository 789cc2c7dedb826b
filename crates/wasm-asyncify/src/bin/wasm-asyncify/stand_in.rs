//! Runs in place of Binaryen's `wasm-opt`.
//!
//! ```text
//!   wasm-opt IN -O2 --asyncify --pass-arg=asyncify-… -Os -g -o OUT
//!            ├───────┘ └── ours                     │
//!            └ the real one                         └ the real one
//! ```
//!
//! Passes run in the given order, as Binaryen's do. Options that are not passes apply to all of them.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::binaryen;
use crate::file::Job;

/// The options of wasm-opt's whose value is the next argument.
const WITH_VALUE: [&str; 18] = [
    "-o",
    "--output",
    "-pa",
    "--pass-arg",
    "-ol",
    "--optimize-level",
    "-s",
    "--shrink-level",
    "-aimfs",
    "--always-inline-max-function-size",
    "-fimfs",
    "--flexible-inline-max-function-size",
    "-ocimfs",
    "--one-caller-inline-max-function-size",
    "-efc",
    "--extra-fuzz-command",
    "-if",
    "--initial-fuzz",
];

/// The options that are not passes, beside `--enable-…` and `--disable-…`.
const NO_PASSES: [&str; 26] = [
    "-g",
    "--debuginfo",
    "-all",
    "--all-features",
    "-mvp",
    "--mvp-features",
    "--detect-features",
    "-n",
    "--no-validation",
    "-q",
    "--quiet",
    "-cw",
    "--closed-world",
    "-lmu",
    "--low-memory-unused",
    "-tnh",
    "--traps-never-happen",
    "-iit",
    "--ignore-implicit-traps",
    "-ffm",
    "--fast-math",
    "-uim",
    "--zero-filled-memory",
    "--no-stack-ir",
    "--optimize-stack-ir",
    "--debug",
];

/// Options with positions in a module, which change.
const SOURCE_MAPS: [&str; 6] = [
    "-ism",
    "--input-source-map",
    "-osm",
    "--output-source-map",
    "-osu",
    "--output-source-map-url",
];

/// Whether the arguments of a process are in Binaryen's spelling.
pub(crate) fn is_meant(arguments: &[OsString]) -> bool {
    let name = arguments.first().map(Path::new).and_then(Path::file_stem);
    let is_ours =
        |argument: &OsString| argument == "--asyncify" || text(argument).starts_with("--wasm-opt=");
    name == Some(OsStr::new("wasm-opt")) || arguments.iter().any(is_ours)
}

/// Does what `wasm-opt` would do with these arguments.
///
/// # Errors
///
/// If `--asyncify` fails, or the real wasm-opt is needed and cannot be run.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    let plan = Plan::read(arguments)?;
    if !plan.has_asyncify {
        return plan.real(arguments.iter().filter(|it| !text(it).starts_with("--wasm-opt=")));
    }
    let (Some(input), Some(output)) = (&plan.input, &plan.output) else {
        bail!("`--asyncify` wants a module, and where to write the result: `IN -o OUT`");
    };
    let (mut options, is_verbose) = binaryen::options(&plan.asyncify)?;
    let folder = TempDir::new().context("cannot make a temporary folder")?;
    let between = |name: &str| folder.path().join(name);
    let mut current = input.clone();
    if !plan.before.is_empty() {
        let next = between("before.wasm");
        // The lists need the names.
        let names = ["-g".into()];
        let code = plan.stage(&current, plan.before.iter().chain(&names), &next)?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
        current = next;
    }
    let is_last = plan.after.is_empty();
    options.debug_info = plan.everywhere.iter().any(|it| it == "-g" || it == "--debuginfo");
    let keeps_names = !is_last || options.debug_info;
    let next = if is_last { output.clone() } else { between("after.wasm") };
    Job { options, keeps_names, is_verbose, lists_absent_imports: true }.run(&current, &next)?;
    match is_last {
        true => Ok(ExitCode::SUCCESS),
        false => plan.stage(&next, plan.after.iter(), output),
    }
}

fn text(argument: &OsStr) -> &str {
    argument.to_str().unwrap_or_default()
}

/// The passes, and when they run.
#[derive(Debug, Default, PartialEq)]
struct Plan {
    input: Option<PathBuf>,
    output: Option<PathBuf>,
    has_asyncify: bool,
    before: Vec<OsString>,
    after: Vec<OsString>,
    /// Options for both.
    everywhere: Vec<OsString>,
    /// Asyncify's pass arguments, without `asyncify-`.
    asyncify: Vec<String>,
    /// The real `wasm-opt`.
    wasm_opt: Option<PathBuf>,
}

impl Plan {
    fn read(arguments: &[OsString]) -> Result<Self> {
        let mut plan = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let (option, mut value) = match text(argument).split_once('=') {
                Some((option, value)) => (option, Some(OsString::from(value))),
                None => (text(argument), None),
            };
            if WITH_VALUE.contains(&option) && value.is_none() {
                let missing = || format!("`{option}` wants a value");
                value = Some(rest.next().with_context(missing)?.clone());
            }
            match option {
                "--asyncify" if plan.has_asyncify => bail!("`--asyncify` is there twice"),
                "--asyncify" => plan.has_asyncify = true,
                "--wasm-opt" => {
                    let path = value.context("`--wasm-opt` wants a value: `--wasm-opt=PATH`")?;
                    plan.wasm_opt = Some(path.into());
                }
                "-o" | "--output" => plan.output = value.map(PathBuf::from),
                "-pa" | "--pass-arg" => plan.pass_argument(value.unwrap_or_default()),
                // These make the last stage write text.
                "-S" | "--emit-text" => plan.after.push(argument.clone()),
                _ if option.is_empty() || !option.starts_with('-') || option == "-" => {
                    plan.input = Some(argument.into());
                }
                _ => plan.option(argument, option, value),
            }
        }
        let maps = |argument: &&OsString| {
            SOURCE_MAPS.contains(&text(argument).split('=').next().unwrap_or_default())
        };
        match arguments.iter().find(maps) {
            Some(map) if plan.has_asyncify => bail!(
                "`{}` is not supported with `--asyncify`, after which the source map would be wrong: \
                 leave it out",
                map.display()
            ),
            _ => Ok(plan),
        }
    }

    fn pass_argument(&mut self, value: OsString) {
        match text(&value).strip_prefix("asyncify-") {
            Some(ours) => self.asyncify.push(ours.to_owned()),
            None => self.everywhere.extend(["--pass-arg".into(), value]),
        }
    }

    fn option(&mut self, argument: &OsString, option: &str, value: Option<OsString>) {
        let is_feature = option.starts_with("--enable-") || option.starts_with("--disable-");
        let place = if is_feature || NO_PASSES.contains(&option) {
            &mut self.everywhere
        } else if self.has_asyncify {
            &mut self.after
        } else {
            &mut self.before
        };
        place.push(argument.clone());
        if !text(argument).contains('=') {
            place.extend(value);
        }
    }

    /// Runs some of the passes, from one file to another.
    fn stage<'a>(
        &'a self,
        input: &'a Path,
        passes: impl Iterator<Item = &'a OsString>,
        output: &'a Path,
    ) -> Result<ExitCode> {
        let files = [input.as_os_str(), "-o".as_ref(), output.as_os_str()];
        let options = self.everywhere.iter().chain(passes).map(OsString::as_os_str);
        self.real(files.into_iter().chain(options))
    }

    /// Runs the real wasm-opt.
    fn real(&self, arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> Result<ExitCode> {
        let program = match &self.wasm_opt {
            Some(program) => program.clone(),
            None => installed()?,
        };
        let status = Command::new(&program)
            .args(arguments)
            .status()
            .with_context(|| format!("cannot run `{}`", program.display()))?;
        match status.code() {
            Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))),
            None => bail!("`{}` was ended: {status}", program.display()),
        }
    }
}

/// The first wasm-opt on PATH that is not this program.
fn installed() -> Result<PathBuf> {
    let ours = env::current_exe().and_then(|path| path.canonicalize()).ok();
    let found = which::which_all("wasm-opt").into_iter().flatten();
    let mut others = found.filter(|path| path.canonicalize().ok() != ours);
    others.next().context(
        "all passes but `--asyncify` are wasm-opt's, and there is none on PATH: install Binaryen, or \
         say where it is with `--wasm-opt=PATH`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(arguments: &str) -> Result<Plan> {
        Plan::read(&arguments.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn passes_run_in_the_order_that_they_are_given_in() {
        let list = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let plan = plan(
            "--strip-dwarf -O2 --asyncify --pass-arg=asyncify-imports@env.f -pa asyncify-verbose \
             --pass-arg other@1 in.wasm -o out.wasm -Os -ol 2 -g --mvp-features --enable-threads \
             --wasm-opt=real",
        );
        let expected = Plan {
            input: Some("in.wasm".into()),
            output: Some("out.wasm".into()),
            has_asyncify: true,
            before: list("--strip-dwarf -O2"),
            after: list("-Os -ol 2"),
            everywhere: list("--pass-arg other@1 -g --mvp-features --enable-threads"),
            asyncify: vec!["imports@env.f".into(), "verbose".into()],
            wasm_opt: Some("real".into()),
        };
        assert_eq!(plan.unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let refused = |arguments| plan(arguments).unwrap_err().to_string();
        assert_eq!(refused("in.wasm -o"), "`-o` wants a value");
        assert_eq!(
            refused("--asyncify --wasm-opt real"),
            "`--wasm-opt` wants a value: `--wasm-opt=PATH`"
        );
        assert_eq!(refused("--asyncify --asyncify"), "`--asyncify` is there twice");
        assert_eq!(
            refused("--asyncify -osm=out.map"),
            "`-osm=out.map` is not supported with `--asyncify`, after which the source map would be \
             wrong: leave it out"
        );
    }
}
