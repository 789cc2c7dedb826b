//! A `wasm-opt` for tools that call one: a script that notes how it is called, and has the engine's command
//! do `--asyncify`, the real one all else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// A folder with such a script. Put first on PATH it is what a tool calls.
pub(crate) struct StandIn {
    pub(crate) folder: PathBuf,
    calls: PathBuf,
}

impl StandIn {
    /// Writes it.
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

    /// What a tool is to call.
    pub(crate) fn script(&self) -> PathBuf {
        self.folder.join("wasm-opt")
    }

    /// Fails if nobody has called it for Asyncify: then the real one was, which has one, too.
    pub(crate) fn must_have_been_called(&self) -> Result<()> {
        let calls = fs::read_to_string(&self.calls)?;
        let was_called = calls.lines().any(|call| call.contains("--asyncify"));
        ensure!(was_called, "it was not asked for `--asyncify`, but for this:\n{calls}");
        Ok(())
    }
}
