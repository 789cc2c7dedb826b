//! Makes a wasm target from Debian's packages, on machines where rustup cannot download one.
//!
//! Debian's `rustc-web` is a recent compiler, and `rust-web-src` has the source of its standard library. We build
//! that once and install it where the compiler finds it. Afterwards it compiles for wasm without unstable flags.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::cache;
use super::rustc::{Rustc, Version, is_libcore};
use crate::command;

const RUSTC: &str = "/usr/bin/rustc";

/// The folder where `wasi-libc` has the files that a WASI program is linked with.
const WASI_LIBC: &str = "/usr/lib/wasm32-wasi";

/// The targets that can be made this way, and the crates to build for each. Targets without an operating system have
/// no `std`. `panic_abort` and `test` are linked without being named.
const TARGETS: [(&str, &str); 5] = [
    ("wasm32-unknown-unknown", "std,panic_abort,test"),
    ("wasm32-wasip1", "std,panic_abort,test"),
    ("wasm32-wasip2", "std,panic_abort,test"),
    ("wasm32v1-none", "core,alloc"),
    ("wasm64-unknown-unknown", "std,panic_abort,test"),
];

/// The file beside the libraries that names the compiler we built them for. A newer compiler of Debian's finds the
/// libraries in the same place, but cannot use them.
const BUILT_FOR: &str = "bysyncify-built-for";

/// Debian's compiler, if it already has the target and is the right one to use.
///
/// If it is older than the user's own compiler, it is used only if we installed the target: then there was no other
/// possibility.
pub(super) fn ready(triple: &str, current: &Rustc) -> Result<Option<Rustc>> {
    let debian = Rustc::at(Path::new(RUSTC));
    if !debian.program.exists() || !debian.has_target(triple).unwrap_or(false) {
        return Ok(None);
    }
    let version = debian.version()?;
    let usable = match fs::read_to_string(debian.target_libdir(triple)?.join(BUILT_FOR)) {
        Ok(built_for) => built_for == version.key(),
        Err(_) => !version.is_older_than(&current.version()?),
    };
    Ok(usable.then_some(debian))
}

/// Debian's compiler, if it is there with the source of its standard library.
pub(super) fn with_source() -> Option<Rustc> {
    let debian = Rustc::at(Path::new(RUSTC));
    let has_source = debian.source().is_ok_and(|source| source.join("Cargo.toml").exists());
    (debian.program.exists() && has_source).then_some(debian)
}

/// Installs the missing parts of Debian's compiler and its target.
pub(super) fn install(triple: &str, current: &Rustc) -> Result<Rustc> {
    let Some((_, crates)) = TARGETS.iter().find(|(name, _)| *name == triple) else {
        let known = TARGETS.map(|(name, _)| name).join(", ");
        bail!("its packages are enough only for {known}");
    };
    let Some(apt_get) = command::find("apt-get") else { bail!("`apt-get` is not on PATH") };
    let root = Root::new()?;
    let _lock = cache::lock(&cache::dir()?.join("debian"))?;
    if let Some(debian) = ready(triple, current)? {
        // Another process was at work on it. The libraries that it installed are in use by now.
        return Ok(debian);
    }
    let wasi = triple.starts_with("wasm32-wasip");

    let debian = Rustc::at(Path::new(RUSTC));
    let mut packages = Vec::new();
    if with_source().is_none() {
        packages.extend(["rustc-web", "rust-web-src"]);
    }
    if wasi && !Path::new(WASI_LIBC).exists() {
        packages.push("wasi-libc");
    }
    if !packages.is_empty() {
        command::run(root.command(&apt_get).arg("update"))?;
        let flags = ["install", "--yes", "--no-install-recommends"];
        command::run(root.command(&apt_get).args(flags).args(packages))?;
    }

    let version = debian.version()?;
    provide(&root, &version, current, "rust-lld", "wasm-ld")?;
    if triple == "wasm32-wasip2" {
        provide(&root, &version, current, "wasm-component-ld", "wasm-component-ld")?;
    }
    let built = cache::dir()?.join("std").join(version.key()).join(triple);
    cache::filled(&built, |partial| {
        build_std(&debian, triple, crates, &[], partial)?;
        if wasi {
            add_wasi_libc(partial)?;
        }
        fs::write(partial.join(BUILT_FOR), version.key()).context("cannot write to the cache")
    })?;
    copy_libraries(&root, &built, &debian.target_libdir(triple)?)?;
    Ok(debian)
}

/// The permission to write to `/usr`.
struct Root {
    sudo: bool,
}

