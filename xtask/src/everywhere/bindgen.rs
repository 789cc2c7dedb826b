//! wasm-bindgen: the same suite of tests for its output for Node, for browsers and for bundlers.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use cargo_bysyncify::setup;

use super::browser;
use super::projects::{DEV, Profile, Projects, RELEASE, SMALL, UNKNOWN};
use crate::steps::{Steps, passed};
use crate::{bindgen, process, tools};

pub(super) const PROJECT: &str = "wasm-bindgen";

/// The name of the project's modules and scripts.
pub(super) const NAME: &str = "everywhere_wasm_bindgen";

/// The bundler: of the popular ones, it is the one that accepts modules without a plug-in.
const WEBPACK: &str = "webpack@5.112.2";
const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/everywhere/webpack.mjs");

/// The targets of wasm-bindgen that are tested with each build.
const MATRIX: [(Profile, &[&str]); 3] = [
    (DEV, &["nodejs", "web"]),
    (RELEASE, &["nodejs", "bundler"]),
    (SMALL, &["nodejs", "web", "bundler", "no-modules"]),
];

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    let version = projects.version("wasm-bindgen")?;
    for (profile, targets) in MATRIX {
        let name = profile.name;
        let Some(module) = steps.make(name, || build(projects, profile)) else { continue };
        for target in targets {
            steps.test(&format!("{target}, {name}"), || {
                let folder = projects.target.join(PROJECT).join(name).join(target);
                bindgen::run(&version, target, &module, &folder)?;
                passed(&run(target, &projects.folder(PROJECT), &folder)?)
            });
        }
    }
    Ok(())
}

pub(super) fn build(projects: &Projects, profile: Profile) -> Result<PathBuf> {
    let mut cargo = projects.cargo("build", PROJECT, UNKNOWN, &[])?;
    if profile.name == SMALL.name {
        // A new one, whatever is installed: an old one has other errors.
        cargo.env("WASM_OPT", tools::new_binaryen()?.join("wasm-opt"));
    }
    process::must_succeed(cargo.args(["--profile", profile.name]))?;
    Ok(projects.module(&format!("{NAME}.wasm"), UNKNOWN, profile))
}

/// Runs the suite on what wasm-bindgen wrote into `package` for one of its targets.
pub(super) fn run(target: &str, project: &Path, package: &Path) -> Result<Vec<u8>> {
    let script = package.join(format!("{NAME}.js"));
    match target {
        "nodejs" => {
            let mut node = Command::new(setup::node()?);
            process::must_succeed(node.arg(project.join("node.mjs")).arg(script))
        }
        "bundler" => {
            let bundle = package.join("bundle");
            let mut node = Command::new(setup::node()?);
            node.arg(BUNDLE).arg(tools::from_npm(&[WEBPACK])?);
            process::must_succeed(node.arg(project.join("bundler.mjs")).arg(script).arg(&bundle))?;
            browser::show("bundler.html", &[&bundle, project])
        }
        page => browser::show(&format!("{page}.html"), &[package, project]),
    }
}
