//! The linker as a program for Windows, run under wine, and called as rustc on Windows calls it.
//!
//! Two programs are not the real ones. There is no `rust-lld.exe` here: `windows/rust_lld.rs` in its place has the one of
//! Linux link. And rustc is the one of Linux: `windows/linker.sh` makes of its call one as on Windows, with a response
//! file in the quoting of Windows, backslashes in paths, and spaces.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use cargo_bysyncify::setup;

use super::projects::{DEV, Profile, Projects, RELEASE, UNKNOWN};
use crate::process;
use crate::steps::Steps;

const TRIPLE: &str = "x86_64-pc-windows-gnu";

/// The compiler for C of mingw-w64, which links for Windows.
const MINGW: &str = "x86_64-w64-mingw32-gcc";

/// Where wine may be.
const WINES: [&str; 3] = ["wine64", "wine", "/usr/lib/wine/wine64"];

/// The program that is linked.
const PROGRAM: &str = "typewriter";

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/everywhere/windows");

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    let Some(wine) = steps.found(wine()) else { return Ok(()) };
    let Some(()) = steps.found(mingw()) else { return Ok(()) };
    let folder = projects.target.join("windows in a folder");
    let Some(linker) = steps.make("bysyncify-ld.exe", || Linker::build(projects, wine, folder))
    else {
        return Ok(());
    };
    steps.test("says its version", || {
        let output = process::must_succeed(linker.wine().arg("--version"))?;
        let said = String::from_utf8_lossy(&output);
        ensure!(said.starts_with("bysyncify-ld "), "{said}");
        Ok(1)
    });
    for (profile, many) in [(DEV, false), (RELEASE, true)] {
        steps.test(&format!("links, {}", profile.name), || linker.link(profile, many));
    }
    Ok(())
}

fn wine() -> Result<PathBuf> {
    let runs = |wine: &&str| process::must_succeed(Command::new(wine).arg("--version")).is_ok();
    let found = WINES.into_iter().find(|wine| runs(wine));
    Ok(found.context("wine is not on PATH (in Debian's package wine64)")?.into())
}

fn mingw() -> Result<()> {
    let found = process::must_succeed(Command::new(MINGW).arg("--version"));
    found.map(drop).with_context(|| format!("`{MINGW}` is needed (in Debian's gcc-mingw-w64)"))
}

/// The linker, and what it needs.
struct Linker {
    wine: PathBuf,
    /// Where `bysyncify-ld.exe` and the others are.
    folder: PathBuf,
    workspace: PathBuf,
}

impl Linker {
    fn build(projects: &Projects, wine: PathBuf, folder: PathBuf) -> Result<Self> {
        let workspace = projects.folder("../..");
        let target = setup::windows_target()?;
        let built = projects.target.join("windows");
        let mut cargo = process::cargo();
        target.apply(&mut cargo);
        cargo.current_dir(&workspace).env("CARGO_TARGET_DIR", &built);
        cargo.env(cargo_bysyncify::linker_variable(TRIPLE), MINGW);
        cargo.args(["build", "--quiet", "--package", "cargo-bysyncify", "--bin", "bysyncify-ld"]);
        process::must_succeed(cargo.args(["--target", TRIPLE]))?;
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        let program = built.join(TRIPLE).join("debug/bysyncify-ld.exe");
        fs::copy(&program, folder.join("bysyncify-ld.exe"))
            .with_context(|| format!("cannot copy `{}`", program.display()))?;

        let mut rustc = Command::new(target.rustc.as_deref().unwrap_or(Path::new("rustc")));
        rustc.args(["--edition=2024", "--target", TRIPLE, &format!("-Clinker={MINGW}")]);
        rustc.args(&target.flags).arg(Path::new(SOURCES).join("rust_lld.rs"));
        process::must_succeed(rustc.arg("-o").arg(folder.join("rust-lld.exe")))?;
        let mut c = Command::new(MINGW);
        c.arg("-shared").arg(Path::new(SOURCES).join("bcryptprimitives.c")).arg("-o");
        process::must_succeed(c.arg(folder.join("bcryptprimitives.dll")).arg("-ladvapi32"))?;
        let script = Path::new(SOURCES).join("linker.sh");
        fs::copy(script, folder.join("linker.sh")).context("cannot copy `linker.sh`")?;
        make_executable(&folder.join("linker.sh"))?;
        Ok(Self { wine, folder, workspace })
    }

    /// `bysyncify-ld.exe`, under wine.
    fn wine(&self) -> Command {
        let mut command = Command::new(&self.wine);
        command.arg(self.folder.join("bysyncify-ld.exe"));
        self.apply(&mut command);
        command
    }

    /// Sets the variables that wine and the programs in it read.
    fn apply(&self, command: &mut Command) {
        let prefix = self.folder.join("wine");
        command.env("WINEPATH", in_wine(&self.folder)).env("WINEDEBUG", "-all");
        // Neither .NET nor a browser is asked for.
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=");
        command.env("BYSYNCIFY_TEST_DRIVES", prefix.join("dosdevices"));
        command.env("BYSYNCIFY_TEST_WINE", &self.wine).env("WINEPREFIX", prefix);
    }

    /// Links a program, and runs it in Node. With `many` arguments, more than a command line of Windows has room for.
    fn link(&self, profile: Profile, many: bool) -> Result<usize> {
        let calls = self.folder.join("calls");
        fs::write(&calls, "").context("cannot write to the folder")?;
        let target = setup::wasm_target(UNKNOWN)?;
        let host = setup::host_triple()?;
        let lld = target.libdir.join("../..").join(host).join("bin/rust-lld");
        let built = self.folder.join("target");
        let mut cargo = process::cargo();
        target.apply(&mut cargo);
        self.apply(&mut cargo);
        cargo.current_dir(&self.workspace).env("CARGO_TARGET_DIR", &built);
        cargo.env(cargo_bysyncify::linker_variable(UNKNOWN), self.folder.join("linker.sh"));
        cargo.env("BYSYNCIFY_TEST_LLD", lld);
        if many {
            cargo.env("BYSYNCIFY_TEST_MANY", "1");
        }
        let module = built.join(UNKNOWN).join(profile.folder).join(format!("{PROGRAM}.wasm"));
        // Cargo does not link again if only the linker has changed.
        let _ = fs::remove_dir_all(built.join(UNKNOWN).join(profile.folder));
        cargo.args(["build", "--quiet", "--package", PROGRAM, "--target", UNKNOWN]);
        process::must_succeed(cargo.args(["--profile", profile.name]))?;

        let calls = fs::read_to_string(calls)?;
        let calls: Vec<_> = calls.lines().collect();
        let [first, second] = calls[..] else { bail!("the linker was called {calls:?}") };
        ensure!([first, second].iter().all(|call| call.starts_with("-flavor wasm ")), "{calls:?}");
        let [is_first_long, is_second_long] = [first, second].map(|call| call.contains(" @"));
        ensure!((is_first_long, is_second_long) == (many, many), "{calls:?}");

        let mut node = Command::new(setup::node()?);
        node.arg(self.workspace.join("examples").join(PROGRAM).join("host.mjs"));
        let output = process::must_succeed(node.arg(&module).arg("text that waits"))?;
        let said = String::from_utf8_lossy(&output);
        ensure!(said == "text that waits\n", "the program printed this: {said}");
        Ok(1)
    }
}

/// A path as programs in wine see it.
fn in_wine(path: &Path) -> String {
    format!("Z:{}", path.display().to_string().replace('/', "\\"))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).context("cannot make it a program")
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    bail!("wine is not for this system")
}
