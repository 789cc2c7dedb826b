//! Compilers from Debian's packages, unpacked into the cache. Nothing is installed: clang runs any `wasm-opt` on
//! PATH, and one in `/usr/bin` would affect all users.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_bysyncify::{WasmOpt, setup};

use crate::process;

/// The packages of clang and its libraries, except those that every machine has.
const LLVM: [&str; 14] = [
    "clang-14",
    "libclang-common-14-dev",
    "libclang-cpp14",
    "libllvm14",
    "lld-14",
    "llvm-14",
    "libbsd0",
    "libedit2",
    "libffi8",
    "libicu72",
    "libmd0",
    "libtinfo6",
    "libxml2",
    "libz3-4",
];

/// The packages of Emscripten, without its compilers.
const EMSCRIPTEN: [&str; 4] = ["binaryen", "emscripten", "node-acorn", "node-xtend"];

/// A clang that compiles for wasm, and its linker.
pub(crate) struct Clang {
    /// The folder of Debian's packages, if it is not the clang on PATH.
    root: Option<PathBuf>,
}

impl Clang {
    pub(crate) fn compiler(&self) -> Command {
        self.command("clang")
    }

    pub(crate) fn linker(&self) -> Command {
        self.command("wasm-ld")
    }

    /// Makes cargo use it for C code in crates for wasm.
    pub(crate) fn compile_for_wasm(&self, cargo: &mut Command) {
        let compiler = self.compiler();
        cargo.env("CC_wasm32_unknown_unknown", compiler.get_program());
        let variables = compiler.get_envs().filter_map(|(name, value)| Some((name, value?)));
        cargo.envs(variables);
    }

    fn command(&self, program: &str) -> Command {
        match &self.root {
            Some(root) => of_llvm(root, root.join("usr/lib/llvm-14/bin").join(program)),
            None => Command::new(program),
        }
    }
}

/// Finds a clang, or downloads Debian's.
pub(crate) fn clang() -> Result<Clang> {
    let targets = process::output(Command::new("clang").arg("--print-targets"));
    let knows_wasm = targets.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("wasm32"));
    if knows_wasm && process::must_succeed(Command::new("wasm-ld").arg("--version")).is_ok() {
        return Ok(Clang { root: None });
    }
    let clang = Clang { root: Some(unpacked("debian-clang-14", &LLVM)?) };
    process::must_succeed(clang.compiler().arg("--version"))?;
    Ok(clang)
}

/// The folder with a libc for wasm: `libc.a`.
pub(crate) fn wasi_libc() -> Result<PathBuf> {
    Ok(unpacked("debian-wasi-libc", &["wasi-libc"])?.join("usr/lib/wasm32-wasi"))
}

/// Emscripten with everything that it needs.
pub(crate) struct Emscripten {
    root: PathBuf,
    llvm: PathBuf,
}

impl Emscripten {
    /// The command for `emcc` or `em++`, which finds its `wasm-opt` on PATH. Writes its configuration to a file.
    pub(crate) fn compiler(&self, name: &str, config: &Path, node: &Path) -> Result<Command> {
        let scripts = self.root.join("usr/share/emscripten");
        let text = format!(
            "LLVM_ROOT = '{}'\nBINARYEN_ROOT = '{}'\nNODE_JS = '{}'\nCACHE = '{}'\n",
            self.llvm.join("usr/lib/llvm-14/bin").display(),
            self.root.join("usr").display(),
            node.display(),
            // Debian's compiled libraries are there.
            scripts.join("cache").display()
        );
        fs::write(config, text).with_context(|| format!("cannot write `{}`", config.display()))?;
        let mut command = of_llvm(&self.llvm, "python3");
        command.arg(scripts.join(format!("{name}.py")));
        command.env("EM_CONFIG", config).env("NODE_PATH", self.root.join("usr/share/nodejs"));
        Ok(command)
    }

    /// The folder with the Binaryen that belongs to this Emscripten.
    pub(crate) fn binaryen(&self) -> PathBuf {
        self.root.join("usr/bin")
    }
}

/// Downloads Debian's Emscripten.
pub(crate) fn emscripten() -> Result<Emscripten> {
    process::must_succeed(Command::new("python3").arg("--version"))?;
    Ok(Emscripten {
        llvm: unpacked("debian-clang-14", &LLVM)?,
        root: unpacked("debian-emscripten", &EMSCRIPTEN)?,
    })
}

/// A native `wasm-opt`, for tests that run it thousands of times: the one on the machine, or Debian's. If there is
/// none, npm's.
pub(crate) fn native_wasm_opt() -> Result<WasmOpt> {
    let found = setup::wasm_opt()?;
    if !found.is_script() {
        return Ok(found);
    }
    let native = emscripten().and_then(|it| WasmOpt::at(&it.binaryen().join("wasm-opt")));
    Ok(native.unwrap_or(found))
}

fn of_llvm(root: &Path, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env("LD_LIBRARY_PATH", root.join("usr/lib/x86_64-linux-gnu"));
    command
}

/// The folder in the cache into which these packages were unpacked.
fn unpacked(name: &str, packages: &[&str]) -> Result<PathBuf> {
    setup::cached(name, |partial| {
        println!("fetching {} and what they need from Debian, once …", packages[0]);
        let download = || {
            let mut command = Command::new("apt-get");
            command.args(["download", "--quiet"]).args(packages).current_dir(partial);
            process::must_succeed(&mut command)
        };
        // The package lists may be outdated.
        if download().is_err() {
            process::must_succeed(Command::new("apt-get").args(["update", "--quiet"]))?;
            download()?;
        }
        for file in fs::read_dir(partial)? {
            let file = file?.path();
            if file.extension() == Some("deb".as_ref()) {
                process::must_succeed(Command::new("dpkg").arg("-x").arg(&file).arg(partial))?;
                fs::remove_file(file)?;
            }
        }
        if !partial.join("usr").is_dir() {
            bail!("there is nothing in the packages");
        }
        Ok(())
    })
}
