//! Makes all builds of a program, which is linked only once.
//!
//! `wasm-opt` gets the module that the linker wrote. Our linker gets the inputs of that linker: with `--reproduce` it
//! keeps a copy of the objects and the arguments.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use cargo_bysyncify::setup::{self, WasmTarget};
use cargo_bysyncify::{Compact, OptLevel, Recipe, WasmOpt};

use super::{Build, name};
use crate::asyncify::cached;
use crate::bench::LINKER;
use crate::guests::TARGET;
use crate::matrix;
use crate::process;
use crate::workspace::{Package, Workspace};

/// The tool that makes a module of a program, and its arguments.
pub(super) enum How {
    WasmOpt(&'static [&'static str]),
    Linker(&'static [&'static str]),
    /// Our linker's library, with no function in compact form and no stack checks. (The linker has no option for the
    /// former.)
    AllFast,
}

/// The tools for building programs.
pub(super) struct Workshop {
    target: WasmTarget,
    wasm_opt: WasmOpt,
    /// Cargo's target directory, which also has the modules.
    folder: PathBuf,
}

/// A program that was only linked.
struct Linked {
    module: PathBuf,
    /// The inputs of the linker, in a tar file.
    objects: PathBuf,
}

impl Workshop {
    pub(super) fn new(workspace: &Workspace, wasm_opt: Option<&Path>) -> Result<Self> {
        let binaryen = matrix::quick()[0].binaryen;
        Ok(Self {
            target: setup::wasm_target(TARGET)?,
            wasm_opt: match wasm_opt {
                Some(path) => WasmOpt::at(path)?,
                None => setup::wasm_opt_version(binaryen)?,
            },
            folder: workspace.target.join("bench"),
        })
    }

    pub(super) fn wasm_opt_version(&self) -> u32 {
        self.wasm_opt.version()
    }

    /// The modules, in the order of `builds`.
    pub(super) fn build(&self, package: &Package, builds: &[Build]) -> Result<Vec<PathBuf>> {
        // Progress goes to standard error, because standard output may be piped.
        eprintln!("{}: compiling …", name(package));
        let linked = self.link(package)?;
        builds.iter().map(|build| self.make(package, &linked, build)).collect()
    }

    /// Compiles and links with opt-level 3 and LTO.
    fn link(&self, package: &Package) -> Result<Linked> {
        let artefact = package.artefact.as_deref().context("the package builds no program")?;
        let build = matrix::Build { opt_level: '3', fat_lto: true };
        let built = self.folder.join(TARGET).join(build.profile());
        let objects = built.join(artefact).with_extension("tar");
        let mut command = process::cargo();
        // A program of bench/large is in another workspace.
        command
            .current_dir(&package.folder)
            .args(["rustc", "--quiet", "--lib", "--target", TARGET, "--package", &package.name])
            .args(["--profile", &build.profile()])
            .args(build.cargo_config("abort"))
            .arg("--target-dir")
            .arg(&self.folder)
            .args(["--", "-C"])
            .arg(format!("link-arg=--reproduce={}", objects.display()));
        // A seed of Rhai's hash function is chosen at random when it is compiled.
        command.env("CONST_RANDOM_SEED", "the same each time");
        self.target.apply(&mut command);
        process::must_succeed(&mut command)?;
        Ok(Linked { module: built.join(artefact).with_extension("wasm"), objects })
    }

    /// Makes one build, which is cached until its inputs change.
    fn make(&self, package: &Package, linked: &Linked, build: &Build) -> Result<PathBuf> {
        let program = name(package);
        let file = build.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let output = self.folder.join("programs").join(program).join(file).with_extension("wasm");
        let recipe = self.recipe(&build.how)?;
        cached(&linked.module, &recipe, &output, |unfinished| {
            eprintln!("{program}: {} …", build.name);
            let started = Instant::now();
            match build.how {
                How::WasmOpt(arguments) => self.wasm_opt(&linked.module, unfinished, arguments),
                How::Linker(arguments) => self.relink(&linked.objects, unfinished, arguments),
                How::AllFast => self.all_fast(&linked.objects, unfinished),
            }?;
            eprintln!("{program}: {} took {:.0} s", build.name, started.elapsed().as_secs_f32());
            Ok(())
        })
        .with_context(|| format!("cannot make the build `{}` of {program}", build.name))?;
        Ok(output)
    }

