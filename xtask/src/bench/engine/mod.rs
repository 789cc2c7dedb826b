//! `cargo xtask bench engine`: modules of other projects with everything instrumented, by us and by Binaryen: size,
//! cost of the pass, and CPU time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_bysyncify::setup;
use serde_json::Value;

use super::Figures;
use crate::matrix::NEWEST;
use crate::process;
use crate::tools;
use crate::workspace::Workspace;

mod pass;
mod table;

use pass::{Cost, Pass};
use table::{Build, Program, Report};

const PACKAGES: [&str; 5] = [
    "esbuild-wasm@0.28.2",
    "wa-sqlite@1.0.0",
    "quickjs-emscripten@0.32.0",
    "web-tree-sitter@0.27.2",
    "tree-sitter-javascript@0.25.0",
];

/// The names of programs in `bench/engine/programs.mjs`, and their modules.
const PROGRAMS: [(&str, &str); 4] = [
    ("sqlite", "wa-sqlite/dist/wa-sqlite.wasm"),
    ("quickjs", "@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm"),
    ("treeSitter", "web-tree-sitter/web-tree-sitter.wasm"),
    ("esbuild", "esbuild-wasm/esbuild.wasm"),
];

/// How often each pass runs. The shortest time counts.
const PASSES: usize = 3;

/// A pass that takes more than this many seconds of CPU time runs once.
const LONG: f64 = 5.0;

/// Measures every program, or the one with this name.
pub(super) fn measure(
    workspace: &Workspace,
    node: &Path,
    wasm_opt: Option<&Path>,
    only: Option<&str>,
) -> Result<impl Figures + use<>> {
    let packages = tools::from_npm(&PACKAGES)?;
    let mut build = process::cargo();
    build.current_dir(&workspace.root);
    build.args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "wasm-asyncify",
        "--features",
        "cli",
    ]);
    process::must_succeed(&mut build)?;
    let wasm_opt = match wasm_opt {
        Some(path) => path.to_owned(),
        None => setup::wasm_opt_version(NEWEST)?.path().to_owned(),
    };
    let passes = [
        Pass {
            name: "ours",
            program: workspace.target.join("release/wasm-asyncify"),
            options: Vec::new(),
        },
        Pass {
            name: "Binaryen",
            program: wasm_opt.clone(),
            options: [&tools::BINARYEN_FEATURES[..], &["--asyncify"]].concat(),
        },
        Pass {
            name: "Binaryen, -O2",
            program: wasm_opt.clone(),
            options: [&tools::BINARYEN_FEATURES[..], &["--asyncify", "-O2"]].concat(),
        },
    ];
    let folder = workspace.target.join("bench/engine");
    fs::create_dir_all(&folder)?;
    let mut programs = Vec::new();
    for (name, module) in PROGRAMS.iter().filter(|(name, _)| only.is_none_or(|only| only == *name))
    {
        let plain = packages.join("node_modules").join(module);
        let made = |pass: &Pass| folder.join(format!("{name}, {}.wasm", pass.name));
        let mut costs: Vec<Option<Cost>> = vec![None; passes.len()];
        for round in 0..PASSES {
            for (pass, cost) in passes.iter().zip(&mut costs) {
                if round == 0 || cost.is_some_and(|cost| cost.seconds < LONG) {
                    eprintln!("{name}: {}, {} of {PASSES} …", pass.name, round + 1);
                    *cost = pass.run(&plain, &made(pass))?.map(|it| it.least(*cost));
                }
            }
        }
        let mut builds = vec![("plain", plain, None)];
        let finished = passes.iter().zip(costs).filter_map(|(pass, cost)| Some((pass, cost?)));
        builds.extend(finished.map(|(pass, cost)| (pass.name, made(pass), Some(cost))));
        eprintln!("{name}: measuring …");
        let files: Vec<_> = builds.iter().map(|(_, file, _)| file.clone()).collect();
        let times = run(workspace, node, &packages, name, &files)?;
        let mut measured = Vec::new();
        for ((name, file, cost), (cpu, suspended)) in
            builds.into_iter().zip(times.cpu.into_iter().zip(times.suspended))
        {
            let bytes = fs::metadata(&file)?.len();
            measured.push(Build { name, bytes, cost, cpu, suspended });
        }
        programs.push(Program { name, builds: measured });
    }
    Ok(Report { wasm_opt: version(&wasm_opt)?, node: version(node)?, programs })
}

/// The version that a program prints.
fn version(program: &Path) -> Result<String> {
    let mut command = Command::new(program);
    let said = process::must_succeed(command.arg("--version"))?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

/// Milliseconds of CPU time, by build: of a run without suspends, and of a run that is suspended.
struct Times {
    cpu: Vec<Option<f64>>,
    suspended: Vec<Option<f64>>,
}

fn run(
    workspace: &Workspace,
    node: &Path,
    packages: &Path,
    program: &str,
    files: &[PathBuf],
) -> Result<Times> {
    let mut command = Command::new(node);
    command.arg(workspace.root.join("bench/engine/run.mjs")).arg(packages).arg(program);
    let printed = process::must_succeed(command.args(files))?;
    let printed: Value = serde_json::from_slice(&printed).context("run.mjs prints its figures")?;
    let times = |name: &str| {
        let times = printed[name].as_array().filter(|times| times.len() == files.len());
        let times = times.with_context(|| format!("run.mjs prints no `{name}`: {printed}"))?;
        anyhow::Ok(times.iter().map(Value::as_f64).collect())
    };
    Ok(Times { cpu: times("cpu")?, suspended: times("suspended")? })
}
