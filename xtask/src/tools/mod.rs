//! Programs of others that tests need: found, or installed into the cache, once for all checkouts.

mod debian;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_bysyncify::setup;

use crate::process;
pub(crate) use debian::{Clang, Emscripten, clang, emscripten, native_wasm_opt, wasi_libc};

/// What Binaryen must be told that engines and compilers have by default. With `--all-features`
/// it writes encodings that they do not read.
pub(crate) const BINARYEN_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// The wasmtime that is run: a package of PyPI's.
pub(crate) const WASMTIME: &str = "wasmtime==50.0.1";

/// The folder with a crate's programs, which are built if they are not there: that takes minutes.
/// `name` is what the folder is called in the cache.
pub(crate) fn from_crate(name: &str, package: &str, version: &str) -> Result<PathBuf> {
    let place = setup::cached(&format!("{name}-{version}"), |partial| {
        println!("building {package} {version}, once …");
        let mut install = process::cargo();
        // Optimised it would take twice as long to build. The target folder is one that is
        // removed: ours is of other profiles.
        install.args(["install", "--quiet", "--debug", "--locked", package, "--version", version]);
        install.arg("--root").arg(partial).env_remove("CARGO_TARGET_DIR");
        process::must_succeed(&mut install).map(drop)
    })?;
    Ok(place.join("bin"))
}

/// The folder in which packages of npm's were installed. The first names the folder in the cache:
/// `name@version`.
pub(crate) fn from_npm(packages: &[&str]) -> Result<PathBuf> {
    let first = packages.first().context("a package has a name")?;
    let name: String = first.chars().map(|c| if c == '@' || c == '/' { '-' } else { c }).collect();
    setup::cached(&format!("npm-{}", name.trim_start_matches('-')), |partial| {
        println!("installing {} from npm, once …", packages.join(" "));
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--no-update-notifier", "--prefix"]);
        install.arg(partial).args(packages);
        let installed = process::must_succeed(&mut install).map(drop);
        installed.context("npm cannot install what a test needs: that takes the network, once")
    })
}

/// The folder in which a package of PyPI's was unpacked: `name==version`, without what it needs.
pub(crate) fn from_pypi(package: &str) -> Result<PathBuf> {
    setup::cached(&format!("pypi-{}", package.replace("==", "-")), |partial| {
        println!("installing {package} from PyPI, once …");
        let mut install = Command::new("python3");
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        install.args(["--no-deps", "--only-binary=:all:", package, "--target"]).arg(partial);
        let installed = process::must_succeed(&mut install).map(drop);
        installed.context("pip cannot install what a test needs: that takes the network, once")
    })
}

/// The folder with the programs of a new Binaryen.
pub(crate) fn new_binaryen() -> Result<PathBuf> {
    let major = setup::wasm_opt_version(132)?.version();
    Ok(setup::cache_dir()?.join(format!("binaryen-{major}/node_modules/.bin")))
}

/// Chromium, and the driver that belongs to it.
pub(crate) struct Chromium {
    pub(crate) browser: &'static str,
    pub(crate) driver: &'static str,
}

/// Finds them, or installs Debian's.
pub(crate) fn chromium() -> Result<Chromium> {
    let found = Chromium { browser: "chromium", driver: "chromedriver" };
    let is_there =
        |program: &&str| process::must_succeed(Command::new(program).arg("--version")).is_ok();
    let programs = [found.browser, found.driver];
    if programs.iter().all(is_there) {
        return Ok(found);
    }
    for arguments in
        [&["update"][..], &["install", "--no-install-recommends", "chromium", "chromium-driver"]]
    {
        let mut command = Command::new("apt-get");
        command.args(["--yes", "--quiet"]).args(arguments);
        println!("{}", process::show(&command));
        if let Err(error) = process::must_succeed(&mut command) {
            bail!("{} are needed, and could not be installed: {error:#}", programs.join(" and "));
        }
    }
    Ok(found)
}
