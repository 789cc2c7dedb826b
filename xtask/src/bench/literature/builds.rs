//! The builds that are measured: the workloads in C, made pausable by each tool, and in Rust.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_bysyncify::{OptLevel, Recipe, WasmOpt, setup};
use wasm_asyncify::{Options, Producer, Resumption};

use super::worker::SCRIPT;
use crate::bench::runtime::Runtime;
use crate::guests::TARGET;
use crate::matrix;
use crate::process;
use crate::tools;
use crate::workspace::Workspace;

/// A build of all workloads.
pub(super) struct Build {
    pub(super) name: &'static str,
    pub(super) file: PathBuf,
    pub(super) runs: Runs,
}

/// The runtime of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// The engine.
    Module,
    /// An engine that suspends stacks by itself. That takes so long that not all workloads run.
    PausedByHost,
    /// The machine.
    Native,
}

impl Build {
    pub(super) fn command(&self, runtime: &Runtime) -> Command {
        match self.runs {
            Runs::Module | Runs::PausedByHost => {
                let mut command = runtime.command(SCRIPT);
                command.arg(&self.file);
                command
            }
            Runs::Native => Command::new(&self.file),
        }
    }
}

/// The baseline, which all builds are compared with, and the build that has targets: see [`all`].
pub(super) const BASELINE: usize = 0;
pub(super) const OURS: usize = 3;

/// Makes all builds, beginning with the baseline. Also returns the version of Binaryen.
pub(super) fn all(workspace: &Workspace) -> Result<(Vec<Build>, u32)> {
    let folder = workspace.target.join("bench/literature");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let wasm_opt = setup::wasm_opt_version(matrix::NEWEST)?;
    let maker = Maker { workspace, folder: &folder, wasm_opt: &wasm_opt };
    let (module, paused_by_host) = (maker.compile_c(&[])?, maker.compile_c(&["-DJSPI"])?);
    let build = |name, file, runs| Build { name, file, runs };
    let builds = vec![
        build("C, Binaryen", maker.optimise(&module, "binaryen", &["--asyncify"])?, Runs::Module),
        build("C, ours", maker.ours(&module, Resumption::AllAtOnce)?, Runs::Module),
        build("C, ours flat", maker.ours(&module, Resumption::OneByOne)?, Runs::Module),
        build("Rust", maker.rust()?, Runs::Module),
        build("C, JSPI", maker.optimise(&paused_by_host, "jspi", &[])?, Runs::PausedByHost),
        build("native", maker.native()?, Runs::Native),
    ];
    Ok((builds, wasm_opt.version()))
}

/// The arguments for all modules in C.
const AFTER: [&str; 3] = ["-O3", "--strip-debug", "--enable-reference-types"];

struct Maker<'a> {
    workspace: &'a Workspace,
    folder: &'a Path,
    wasm_opt: &'a WasmOpt,
}

impl Maker<'_> {
    fn compile_c(&self, options: &[&str]) -> Result<PathBuf> {
        let clang = tools::clang()?;
        let object = self.folder.join(format!("module{}.o", options.concat()));
        let module = object.with_extension("wasm");
        let mut compiler = clang.compiler();
        compiler.args(["--target=wasm32-wasi", "-O3", "-c"]).args(options);
        compiler.arg(self.workspace.root.join("bench/literature/module.c")).arg("-o").arg(&object);
        process::must_succeed(&mut compiler)?;
        let mut linker = clang.linker();
        linker.arg(&object).arg("-o").arg(&module).args(["--no-entry", "-lc", "-L"]);
        process::must_succeed(linker.arg(tools::wasi_libc()?))?;
        Ok(module)
    }

    /// Optimises a module, and strips debug info (Debian's libc has some). Where functions are resumed one by one
    /// there is a second table, so calls need reference types.
    fn optimise(&self, module: &Path, name: &str, passes: &[&str]) -> Result<PathBuf> {
        let made = self.folder.join(name).with_extension("opt.wasm");
        let mut arguments = vec![module.as_os_str(), "-o".as_ref(), made.as_os_str()];
        arguments.extend(passes.iter().chain(&AFTER).map(OsStr::new));
        self.wasm_opt.run(arguments)?;
        Ok(made)
    }

    fn ours(&self, module: &Path, resumption: Resumption) -> Result<PathBuf> {
        let options = Options { producer: Producer::Any, resumption, ..Options::default() };
        let name = format!("{resumption:?}");
        let made = self.folder.join(&name).with_extension("wasm");
        fs::write(&made, wasm_asyncify::transform(&read(module)?, &options)?.module)?;
        self.optimise(&made, &name, &[])
    }

    /// Builds the Rust module as our linker does.
    fn rust(&self) -> Result<PathBuf> {
        let build = matrix::Build { opt_level: '3', fat_lto: true };
        let mut command = self.cargo("module");
        command.args(["--target", TARGET, "--profile", &build.profile()]);
        command.args(build.cargo_config("abort"));
        setup::wasm_target(TARGET)?.apply(&mut command);
        process::must_succeed(&mut command)?;
        let built = self.folder.join(TARGET).join(build.profile()).join("examples/module.wasm");
        let recipe = Recipe { opt_level: OptLevel::O3, ..Recipe::default() };
        let linked = cargo_bysyncify::asyncify(&read(&built)?, &recipe, Some(self.wasm_opt))?;
        let made = self.folder.join("rust.wasm");
        fs::write(&made, linked)?;
        Ok(made)
    }

    fn native(&self) -> Result<PathBuf> {
        process::must_succeed(self.cargo("native").arg("--release"))?;
        let name = format!("native{}", std::env::consts::EXE_SUFFIX);
        Ok(self.folder.join("release/examples").join(name))
    }

    fn cargo(&self, example: &str) -> Command {
        let mut command = process::cargo();
        command.current_dir(&self.workspace.root);
        command.args(["build", "--quiet", "--package", "bench-literature", "--example", example]);
        command.arg("--target-dir").arg(self.folder);
        command
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}
