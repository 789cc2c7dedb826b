//! Modules for wasm-bindgen: recognises them, and runs wasm-bindgen's tools on them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use wasmparser::{Parser, Payload};

use crate::{command, setup};

/// The custom section in which the crate wasm-bindgen leaves data for its command line tool. It begins with a length
/// and a text: `{"schema_version":"0.2.130","version":"0.2.130"}`.
const SECTION: &str = "__wasm_bindgen_unstable";

/// The version of wasm-bindgen that a module was compiled with, if it uses wasm-bindgen.
pub(crate) fn version_of(module: &Path) -> Result<Option<String>> {
    let wasm = fs::read(module).with_context(|| format!("cannot read `{}`", module.display()))?;
    version_in(&wasm).with_context(|| format!("cannot read `{}`", module.display()))
}

fn version_in(wasm: &[u8]) -> Result<Option<String>> {
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(section) = payload? else { continue };
        if section.name() == SECTION {
            let version = version_in_section(section.data());
            return version.context("its wasm-bindgen section names no version").map(Some);
        }
    }
    Ok(None)
}

fn version_in_section(section: &[u8]) -> Option<String> {
    let (length, rest) = section.split_first_chunk()?;
    let text = rest.get(..u32::from_le_bytes(*length) as usize)?;
    let json: serde_json::Value = serde_json::from_slice(text).ok()?;
    // A build from git has its commit after the number.
    let version = json["version"].as_str()?.split(' ').next()?;
    Some(version.to_owned())
}

/// Runs wasm-bindgen on a module for a page. Returns the folder that wasm-bindgen wrote: `demo.pkg` beside
/// `demo.wasm`, with `demo.js` in it.
pub(crate) fn for_web(version: &str, module: &Path) -> Result<PathBuf> {
    let folder = module.with_extension("pkg");
    if folder.exists() {
        // It may have files of another version.
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    let mut command = Command::new(setup::wasm_bindgen(version)?);
    command.args(["--target", "web", "--out-dir"]).arg(&folder).arg(module);
    command::output(&mut command)?;
    Ok(folder)
}

/// The command that runs the tests in a module with wasm-bindgen's own runner.
pub(crate) fn test(version: &str, module: &Path, arguments: &[OsString]) -> Result<Command> {
    let mut runner = Command::new(setup::wasm_bindgen_test_runner(version)?);
    runner.arg(module).args(arguments);
    Ok(runner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(section: &str, content: &[u8]) -> Vec<u8> {
        let content: String = content.iter().map(|byte| format!("\\{byte:02x}")).collect();
        wat::parse_str(format!("(module (@custom {section:?} \"{content}\"))")).unwrap()
    }

    /// The version that is read from a section that begins with this text.
    fn version(text: &str) -> Result<Option<String>, String> {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let section = [&length, text.as_bytes(), b"more"].concat();
        version_in(&module(SECTION, &section)).map_err(|error| error.to_string())
    }

    #[test]
    fn version_is_what_the_section_begins_with() {
        let text = r#"{"schema_version":"0.2.130","version":"0.2.131"}"#;
        assert_eq!(version(text), Ok(Some("0.2.131".into())));
        let text = r#"{"schema_version":"0.2.130","version":"0.2.131 (1a2b3c)"}"#;
        assert_eq!(version(text), Ok(Some("0.2.131".into())));
        assert_eq!(version_in(&module("name", b"")).unwrap(), None);
    }

    #[test]
    fn section_that_is_not_as_expected_is_an_error() {
        let expected = Err("its wasm-bindgen section names no version".to_owned());
        assert_eq!(version(r#"{"schema":"0.2.130"}"#), expected);
        assert_eq!(version("nonsense"), expected);
        let short = version_in(&module(SECTION, b"a")).map_err(|error| error.to_string());
        assert_eq!(short, expected);
    }
}
