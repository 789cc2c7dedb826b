//! Asyncify for guests, with a cache of results: wasm-opt takes longer than all later steps.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_bysyncify::{Optimizer, Options, Recipe, Resumption, WasmOpt, setup};

use crate::matrix::Configuration;

/// The versions of wasm-opt that a run needs, ready to use.
pub(crate) struct Asyncifier {
    versions: HashMap<u32, WasmOpt>,
    /// The folder of the cached results.
    folder: PathBuf,
}

impl Asyncifier {
    /// Finds or installs every Binaryen that these configurations name.
    pub(crate) fn new<'a>(
        folder: PathBuf,
        configurations: impl IntoIterator<Item = &'a Configuration>,
    ) -> Result<Self> {
        let mut versions = HashMap::new();
        let needed = configurations.into_iter().filter(|it| it.needs_binaryen());
        for Configuration { binaryen, .. } in needed {
            if !versions.contains_key(binaryen) {
                versions.insert(*binaryen, setup::wasm_opt_version(*binaryen)?);
            }
        }
        Ok(Self { versions, folder })
    }

    /// The asyncified form of `input`, which is `guest` built for `configuration`.
    pub(crate) fn run(
        &self,
        guest: &str,
        configuration: Configuration,
        variant: Option<&Variant>,
        input: &Path,
    ) -> Result<PathBuf> {
        let wasm_opt = self.versions.get(&configuration.binaryen);
        let name = title(configuration, variant);
        let output = self.folder.join(guest).join(format!("{name}.wasm"));
        if configuration.ours {
            as_our_linker(wasm_opt, configuration, input, &output)?;
            return Ok(output);
        }
        let wasm_opt = wasm_opt.context("this Binaryen was not asked for at the start")?;
        let arguments = arguments(configuration, variant);
        let recipe = format!("{} {}", wasm_opt.version(), arguments.join(" "));
        cached(input, &recipe, &output, |unfinished| {
            let arguments = arguments.iter().map(OsStr::new);
            wasm_opt.run(arguments.chain([input.as_os_str(), "-o".as_ref(), unfinished.as_ref()]))
        })?;
        Ok(output)
    }
}

/// Transforms a linked module as our linker does.
fn as_our_linker(
    wasm_opt: Option<&WasmOpt>,
    configuration: Configuration,
    input: &Path,
    output: &Path,
) -> Result<()> {
    let kept = output.with_extension("transformed");
    let optimizer = wasm_opt.map(|wasm_opt| Keeping { wasm_opt, kept: &kept });
    let optimizer = optimizer.as_ref().map(|optimizer| optimizer as &dyn Optimizer);
    let resumption = match configuration.all_at_once {
        true => Resumption::AllAtOnce,
        false => Resumption::Automatic,
    };
    let recipe = Recipe {
        resumption,
        checks: configuration.is_checked(),
        symbols: configuration.is_checked(),
        opt_level: configuration.optimise.unwrap_or('0').to_string().parse()?,
        verify: true,
        ..Recipe::default()
    };
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)?;
    }
    let asyncified = cargo_bysyncify::asyncify(&read(input)?, &recipe, optimizer)?;
    fs::write(output, asyncified).with_context(|| format!("cannot write `{}`", output.display()))
}

/// A `wasm-opt` that caches its last result. The steps before and after it take no time, and are what we test.
struct Keeping<'a> {
    wasm_opt: &'a WasmOpt,
    kept: &'a Path,
}

impl Keeping<'_> {
    fn keep(
        &self,
        what: &str,
        input: &Path,
        output: &Path,
        options: &Options,
        transform: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        let recipe = format!("{} {what} {options:?}", self.wasm_opt.version());
        cached(input, &recipe, self.kept, transform)?;
        fs::copy(self.kept, output)
            .with_context(|| format!("cannot copy `{}`", self.kept.display()))?;
        Ok(())
    }
}

impl Optimizer for Keeping<'_> {
    fn asyncify(&self, input: &Path, output: &Path, options: &Options) -> Result<()> {
        self.keep("asyncify", input, output, options, |unfinished| {
            self.wasm_opt.asyncify(input, unfinished, options)
        })
    }

    fn optimise(&self, input: &Path, output: &Path, options: &Options) -> Result<()> {
        self.keep("optimise", input, output, options, |unfinished| {
            self.wasm_opt.optimise(input, unfinished, options)
        })
    }
}

