//! Reads modules: in short ([`AsyncifyInfo`]), and in full for the passes (`ModuleInfo`). Writes them anew for the
//! passes (`writer.rs`). Also removes sections from a module.

mod added;
mod asyncified;
pub(crate) mod build_id;
pub(crate) mod features;
mod index;
mod info;
mod locals;
mod order;
mod writer;

use wasmparser::{Encoding, ExternalKind, Parser, Payload, TypeRef, Validator, WasmFeatures};

use crate::error::{Context, Error, Result, bail};
use crate::remedy::Remedy;

pub(crate) use added::{
    Added, AddedElements, AddedExport, AddedFunction, AddedGlobal, AddedImport, AddedTable,
    AddedTag, AddedType,
};
pub(crate) use asyncified::has_runtime;
pub(crate) use index::{
    DataIndex, GlobalIndex, LocalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};
pub use index::{FunctionIndex, FunctionMap};
pub(crate) use info::ModuleInfo;
pub(crate) use locals::{Locals, zero};
pub(crate) use writer::{Rewrite, write};

/// The imports that Asyncify replaces by functions of its own.
const REPLACED: [&str; 4] = ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind"];

/// The features of a module without the section. It comes from an old compiler, and every compiler since before
/// Asyncify has used these two.
const WITHOUT_SECTION: [&str; 2] = ["mutable-globals", "sign-ext"];

/// The facts about a module that are needed before Asyncify is run on it.
///
/// Every linked module is read, so this reads no more than it needs. For example, broken names do not matter in a
/// module that has nothing to do with Asyncify.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AsyncifyInfo {
    /// The names it imports from module `asyncify`.
    asyncify_imports: Vec<String>,
    /// Whether it has been through Asyncify.
    pub is_asyncified: bool,
    /// The features it uses, by their names in the `target_features` section.
    pub features: Vec<String>,
    /// Whether wasm-bindgen will have to be run on it.
    pub for_wasm_bindgen: bool,
}

impl AsyncifyInfo {
    /// Reads a module.
    pub fn read(wasm: &[u8]) -> Result<Self> {
        let mut info = Self::default();
        let mut features = None;
        let mut memory64 = false;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                // The modules of a component were linked earlier.
                Payload::Version { encoding: Encoding::Component, .. } => {
                    return Ok(info);
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        if import.module == "asyncify" {
                            info.asyncify_imports.push(import.name.to_owned());
                        }
                        memory64 |= matches!(import.ty, TypeRef::Memory(memory) if memory.memory64);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        memory64 |= memory?.memory64;
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        info.is_asyncified |= export.name == "asyncify_start_unwind"
                            && export.kind == ExternalKind::Func;
                    }
                }
                Payload::CustomSection(section) if section.name() == "__wasm_bindgen_unstable" => {
                    info.for_wasm_bindgen = true;
                }
                Payload::CustomSection(section) if section.name() == features::SECTION => {
                    features =
                        Some(features::used(&section).context("bad target_features section")?);
                }
                _ => {}
            }
        }
        info.features = features.unwrap_or_else(|| WITHOUT_SECTION.map(str::to_owned).into());
        if memory64 && !info.features.iter().any(|feature| feature == "memory64") {
            info.features.push("memory64".to_owned());
        }
        Ok(info)
    }

    /// Whether the module has to go through Asyncify.
    ///
    /// # Errors
    ///
    /// If it has to but cannot.
    pub fn needs_asyncify(&self) -> Result<bool> {
        let imports = &self.asyncify_imports;
        if imports.is_empty() {
            return Ok(false);
        }
        if self.is_asyncified {
            let reason = format!(
                "the module has been through Asyncify already (it exports `asyncify_start_unwind`) \
                 and still imports asyncify.{{{}}}",
                imports.join(",")
            );
            return Err(Error::of_module(reason, Remedy::LinkObjects));
        }
        match imports.iter().find(|name| !REPLACED.contains(&name.as_str())) {
            None => Ok(true),
            Some(name) if name == "get_state" => Err(Error::of_module(
                "the module imports asyncify.get_state, which Binaryen refuses whatever its \
                 documentation says",
                Remedy::KeepState,
            )),
            Some(name) => {
                let reason =
                    format!("the module imports asyncify.{name}, which Asyncify does not have");
                Err(Error::of_module(reason, Remedy::ImportTheFour))
            }
        }
    }
}

/// Rejects an invalid module.
///
/// # Errors
///
/// If it is invalid; the error says where.
pub(crate) fn validate(wasm: &[u8]) -> Result<()> {
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(wasm)
        .context("the module is not valid")?;
    Ok(())
}

/// Checks that Asyncify left a valid module without imports of Asyncify's functions.
pub fn check_asyncified(wasm: &[u8]) -> Result<()> {
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(wasm)
        .context("Asyncify wrote an invalid module")?;
    let left = AsyncifyInfo::read(wasm)?.asyncify_imports;
    if !left.is_empty() {
        bail!("Asyncify left the imports asyncify.{{{}}}", left.join(","));
    }
    Ok(())
}

