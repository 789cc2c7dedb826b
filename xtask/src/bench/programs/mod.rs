//! `cargo xtask bench programs`: the cost for real programs of being suspendable.
//!
//! Each program of bench/programs is linked once. All builds are made from that. They give the same answer, and are
//! run in turn in one process.

use std::path::Path;

use anyhow::{Result, bail};

use super::Figures;
use crate::workspace::{Kind, Package, Workspace};

mod build;
mod size;
mod table;
mod timing;

use build::{How, Workshop};
use size::Size;
use table::{Measured, Program, Report};

/// A way to make a module of a program. The other builds are compared with the first.
struct Build {
    name: &'static str,
    how: How,
    /// The export that is measured: `plain` or `inside`.
    run: &'static str,
    target: Option<Target>,
}

/// The targets: the highest ratios that we aim at.
#[derive(Clone, Copy)]
struct Target {
    size: f64,
    cpu: f64,
}

const BUILDS: [Build; 6] = [
    Build { name: "plain", how: How::WasmOpt(&["-O3"]), run: "plain", target: None },
    Build {
        name: "Binaryen's default",
        how: How::WasmOpt(&["--asyncify", "--pass-arg=asyncify-ignore-imports", "-O3"]),
        run: "inside",
        target: None,
    },
    Build { name: "types, all fast", how: How::AllFast, run: "inside", target: None },
    Build {
        name: "ours",
        how: How::Linker(&[]),
        run: "inside",
        target: Some(Target { size: 1.08, cpu: 1.04 }),
    },
    Build {
        name: "ours, stacks unchecked",
        how: How::Linker(&["--bysyncify-stack-checks=off"]),
        run: "inside",
        target: None,
    },
    Build {
        name: "ours, precise",
        how: How::Linker(&["--bysyncify-precise"]),
        run: "inside",
        target: Some(Target { size: 1.04, cpu: 1.03 }),
    },
];

/// The functions of SQLite that never wait, if only a function called from SQL waits. docs/tools.md has the list, too.
const SQLITE: &str = concat!(
    "--bysyncify-assume-no-suspend=",
    include_str!("../../../../bench/large/sqlite/no_suspend.txt")
);

/// The first `wasm-opt` that optimises modules with continuations.
const SWITCHING: u32 = 125;

/// The builds of a program. They include stack switching if both the optimiser and Node have it.
fn builds(program: &str, switches_stacks: bool) -> Vec<Build> {
    let mut builds = Vec::from(BUILDS);
    if switches_stacks {
        builds.push(Build {
            name: "ours, stack switching",
            how: How::Linker(&["--bysyncify-lowering=stack-switching"]),
            run: "inside",
            target: None,
        });
    }
    if program == "sqlite" {
        builds.push(Build {
            name: "ours, told what does not wait",
            how: How::Linker(&[SQLITE]),
            run: "inside",
            target: None,
        });
    }
    builds
}

/// Measures every program, or the one with this name.
pub(super) fn measure(
    workspace: &Workspace,
    node: &Path,
    wasm_opt: Option<&Path>,
    only: Option<&str>,
) -> Result<impl Figures + use<>> {
    let large = Workspace::at(&workspace.root.join("bench/large/Cargo.toml"))?;
    let workshop = Workshop::new(workspace, wasm_opt)?;
    let switches_stacks =
        workshop.wasm_opt_version() >= SWITCHING && timing::switches_stacks(node)?;
    let mut programs = Vec::new();
    let mut version = String::new();
    for package in chosen(workspace, &large, only)? {
        let all = builds(name(package), switches_stacks);
        let modules = workshop.build(package, &all)?;
        eprintln!("{}: measuring …", name(package));
        let timings = timing::run(node, workspace, package, &modules, &all)?;
        version = timings.node;
        let mut builds = Vec::new();
        for ((build, module), samples) in all.iter().zip(&modules).zip(timings.samples) {
            let size = Size::read(module)?;
            builds.push(Measured { name: build.name, target: build.target, size, samples });
        }
        programs.push(Program { name: name(package).into(), suspends: timings.suspends, builds });
    }
    Ok(Report { node: version, wasm_opt: workshop.wasm_opt_version(), programs })
}

/// The packages of bench/programs that are programs; or the one with this name, which may also be in bench/large.
fn chosen<'a>(
    workspace: &'a Workspace,
    large: &'a Workspace,
    only: Option<&str>,
) -> Result<Vec<&'a Package>> {
    let folder = workspace.root.join("bench/programs");
    let is_program =
        |package: &&Package| package.folder.starts_with(&folder) && package.artefact.is_some();
    let usual: Vec<_> = workspace.of_kind(Kind::Bench).filter(is_program).collect();
    let Some(only) = only else { return Ok(usual) };
    let all = || usual.iter().copied().chain(&large.packages);
    match all().find(|package| name(package) == only) {
        Some(package) => Ok(vec![package]),
        None => {
            let names: Vec<_> = all().map(name).collect();
            bail!("there is no program `{only}` in bench: there are {}", names.join(", "))
        }
    }
}

/// The name of a program, which is that of its folder.
fn name(package: &Package) -> &str {
    package.folder.file_name().and_then(|name| name.to_str()).unwrap_or(&package.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_for_sqlite_is_the_documented_one() {
        let guide = include_str!("../../../../docs/tools.md");
        let list: String = SQLITE.split_whitespace().collect();
        assert!(guide.contains(&list), "docs/tools.md does not have `{list}`");
    }

    #[test]
    fn programs_are_found_by_their_folders() {
        let workspace = Workspace::load().expect("a workspace");
        let large = workspace.root.join("bench/large/Cargo.toml");
        let large = Workspace::at(&large).expect("another workspace");
        let names = |only| -> Result<Vec<String>> {
            let chosen = chosen(&workspace, &large, only)?;
            Ok(chosen.into_iter().map(|package| name(package).to_owned()).collect())
        };
        assert_eq!(names(None).expect("programs"), ["image", "records", "script"]);
        assert_eq!(names(Some("script")).expect("a program"), ["script"]);
        assert_eq!(names(Some("sqlite")).expect("a program"), ["sqlite"]);
        assert_eq!(
            names(Some("support")).expect_err("no program").to_string(),
            "there is no program `support` in bench: there are image, records, script, javascript, \
             sqlite"
        );
    }
}
