//! The measured modules, all built and asyncified in the same way.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_bysyncify::{Lowering, OptLevel, Recipe, Resumption, WasmOpt, setup};

use crate::guests::TARGET;
use crate::matrix;
use crate::process;
use crate::workspace::Workspace;

/// Bytes of the smallest programs.
pub(super) struct Size {
    pub(super) with_coroutine: u64,
    pub(super) without: u64,
}

/// The arguments that users without our toolchain pass.
const ASYNCIFY: [&str; 3] = ["--asyncify", "--pass-arg=asyncify-ignore-imports", "-O3"];
const STRIP: [&str; 2] = ["--strip-debug", "--strip-producers"];

/// One side of a comparison.
#[derive(Clone, Copy)]
pub(super) enum Side {
    /// An export of bench/guest.
    Guest { export: &'static str, depth: u32 },
    /// The same in the module that our linker makes.
    Linked { export: &'static str, depth: u32 },
    /// The same, with coroutines as continuations of the engine.
    Continuations { export: &'static str, depth: u32 },
    /// bench/guest/examples/interpreter.rs, linked by our linker.
    Script { depth: u32, all_at_once: bool },
    /// An export of bench/guest/examples/reads.rs.
    Reads { export: &'static str },
    /// bench/switch.wat.
    Switch { depth: u32 },
    /// bench/least.wat.
    Least { depth: u32 },
    /// bench/jspi.wat.
    Jspi { depth: u32 },
}

impl Side {
    /// The number of functions on the stack where it waits, without the first.
    pub(super) fn depth(self) -> u32 {
        match self {
            Self::Guest { depth, .. }
            | Self::Linked { depth, .. }
            | Self::Continuations { depth, .. }
            | Self::Script { depth, .. }
            | Self::Switch { depth }
            | Self::Least { depth }
            | Self::Jspi { depth } => depth,
            Self::Reads { .. } => 0,
        }
    }
}

/// A function to be measured: called with `depth` and the number of repetitions.
pub(super) struct Function<'a> {
    pub(super) module: &'a Path,
    pub(super) export: &'static str,
    pub(super) depth: u32,
}

/// The paths of the modules, and figures that need no run.
pub(super) struct Modules {
    guest: PathBuf,
    linked: PathBuf,
    continuations: PathBuf,
    /// With functions resumed one by one, and all at once.
    script: [PathBuf; 2],
    reads: PathBuf,
    switch: PathBuf,
    least: PathBuf,
    pub(super) jspi: PathBuf,
    pub(super) memory: PathBuf,
    pub(super) binaryen: u32,
    pub(super) size: Size,
}

impl Modules {
    pub(super) fn build(workspace: &Workspace) -> Result<Self> {
        let configuration = matrix::quick()[0];
        let wasm_opt = setup::wasm_opt_version(configuration.binaryen)?;
        let folder = workspace.target.join("bench");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        let built = compile(workspace, &folder, configuration.build)?;
        let example = |name: &str| built.join("examples").join(name).with_extension("wasm");
        let tool = Tool { wasm_opt: &wasm_opt, folder: &folder };

        let with_coroutine =
            tool.run(&example("one_coroutine"), &[&ASYNCIFY[..], &STRIP].concat())?;
        let without = tool.run(&example("no_coroutine"), &[&["-O3"][..], &STRIP].concat())?;
        Ok(Self {
            guest: tool.run(&built.join("bench_guest.wasm"), &ASYNCIFY)?,
            linked: tool.link(
                &built.join("bench_guest.wasm"),
                OptLevel::O3,
                Resumption::Automatic,
            )?,
            continuations: tool.with_continuations(&built.join("bench_guest.wasm"))?,
            // Not optimised, because it is large: npm's wasm-opt would take a quarter of an hour.
            script: [
                tool.link(&example("interpreter"), OptLevel::O0, Resumption::Automatic)?,
                tool.link(&example("interpreter"), OptLevel::O0, Resumption::AllAtOnce)?,
            ],
            reads: tool.run(&example("reads"), &ASYNCIFY)?,
            switch: tool.run(&assemble(workspace, &folder, "switch")?, &ASYNCIFY)?,
            least: tool.run(&assemble(workspace, &folder, "least")?, &ASYNCIFY)?,
            jspi: assemble(workspace, &folder, "jspi")?,
            memory: tool.run(&example("memory"), &ASYNCIFY)?,
            binaryen: wasm_opt.version(),
            size: Size { with_coroutine: len(&with_coroutine)?, without: len(&without)? },
        })
    }

    /// The function that measures one side, if wasmi can run it.
    pub(super) fn counted(&self, side: Side) -> Option<Function<'_>> {
        match side {
            Side::Continuations { .. } => None,
            _ => self.function(side),
        }
    }

    /// The function that measures one side, if it needs no host.
    pub(super) fn function(&self, side: Side) -> Option<Function<'_>> {
        let (module, export) = match side {
            Side::Guest { export, .. } => (&self.guest, export),
            Side::Linked { export, .. } => (&self.linked, export),
            Side::Continuations { export, .. } => (&self.continuations, export),
            Side::Script { all_at_once, .. } => {
                (&self.script[usize::from(all_at_once)], "bench script")
            }
            Side::Reads { export } => (&self.reads, export),
            Side::Switch { .. } => (&self.switch, "bench suspend"),
            Side::Least { .. } => (&self.least, "bench suspend"),
            Side::Jspi { .. } => return None,
        };
        Some(Function { module, export, depth: side.depth() })
    }
}

/// Builds an example of bench/guest, and links it with our linker. Returns the path of the module.
pub(in crate::bench) fn linked_example(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let configuration = matrix::quick()[0];
    let wasm_opt = setup::wasm_opt_version(configuration.binaryen)?;
    let folder = workspace.target.join("bench");
    let built = compile(workspace, &folder, configuration.build)?;
    let tool = Tool { wasm_opt: &wasm_opt, folder: &folder };
    let example = built.join("examples").join(name).with_extension("wasm");
    tool.link(&example, OptLevel::O3, Resumption::Automatic)
}

/// Builds bench/guest and its examples. Returns their folder.
fn compile(workspace: &Workspace, folder: &Path, build: matrix::Build) -> Result<PathBuf> {
    let mut command = process::cargo();
    command
        .current_dir(&workspace.root)
        .args(["build", "--quiet", "--target", TARGET, "--package", "bench-guest"])
        .args(["--lib", "--examples", "--profile", &build.profile()])
        .args(build.cargo_config("abort"))
        .arg("--target-dir")
        .arg(folder);
    setup::wasm_target(TARGET)?.apply(&mut command);
    process::must_succeed(&mut command)?;
    Ok(folder.join(TARGET).join(build.profile()))
}

/// Assembles `bench/<name>.wat`.
fn assemble(workspace: &Workspace, folder: &Path, name: &str) -> Result<PathBuf> {
    let binary = wat::parse_file(workspace.root.join("bench").join(name).with_extension("wat"))?;
    write(folder.join(name).with_extension("wasm"), &binary)
}

fn write(path: PathBuf, bytes: &[u8]) -> Result<PathBuf> {
    fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(path)
}

fn len(path: &Path) -> Result<u64> {
    let metadata = path.metadata().with_context(|| format!("cannot read `{}`", path.display()));
    Ok(metadata?.len())
}

struct Tool<'a> {
    wasm_opt: &'a WasmOpt,
    folder: &'a Path,
}