/// The module without the custom sections for which `is_dropped` returns true.
pub fn without_sections(wasm: &[u8], is_dropped: impl Fn(&str) -> bool) -> Result<Vec<u8>> {
    let mut kept = Vec::with_capacity(wasm.len());
    // A section's range begins after its length field, so each section begins where the one before ends.
    let mut start = 0;
    let mut copy = |end: u64, drop: bool| {
        let end = usize::try_from(end)?;
        let part = wasm.get(start..end).context("sections out of order")?;
        if !drop {
            kept.extend_from_slice(part);
        }
        start = end;
        Ok::<_, Error>(())
    };
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let drop =
            matches!(&payload, Payload::CustomSection(section) if is_dropped(section.name()));
        match &payload {
            Payload::Version { range, .. } => copy(range.end, false)?,
            _ => {
                if let Some((_, range)) = payload.as_section() {
                    copy(range.end, drop)?;
                }
            }
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(text: &str) -> AsyncifyInfo {
        AsyncifyInfo::read(&wat::parse_str(text).unwrap()).unwrap()
    }

    fn refusal(text: &str) -> String {
        info(text).needs_asyncify().unwrap_err().to_string()
    }

    #[test]
    fn imports_of_asyncify_alone_make_it_needed() {
        let all = r#"(module
            (import "asyncify" "start_unwind" (func (param i32)))
            (import "asyncify" "stop_unwind" (func))
            (import "asyncify" "start_rewind" (func (param i32)))
            (import "asyncify" "stop_rewind" (func)))"#;
        assert!(info(all).needs_asyncify().unwrap());
        let none = r#"(module (import "env" "start_unwind" (func)))"#;
        assert!(!info(none).needs_asyncify().unwrap());
    }

    #[test]
    fn asyncified_module_is_done_with() {
        let done = r#"(module (func (export "asyncify_start_unwind")))"#;
        assert!(!info(done).needs_asyncify().unwrap());
    }

    #[test]
    fn asyncified_module_that_still_imports_is_refused() {
        let half = r#"(module
            (import "asyncify" "start_unwind" (func (param i32)))
            (import "asyncify" "stop_unwind" (func))
            (func (export "asyncify_start_unwind")))"#;
        assert_eq!(
            refusal(half),
            "the module has been through Asyncify already (it exports `asyncify_start_unwind`) \
             and still imports asyncify.{start_unwind,stop_unwind}\n  \
             link the objects of a program and not a finished module, and run Asyncify once"
        );
    }

    #[test]
    fn imports_that_asyncify_lacks_are_refused() {
        assert_eq!(
            refusal(r#"(module (import "asyncify" "get_state" (func (result i32))))"#),
            "the module imports asyncify.get_state, which Binaryen refuses whatever its \
             documentation says\n  \
             keep the state in the program, as bysyncify does from 0.3 on \
             (is an older one in `cargo tree -i bysyncify`?)"
        );
        assert_eq!(
            refusal(r#"(module (import "asyncify" "pause" (func)))"#),
            "the module imports asyncify.pause, which Asyncify does not have\n  \
             it has start_unwind, stop_unwind, start_rewind, stop_rewind"
        );
    }

    #[test]
    fn features_come_from_the_section() {
        let text =
            r#"(module (@custom "target_features" "\03+\07simd128-\07atomics=\08sign-ext"))"#;
        assert_eq!(info(text).features, ["simd128", "sign-ext"]);
    }

    #[test]
    fn module_without_the_section_has_the_oldest_features() {
        assert_eq!(info("(module)").features, ["mutable-globals", "sign-ext"]);
    }

    #[test]
    fn memory_of_64_bits_is_a_feature_that_no_section_need_name() {
        let features = ["mutable-globals", "sign-ext", "memory64"];
        assert_eq!(info("(module (memory i64 1))").features, features);
        assert_eq!(info(r#"(module (import "env" "m" (memory i64 1)))"#).features, features);
    }

    #[test]
    fn cut_off_section_is_an_error() {
        let wasm = wat::parse_str(r#"(module (@custom "target_features" "\02+\04simd"))"#);
        assert_eq!(
            AsyncifyInfo::read(&wasm.unwrap()).unwrap_err().to_string(),
            "bad target_features section: unexpected end-of-file (at offset 0x21)"
        );
    }

    #[test]
    fn components_are_left_alone() {
        assert!(!info("(component)").needs_asyncify().unwrap());
    }

    #[test]
    fn check_finds_what_asyncify_must_not_leave() {
        let check = |wasm: &[u8]| check_asyncified(wasm).unwrap_err().to_string();
        let left = r#"(module (import "asyncify" "stop_unwind" (func)))"#;
        assert_eq!(
            check(&wat::parse_str(left).unwrap()),
            "Asyncify left the imports asyncify.{stop_unwind}"
        );
        let invalid = wat::parse_str("(module (func (result i32)))").unwrap();
        assert_eq!(
            check(&invalid),
            "Asyncify wrote an invalid module: type mismatch: expected i32 but nothing on stack (at \
             offset 0x18)"
        );
    }

    #[test]
    fn sections_are_dropped_and_all_else_stays_as_it_was() {
        let with = r#"(module
            (@custom "before" "1") (@custom "name" "2") (memory 1)
            (@custom "between" "3") (func nop) (data (i32.const 0) "x") (@custom "after" "4"))"#;
        let without = r#"(module
            (@custom "before" "1") (memory 1)
            (func nop) (data (i32.const 0) "x") (@custom "after" "4"))"#;
        let stripped = without_sections(&wat::parse_str(with).unwrap(), |name| {
            ["name", "between"].contains(&name)
        });
        assert_eq!(stripped.unwrap(), wat::parse_str(without).unwrap());
    }
}