    /// Everything that the result depends on, except the program.
    fn recipe(&self, how: &How) -> Result<String> {
        let version = self.wasm_opt.version();
        let arguments = match how {
            How::WasmOpt(arguments) => return Ok(format!("wasm-opt {version} {arguments:?}")),
            How::Linker(arguments) => arguments,
            How::AllFast => &["(all fast)"][..],
        };
        // Our linker is this program itself. Its build time stands for its behaviour.
        let built = fs::metadata(own_path()?)?.modified()?;
        Ok(format!("linker of {built:?} with wasm-opt {version} {arguments:?}"))
    }

    fn wasm_opt(&self, input: &Path, output: &Path, arguments: &[&str]) -> Result<()> {
        let files = [input.as_os_str(), "-o".as_ref(), output.as_os_str()];
        // With names, as our linker does: they make the stack trace of a trap readable.
        let arguments = arguments.iter().chain(&["--debuginfo"]).map(OsStr::new);
        self.wasm_opt.run(arguments.chain(files))
    }

    /// Links again, with our linker.
    fn relink(&self, objects: &Path, output: &Path, arguments: &[&str]) -> Result<()> {
        let mut link = Command::new(own_path()?);
        link.arg(LINKER)
            .env("BYSYNCIFY_LINKER", self.rust_lld()?)
            .env("BYSYNCIFY_OPT", "3")
            .env("WASM_OPT", self.wasm_opt.path());
        fs::rename(link_objects(objects, &mut link, arguments)?, output)?;
        Ok(())
    }

    /// Links again with the options that our linker uses, and then does by itself what our linker does.
    fn all_fast(&self, objects: &Path, output: &Path) -> Result<()> {
        let for_analysis =
            ["--emit-relocs", "--keep-section=name", "--keep-section=target_features"];
        let mut link = Command::new(self.rust_lld()?);
        let linked = link_objects(objects, &mut link, &for_analysis)?;
        let recipe = Recipe {
            compact: Compact::None,
            no_stack_checks: true,
            opt_level: OptLevel::O3,
            ..Recipe::default()
        };
        let made = cargo_bysyncify::asyncify(&fs::read(linked)?, &recipe, Some(&self.wasm_opt))?;
        fs::write(output, made)?;
        Ok(())
    }

    /// The linker of the compiler in use.
    fn rust_lld(&self) -> Result<PathBuf> {
        let name = format!("bin/rust-lld{}", env::consts::EXE_SUFFIX);
        // From lib/rustlib/wasm32-unknown-unknown/lib to lib/rustlib/<host>/bin.
        let all = self.target.libdir.ancestors().nth(2).context("no folder of targets")?;
        let targets =
            fs::read_dir(all).with_context(|| format!("cannot read `{}`", all.display()))?;
        let mut paths = targets.filter_map(|target| Some(target.ok()?.path().join(&name)));
        paths
            .find(|path| path.exists())
            .with_context(|| format!("there is no `*/{name}` in `{}`", all.display()))
    }
}

/// Has a linker link the contents of the tar file, with additional arguments. Returns the module's path.
fn link_objects(objects: &Path, linker: &mut Command, arguments: &[&str]) -> Result<PathBuf> {
    // A new folder each time, so that our linker finds no earlier results there.
    let folder = objects.with_extension("objects");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut unpack = Command::new("tar");
    process::must_succeed(unpack.arg("-xf").arg(objects).arg("-C").arg(&folder))?;

    // The linker's archive has a single folder, with the archive's name.
    let inner = folder.join(objects.file_stem().unwrap_or_default());
    linker
        .current_dir(&inner)
        .args(["-flavor", "wasm", "@response.txt", "-o", "linked.wasm"])
        .args(arguments);
    process::must_succeed(linker)?;
    Ok(inner.join("linked.wasm"))
}

fn own_path() -> Result<PathBuf> {
    env::current_exe().context("cannot tell where this program is")
}