/// A special way to asyncify a guest, with tests of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variant {
    /// The prefix of its tests' names.
    pub(crate) name: String,
    /// The arguments of wasm-opt, in place of the usual ones.
    pub(crate) arguments: Vec<String>,
}

/// The name of a configuration, with its variant.
pub(crate) fn title(configuration: Configuration, variant: Option<&Variant>) -> String {
    match variant {
        Some(Variant { name, .. }) => format!("{configuration}-{name}"),
        None => configuration.to_string(),
    }
}

/// The arguments that a user without our toolchain passes (README.md), at the level of the configuration.
fn arguments(configuration: Configuration, variant: Option<&Variant>) -> Vec<String> {
    let usual = || vec!["--asyncify".into(), "--pass-arg=asyncify-ignore-imports".into()];
    let mut arguments = variant.map_or_else(usual, |variant| variant.arguments.clone());
    // Names cost nothing here, and make the stack trace of a trap readable.
    arguments.push("--debuginfo".into());
    arguments.extend(configuration.optimise.map(|level| format!("-O{level}")));
    arguments
}

/// Makes `output` from `input` by `transform`, unless it was made before from the same input by the same recipe.
pub(crate) fn cached(
    input: &Path,
    recipe: &str,
    output: &Path,
    transform: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    // The key has the whole input, not a hash: modules are small, and a hash could collide.
    let mut key = recipe.as_bytes().to_vec();
    key.push(b'\n');
    key.extend(read(input)?);
    let key_file = output.with_extension("key");
    if output.exists() && fs::read(&key_file).is_ok_and(|old| old == key) {
        return Ok(());
    }

    // The key is removed first and written last, so that it is never beside the output of another input.
    if key_file.exists() {
        fs::remove_file(&key_file)?;
    }
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)?;
    }
    let unfinished = output.with_extension("unfinished");
    transform(&unfinished)?;
    fs::rename(&unfinished, output)?;
    fs::write(&unfinished, key)?;
    fs::rename(&unfinished, key_file)?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;
    use core::cell::Cell;

    #[test]
    fn a_result_is_made_once_for_each_input_and_recipe() {
        let folder = tempfile::tempdir().expect("a folder");
        let (input, output) = (folder.path().join("in"), folder.path().join("out"));
        let calls = Cell::new(0);
        let run = |content: &str, recipe: &str| {
            fs::write(&input, content).expect("an input");
            cached(&input, recipe, &output, |unfinished| {
                calls.set(calls.get() + 1);
                Ok(fs::write(unfinished, format!("{content} by {recipe}"))?)
            })
            .expect("a result");
            (calls.get(), fs::read_to_string(&output).expect("an output"))
        };
        assert_eq!(run("a", "r"), (1, "a by r".into()));
        assert_eq!(run("a", "r"), (1, "a by r".into()));
        assert_eq!(run("b", "r"), (2, "b by r".into()));
        assert_eq!(run("b", "s"), (3, "b by s".into()));

        let failed = cached(&input, "t", &output, |_| bail!("no"));
        assert!(failed.is_err());
        assert_eq!(run("b", "s"), (4, "b by s".into()), "what failed is not kept");
    }

    #[test]
    fn plain_means_no_optimisation() {
        let mut configuration = crate::matrix::quick()[0];
        assert!(arguments(configuration, None).contains(&"-O3".into()));
        configuration.optimise = None;
        assert!(!arguments(configuration, None).iter().any(|argument| argument.starts_with("-O")));
    }

    #[test]
    fn a_variant_replaces_the_usual_arguments() {
        let configuration = crate::matrix::quick()[0];
        let variant = Variant { name: "other".into(), arguments: vec!["--vacuum".into()] };
        assert_eq!(arguments(configuration, Some(&variant)), ["--vacuum", "--debuginfo", "-O3"]);
        assert_eq!(title(configuration, Some(&variant)), format!("{configuration}-other"));
    }
}
