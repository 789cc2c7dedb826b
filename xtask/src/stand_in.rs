//! A `wasm-opt` for tools that call one: a script that records its arguments, runs the engine's command for
//! `--asyncify`, and the real `wasm-opt` for everything else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// A folder with such a script. If it is first on PATH, tools call the script.
pub(crate) struct StandIn {
    pub(crate) folder: PathBuf,
    calls: PathBuf,
}

impl StandIn {
    /// Writes the script.
    #[cfg(unix)]
    pub(crate) fn write(folder: PathBuf, ours: &Path, real: &Path) -> Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        let (script, calls) = (folder.join("wasm-opt"), folder.join("calls"));
        let text = format!(
            "#!/bin/sh\n\
             echo \"$*\" >> '{}'\n\
             exec '{}' '--wasm-opt={}' --pass-arg=asyncify-verify \"$@\"\n",
            calls.display(),
            ours.display(),
            real.display()
        );
        fs::write(&script, text)?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
        fs::write(&calls, "")?;
        Ok(Self { folder, calls })
    }

    #[cfg(not(unix))]
    pub(crate) fn write(_: PathBuf, _: &Path, _: &Path) -> Result<Self> {
        anyhow::bail!("a script for a shell stands in for wasm-opt")
    }

    /// The path of the script.
    pub(crate) fn script(&self) -> PathBuf {
        self.folder.join("wasm-opt")
    }

    /// Fails if it was not called for Asyncify: then the tool has called the real one, which can do that as well.
    pub(crate) fn must_have_been_called(&self) -> Result<()> {
        let calls = fs::read_to_string(&self.calls)?;
        let was_called = calls.lines().any(|call| call.contains("--asyncify"));
        ensure!(was_called, "it was not asked for `--asyncify`, but for this:\n{calls}");
        Ok(())
    }
}
