//! Parses the arguments that rustc gives a wasm linker, and makes the arguments for the real linker.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasm_asyncify::Lowering;
use wasm_asyncify::analysis::Precision;

use crate::optimizer::OptLevel;
use crate::response_file;

/// The arguments of one link.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// The arguments for the real linker: all except `-flavor wasm` and our own options, with response files
    /// expanded.
    passed_on: Vec<OsString>,
    /// Where the module is written; `a.out` by default.
    pub(crate) output: PathBuf,
    /// Whether several objects are joined into one. The result is not a module yet.
    pub(crate) is_relocatable: bool,
    /// Whether names and similar sections are removed.
    pub(crate) strip_all: bool,
    /// Sections that `--strip-all` keeps.
    pub(crate) kept_sections: Vec<String>,
    /// How hard to optimise, as far as rustc tells its linker: for levels `s` and `z` it passes `-O2`.
    pub(crate) opt_level: OptLevel,
    /// `--bysyncify-assume-no-suspend=core::fmt,…`: functions that never suspend, according to the user.
    pub(crate) no_suspend: Vec<String>,
    /// `--bysyncify-suspends=env.f,…`: imports that the host answers later, through Asyncify.
    pub(crate) suspends: Vec<String>,
    /// `--bysyncify-precise`: treat what looks like a vtable as a vtable.
    pub(crate) precision: Precision,
    /// `--bysyncify-everything`: instrument what Binaryen would instrument by default.
    pub(crate) everything: bool,
    /// `--bysyncify-lowering=asyncify|stack-switching`: what pauses coroutines.
    pub(crate) lowering: Lowering,
    /// `--bysyncify-checks=on|off`: whether the program checks itself at run time. By default on if it is not
    /// optimised.
    pub(crate) checks: bool,
    /// `--bysyncify-stack-checks=on|off`: whether the overflow of a coroutine's stack is detected. On by default.
    pub(crate) no_stack_checks: bool,
    /// `--bysyncify-symbols`: backtraces of suspended code have names, files and lines. They always have these where
    /// the program checks itself.
    pub(crate) symbols: bool,
}