impl Root {
    fn new() -> Result<Self> {
        if command::stdout(Command::new("id").arg("-u"))? == "0" {
            return Ok(Self { sudo: false });
        }
        command::output(Command::new("sudo").args(["-n", "true"]))
            .context("neither root, nor can sudo be used without a password")?;
        Ok(Self { sudo: true })
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        if self.sudo {
            let mut command = Command::new("sudo");
            command.arg("-n").arg(program.as_ref());
            command
        } else {
            Command::new(program.as_ref())
        }
    }
}

/// Gives Debian's compiler a linker of the user's own toolchain, unless the program `another` on `PATH` is enough. It
/// makes a link and not a copy: linkers find their shared library relative to their own path.
fn provide(
    root: &Root,
    debian: &Version,
    current: &Rustc,
    program: &str,
    another: &str,
) -> Result<()> {
    let relative = Path::new("lib/rustlib").join(&debian.host).join("bin").join(program);
    let place = Path::new("/usr").join(&relative);
    if place.exists() {
        return Ok(());
    }
    let ours = current.sysroot()?.join(&relative);
    if !ours.exists() {
        if command::find(another).is_some() {
            return Ok(());
        }
        bail!("no linker for wasm: neither `{}` nor `{another}` is there", ours.display());
    }
    let folder = place.parent().context("a path with a file has a folder")?;
    command::output(root.command("mkdir").arg("-p").arg(folder))?;
    // `-f`: a link to a removed toolchain may still be there.
    command::output(root.command("ln").arg("-sf").arg(ours).arg(&place)).map(drop)
}

/// Builds the standard library into the empty folder `out`, from the compiler's own source.
pub(super) fn build_std(
    rustc: &Rustc,
    triple: &str,
    crates: &str,
    flags: &[&str],
    out: &Path,
) -> Result<()> {
    let scratch = out.join("scratch");
    fs::create_dir_all(scratch.join("src"))?;
    fs::write(
        scratch.join("Cargo.toml"),
        "[package]\nname = \"scratch\"\nedition = \"2021\"\n[workspace]\n",
    )?;
    fs::write(scratch.join("src/lib.rs"), "#![no_std]\n")?;

    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command::run(
        Command::new(cargo)
            .args(["build", "--release", "--target", triple])
            .arg(format!("-Zbuild-std={crates}"))
            .current_dir(&scratch)
            .env("RUSTC", &rustc.program)
            .env("RUSTC_BOOTSTRAP", "1")
            // Without bitcode in the libraries, linking with LTO fails.
            .env("CARGO_ENCODED_RUSTFLAGS", [&["-Cembed-bitcode=yes"], flags].concat().join("\x1f"))
            .env("CARGO_TARGET_DIR", scratch.join("target")),
    )?;

    let built = scratch.join("target").join(triple).join("release/deps");
    for entry in built.read_dir().with_context(|| format!("cannot read `{}`", built.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        let ours = name.to_string_lossy().starts_with("libscratch-");
        if path.extension().is_some_and(|extension| extension == "rlib") && !ours {
            fs::rename(&path, out.join(name))?;
        }
    }
    fs::remove_dir_all(&scratch)?;
    Ok(())
}

/// Adds the files that a WASI program is linked with to the libraries in `out`.
fn add_wasi_libc(out: &Path) -> Result<()> {
    let folder = out.join("self-contained");
    fs::create_dir(&folder)?;
    for name in ["crt1-command.o", "crt1-reactor.o", "libc.a"] {
        let from = Path::new(WASI_LIBC).join(name);
        fs::copy(&from, folder.join(name))
            .with_context(|| format!("cannot copy `{}`", from.display()))?;
    }
    Ok(())
}

/// Copies the libraries to the compiler's folder, `libcore` last and in one step: its presence means that everything
/// is there.
fn copy_libraries(root: &Root, from: &Path, to: &Path) -> Result<()> {
    let entries = from.read_dir().with_context(|| format!("cannot read `{}`", from.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let (core, others): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| is_libcore(path));
    let [core] = core.as_slice() else {
        bail!("`{}` has no libcore: remove that folder and try again", from.display());
    };
    let partial = to.join("libcore.partial");
    let name = core.file_name().context("a file has a name")?;

    if to.join(BUILT_FOR).exists() {
        // Our own libraries, for an older compiler: two copies of `libcore` would be an error.
        command::output(root.command("rm").arg("-r").arg(to))?;
    }
    command::output(root.command("mkdir").arg("-p").arg(to))?;
    command::output(root.command("cp").arg("-r").args(others).arg(to))?;
    command::output(root.command("cp").arg(core).arg(&partial))?;
    command::output(root.command("mv").arg(&partial).arg(to.join(name))).map(drop)
}
