//! The input of a report: the linked module, and the modules that are made from it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasm_asyncify::analysis::{NoSuspend, Precision};
use wasm_asyncify::module::AsyncifyInfo;
use wasmparser::Parser;

use crate::link_options::LinkOptions;
use crate::manifest::Manifest;
use crate::optimizer::{OptLevel, Optimizer};
use crate::pipeline::{self, Asyncified, Recipe};
use crate::setup::{self, WasmOpt};
use crate::store::{self, Store};
use crate::wording::Worded as _;

/// A module that can suspend, and how it was made.
#[derive(Debug)]
pub(super) struct Material {
    store: Store,
    /// The module as it was linked.
    pub(super) linked: Vec<u8>,
    /// None if the module was only linked.
    manifest: Option<Manifest>,
}

/// The modules that are compared.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) manifest: Manifest,
    /// Optimised without Asyncify.
    pub(super) plain: Vec<u8>,
    /// Optimised with it.
    pub(super) asyncified: Vec<u8>,
}

impl Material {
    /// Reads a module: one that was only linked, or one that our linker has asyncified.
    pub(super) fn read(module: &Path) -> Result<Self> {
        let wasm = store::read(module)?;
        let info = AsyncifyInfo::read(&wasm)
            .with_context(|| format!("`{}` is no WebAssembly module", module.display()))?;
        if info.needs_asyncify().worded()? {
            let store = Store::new(module);
            return Ok(Self { store, linked: wasm, manifest: None });
        }
        if Parser::is_component(&wasm) {
            bail!(
                "`{}` is a component: give the module that it was made of, as it was linked",
                module.display()
            );
        }
        let Some(store) = Store::behind(module, &wasm)? else {
            bail!(
                "`{}` imports nothing of Asyncify, and this program's linker has kept nothing of it \
                 here. Either nothing in it can be suspended, or it was made elsewhere or changed \
                 afterwards: build it with `cargo bysyncify build`, or give the module as it was \
                 linked",
                module.display()
            );
        };
        let linked = store::read(&store.linked())?;
        let text = store::read(&store.manifest())?;
        let manifest = Manifest::read(&String::from_utf8_lossy(&text))
            .with_context(|| format!("cannot understand `{}`", store.manifest().display()))?;
        if manifest.recipe.everything {
            bail!(
                "`{}` was linked with --bysyncify-everything: Binaryen chose what to instrument, \
                 and does not say why. Build it without",
                module.display()
            );
        }
        Ok(Self { store, linked, manifest: Some(manifest) })
    }

    /// The recipe by which the module was made pausable, or would be.
    ///
    /// `link` has the present options of the user.
    pub(super) fn recipe(&self, link: &LinkOptions) -> Result<Recipe> {
        match &self.manifest {
            Some(manifest) => Ok(manifest.recipe.clone()),
            None => {
                let opt_level = OptLevel::from_environment()?.unwrap_or(OptLevel::O3);
                let no_suspend = NoSuspend(link.assume_no_suspend.clone());
                let precision = if link.precise { Precision::Slots } else { Precision::Types };
                let suspends = link.suspends.clone();
                Ok(Recipe { opt_level, no_suspend, suspends, precision, ..Recipe::default() })
            }
        }
    }

    /// Refuses a module of which it is not known how it was made pausable, or will be: that decides what is saved.
    pub(super) fn must_be_made_by_our_linker(&self) -> Result<()> {
        if self.manifest.is_none() {
            bail!(
                "it was linked, and not made pausable yet, so it is not known how much will be saved: give --stack a \
                 project, or the module that `cargo bysyncify build` has made"
            );
        }
        Ok(())
    }

    /// The default path of the page.
    pub(super) fn page(&self) -> PathBuf {
        self.store.page()
    }

    /// Makes the modules that do not exist yet.
    pub(super) fn finish(&self, recipe: &Recipe) -> Result<Finished> {
        let optimizer = match &self.manifest {
            Some(manifest) => same_wasm_opt(manifest)?,
            None => setup::installed_wasm_opt()?,
        };
        let manifest =
            self.manifest.clone().unwrap_or_else(|| Manifest::with(optimizer.as_ref(), recipe));
        let optimiser = optimizer.as_ref().map(|optimizer| optimizer as &dyn Optimizer);
        let (store, linked) = (&self.store, &self.linked);
        let asyncified = match store.find(linked, &manifest.text()) {
            Some(asyncified) => asyncified,
            None => {
                eprintln!("  Asyncifying, and keeping it for the next report");
                let Asyncified { module, .. } =
                    pipeline::asyncify(linked, recipe, optimiser, |_| {})?;
                store.keep(linked, &manifest.text(), &module)?;
                module
            }
        };
        if !store.plain().is_file() {
            eprintln!("   Optimising without Asyncify, and keeping it for the next report");
            let plain = pipeline::plain(linked, recipe, optimiser)?;
            store::write(&store.plain(), &plain)?;
        }
        let plain = store::read(&store.plain())?;
        Ok(Finished { manifest, plain, asyncified })
    }
}

/// The `wasm-opt` that made a module: only results of the same one can be compared.
fn same_wasm_opt(manifest: &Manifest) -> Result<Option<WasmOpt>> {
    let Some((path, version)) = &manifest.wasm_opt else { return Ok(None) };
    let optimizer = WasmOpt::at(path)?;
    if optimizer.version() != *version {
        bail!(
            "the module was made by wasm-opt {}, and `{}` is {} now: build it again, after \
             `cargo clean`",
            version,
            path.display(),
            optimizer.version()
        );
    }
    Ok(Some(optimizer))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message about a module that was made with this manifest.
    fn refusal(manifest: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let module = dir.path().join("a.wasm");
        let wasm = wat::parse_str(r#"(module (func (export "asyncify_start_unwind")))"#).unwrap();
        store::write(&module, &wasm).unwrap();
        Store::new(&module).keep(b"linked", manifest, &wasm).unwrap();
        let error = Material::read(&module).unwrap_err();
        format!("{error:#}").replace(&format!("{}/", dir.path().display()), "")
    }

    #[test]
    fn what_binaryen_chose_is_not_explained() {
        let recipe = Recipe { everything: true, ..Recipe::default() };
        let manifest = Manifest { wasm_opt: Some(("wasm-opt".into(), 108)), recipe };
        assert_eq!(
            refusal(&manifest.text()),
            "`a.wasm` was linked with --bysyncify-everything: Binaryen chose what to instrument, \
             and does not say why. Build it without"
        );
    }

    #[test]
    fn what_another_version_wrote_is_not_guessed_at() {
        assert_eq!(
            refusal("{}"),
            "cannot understand `a.bysyncify/manifest.json`: something is missing"
        );
    }
}
