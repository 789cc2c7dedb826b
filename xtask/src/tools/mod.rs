//! Other programs that tests need: found, or installed into the cache, which all checkouts share.

mod debian;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_bysyncify::setup;

use crate::process;
pub(crate) use debian::{Clang, Emscripten, clang, emscripten, native_wasm_opt, wasi_libc};

/// Options that enable in Binaryen what engines and compilers have by default. With `--all-features` it writes
/// encodings that they cannot read.
pub(crate) const BINARYEN_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// The wasmtime to run: a package on PyPI.
pub(crate) const WASMTIME: &str = "wasmtime==50.0.1";

/// The folder with the programs of a crate, which are built if they are missing: that takes minutes. `name` is the
/// folder's name in the cache.
pub(crate) fn from_crate(name: &str, package: &str, version: &str) -> Result<PathBuf> {
    let place = setup::cached(&format!("{name}-{version}"), |partial| {
        println!("building {package} {version}, once …");
        let mut install = process::cargo();
        // An optimised build would take twice as long. It uses a temporary target folder, because ours has other
        // profiles.
        install.args(["install", "--quiet", "--debug", "--locked", package, "--version", version]);
        install.arg("--root").arg(partial).env_remove("CARGO_TARGET_DIR");
        process::must_succeed(&mut install).map(drop)
    })?;
    Ok(place.join("bin"))
}

/// The folder in which packages of npm were installed. The first one names the folder in the cache: `name@version`.
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

/// The folder into which a package of PyPI was unpacked: `name==version`, without its dependencies.
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

/// Chromium, and its driver.
pub(crate) struct Chromium {
    pub(crate) browser: &'static str,
    pub(crate) driver: &'static str,
}

/// Finds both, or installs Debian's.
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