impl Arguments {
    /// Reads the arguments, including those in response files (`@file`).
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
        let mut read = Self { output: PathBuf::from("a.out"), ..Self::default() };
        let mut checks = None;
        let mut is_optimised = false;
        let mut words = response_file::expanded(given)?.into_iter();
        while let Some(word) = words.next() {
            if let Some(option) = word.to_string_lossy().strip_prefix("--bysyncify-") {
                match option.split_once('=') {
                    Some(("assume-no-suspend", paths)) => {
                        read.no_suspend.extend(paths.split(',').map(|path| path.trim().to_owned()));
                    }
                    Some(("suspends", imports)) => {
                        read.suspends.extend(imports.split(',').map(|it| it.trim().to_owned()));
                    }
                    Some(("lowering", "asyncify")) => read.lowering = Lowering::Instrumentation,
                    Some(("lowering", "stack-switching")) => {
                        read.lowering = Lowering::StackSwitching;
                    }
                    Some(("checks", "on")) => checks = Some(true),
                    Some(("checks", "off")) => checks = Some(false),
                    Some(("stack-checks", "on")) => read.no_stack_checks = false,
                    Some(("stack-checks", "off")) => read.no_stack_checks = true,
                    None if option == "precise" => read.precision = Precision::Slots,
                    None if option == "everything" => read.everything = true,
                    None if option == "symbols" => read.symbols = true,
                    _ => bail!(
                        "`--bysyncify-{option}` is no option of this linker, which has \
                         --bysyncify-assume-no-suspend=PATH,…, --bysyncify-suspends=MODULE.NAME,…, \
                         --bysyncify-precise, --bysyncify-everything, --bysyncify-symbols, \
                         --bysyncify-checks=on|off, --bysyncify-stack-checks=on|off and \
                         --bysyncify-lowering=asyncify|stack-switching"
                    ),
                }
                continue;
            }
            read.passed_on.push(word.clone());
            // All options that we search for are ASCII. Only the output's name may not be.
            let text = word.to_string_lossy();
            match &*text {
                "-o" | "--output" => {
                    let value = words.next().with_context(|| format!("{text} needs a value"))?;
                    read.passed_on.push(value.clone());
                    read.output = value.into();
                }
                // lld itself writes it in this form (`--reproduce`).
                "-O" => {
                    let level = words.next().context("-O needs a value")?;
                    read.opt_level = opt_level(&level.to_string_lossy());
                    is_optimised = level != "0";
                    read.passed_on.push(level);
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
                        is_optimised = level != "0";
                    }
                }
            }
        }
        if read.everything && read.precision == Precision::Slots {
            bail!(
                "`--bysyncify-precise` says how this linker chooses what to instrument, and with \
                 `--bysyncify-everything` Binaryen chooses: leave one of them out"
            );
        }
        if read.everything && read.lowering == Lowering::StackSwitching {
            bail!(
                "`--bysyncify-lowering=stack-switching` has nothing instrumented, and \
                 `--bysyncify-everything` all: leave one of them out"
            );
        }
        read.checks = checks.unwrap_or(!is_optimised);
        Ok(read)
    }

    /// The arguments for the real linker.
    pub(crate) fn passed_on(&self) -> &[OsString] {
        &self.passed_on
    }

    /// The same arguments, but with another output, and with options that keep what the analysis needs. DWARF is most
    /// of a debug build's bytes.
    pub(crate) fn for_analysis(&self, output: &Path, keeps_debug_info: bool) -> Vec<OsString> {
        let mut words = Vec::with_capacity(self.passed_on.len() + 4);
        let mut is_value = false;
        for word in &self.passed_on {
            let text = word.to_string_lossy();
            if is_value {
                words.push(output.into());
                is_value = false;
            } else if text.starts_with("--output=") {
                words.extend(["-o".into(), output.into()]);
            } else {
                is_value = text == "-o" || text == "--output";
                words.push(word.clone());
            }
        }
        let wanted = ["--emit-relocs", "--keep-section=name", "--keep-section=target_features"];
        words.extend(wanted.map(Into::into));
        words.extend((!keeps_debug_info).then(|| "--strip-debug".into()));
        words
    }

    /// Whether the real linker keeps DWARF.
    pub(crate) fn keeps_debug_info(&self) -> bool {
        !self
            .passed_on
            .iter()
            .any(|it| ["-s", "--strip-all", "-S", "--strip-debug"].iter().any(|strip| it == strip))
    }

    /// Whether `--strip-all` removes a custom section: the same sections that `wasm-ld` removes.
    pub(crate) fn strips(&self, section: &str) -> bool {
        let stripped = ["name", "producers", "target_features"].contains(&section)
            || section.starts_with(".debug_");
        self.strip_all && stripped && !self.kept_sections.iter().any(|kept| kept == section)
    }
}