impl Tool<'_> {
    /// Transforms a module as our linker does. Returns the path of the result.
    fn link(&self, input: &Path, opt_level: OptLevel, resumption: Resumption) -> Result<PathBuf> {
        let recipe = Recipe { opt_level, resumption, ..Recipe::default() };
        self.make(input, &recipe, &format!("{resumption:?}"))
    }

    /// The same, for an engine that switches stacks.
    fn with_continuations(&self, input: &Path) -> Result<PathBuf> {
        let lowering = Lowering::StackSwitching;
        let recipe = Recipe { opt_level: OptLevel::O3, lowering, ..Recipe::default() };
        self.make(input, &recipe, "continuations")
    }

    fn make(&self, input: &Path, recipe: &Recipe, kind: &str) -> Result<PathBuf> {
        let module =
            fs::read(input).with_context(|| format!("cannot read `{}`", input.display()))?;
        let made = cargo_bysyncify::asyncify(&module, recipe, Some(self.wasm_opt))?;
        let name = input.file_stem().unwrap_or_default().to_string_lossy();
        write(self.folder.join(format!("{name}.{kind}.wasm")), &made)
    }

    /// Runs wasm-opt. Returns the path of the result.
    fn run(&self, input: &Path, arguments: &[&str]) -> Result<PathBuf> {
        let name = input.file_stem().unwrap_or_default();
        let output = self.folder.join(name).with_extension("opt.wasm");
        let files = [input.as_os_str(), "-o".as_ref(), output.as_os_str()];
        self.wasm_opt.run(arguments.iter().map(OsStr::new).chain(files))?;
        Ok(output)
    }
}