fn opt_level(level: &str) -> OptLevel {
    level.parse().unwrap_or_default()
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
                passed_on: words(
                    "--export main -z stack-size=1048576 a.o -o t/a.wasm -O3 --strip-all"
                ),
                output: "t/a.wasm".into(),
                is_relocatable: false,
                strip_all: true,
                kept_sections: vec![],
                opt_level: OptLevel::O3,
                no_suspend: vec![],
                suspends: vec![],
                precision: Precision::Types,
                everything: false,
                lowering: Lowering::Instrumentation,
                checks: false,
                no_stack_checks: false,
                symbols: false,
            }
        );
    }

    #[test]
    fn as_hard_as_the_compiler_has_optimised() {
        assert_eq!(read("a.o -O0").opt_level, OptLevel::O0);
        assert_eq!(read("a.o").opt_level, OptLevel::O0);
        assert_eq!(read("a.o -O2").opt_level, OptLevel::O2);
        assert_eq!(read("a.o -O 2").opt_level, OptLevel::O2);
        assert_eq!(read("a.o -O 2").passed_on(), words("a.o -O 2"));
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
    fn our_own_options_are_not_passed_on() {
        let read = read(
            "a.o -O3 --bysyncify-assume-no-suspend=core::fmt,regex \
             --bysyncify-assume-no-suspend=csv -o b",
        );
        assert_eq!(read.passed_on(), words("a.o -O3 -o b"));
        assert_eq!(read.no_suspend, ["core::fmt", "regex", "csv"]);
        let error = Arguments::read(&words("a.o --bysyncify-fast")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`--bysyncify-fast` is no option of this linker, which has \
             --bysyncify-assume-no-suspend=PATH,…, --bysyncify-suspends=MODULE.NAME,…, \
             --bysyncify-precise, --bysyncify-everything, --bysyncify-symbols, \
             --bysyncify-checks=on|off, --bysyncify-stack-checks=on|off and \
             --bysyncify-lowering=asyncify|stack-switching"
        );
        let both = Arguments::read(&words("a.o --bysyncify-precise --bysyncify-everything"));
        assert_eq!(
            both.unwrap_err().to_string(),
            "`--bysyncify-precise` says how this linker chooses what to instrument, and with \
             `--bysyncify-everything` Binaryen chooses: leave one of them out"
        );
        let both = words("a.o --bysyncify-everything --bysyncify-lowering=stack-switching");
        assert_eq!(
            Arguments::read(&both).unwrap_err().to_string(),
            "`--bysyncify-lowering=stack-switching` has nothing instrumented, and \
             `--bysyncify-everything` all: leave one of them out"
        );
        let precision = |text| super::tests::read(text).precision;
        assert_eq!(precision("a.o"), Precision::Types);
        assert_eq!(precision("a.o --bysyncify-precise"), Precision::Slots);
    }

    #[test]
    fn program_checks_itself_if_it_is_not_optimised_or_is_told_to() {
        assert!(read("a.o").checks);
        assert!(read("a.o -O0").checks);
        assert!(!read("a.o -O2").checks);
        assert!(read("a.o --bysyncify-checks=on -O2").checks);
        assert!(!read("a.o -O0 --bysyncify-checks=off").checks);
    }

    #[test]
    fn stack_is_checked_unless_it_is_not_to_be() {
        assert!(!read("a.o").no_stack_checks);
        assert!(!read("a.o -O3 --bysyncify-checks=off").no_stack_checks);
        assert!(read("a.o --bysyncify-stack-checks=off").no_stack_checks);
        let off_and_on = "a.o --bysyncify-stack-checks=off --bysyncify-stack-checks=on";
        assert!(!read(off_and_on).no_stack_checks);
    }

    #[test]
    fn functions_are_instrumented_unless_the_engine_is_to_switch_stacks() {
        let lowering = |text| read(text).lowering;
        assert_eq!(lowering("a.o"), Lowering::Instrumentation);
        let switching = "a.o --bysyncify-lowering=stack-switching";
        assert_eq!(lowering(switching), Lowering::StackSwitching);
        let not = format!("{switching} --bysyncify-lowering=asyncify");
        assert_eq!(lowering(&not), Lowering::Instrumentation);
    }

    #[test]
    fn second_link_goes_elsewhere_and_keeps_what_the_analysis_needs() {
        let kept = "--emit-relocs --keep-section=name --keep-section=target_features --strip-debug";
        let second = |text: &str| read(text).for_analysis(Path::new("b"), false);
        assert_eq!(second("-o a x.o"), words(&format!("-o b x.o {kept}")));
        assert_eq!(second("--output a -s"), words(&format!("--output b -s {kept}")));
        assert_eq!(second("--output=a -s"), words(&format!("-o b -s {kept}")));
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
    fn output_without_a_value() {
        let error = Arguments::read(&words("a.o -o")).unwrap_err();
        assert_eq!(error.to_string(), "-o needs a value");
    }
}
