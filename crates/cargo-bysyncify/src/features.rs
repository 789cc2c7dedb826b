//! Converts the features that a module names into flags of a `wasm-opt` that may be older.
//!
//! Exactly these features are enabled: with `--all-features` Binaryen writes encodings that engines refuse.

use core::fmt;

use anyhow::Result;
use wasm_asyncify::module::FunctionIndex;
use wasmparser::{FuncValidatorAllocations, Parser, ValidPayload, Validator, WasmFeatures};

/// What to pass to one version of `wasm-opt`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Enable {
    /// The flags, `--enable-…`, sorted.
    pub(crate) flags: Vec<String>,
    /// Features that the module names, but this version does not know.
    pub(crate) unknown: Vec<Unknown>,
}

/// A feature that some version does not know. A module that names a feature may use it, but need not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) name: String,
    /// The first version that knows it, if one does.
    pub(crate) since: Option<u32>,
}

/// The part of a module that uses a feature.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// A memory, a table, or another part that is not a function.
    Module,
    /// The function with this index.
    Function(FunctionIndex),
}

/// Names in a `target_features` section, the names in `wasm-opt`'s flags, and the first version that has the flag (0:
/// older than all that we support). The source is `--help` of the versions on npm: 108, 116, 118 to 125 and 129 to
/// 132. `memory64` alone is older, but without 64-bit tables, which the compiler emits with it. `stack-switching` is in
/// 122, which crashes on a module that uses it.
const FLAGS: [(&str, &str, u32); 21] = [
    ("atomics", "threads", 0),
    ("bulk-memory", "bulk-memory", 0),
    ("bulk-memory-opt", "bulk-memory-opt", 121),
    ("call-indirect-overlong", "call-indirect-overlong", 121),
    ("custom-page-sizes", "custom-page-sizes", 129),
    ("exception-handling", "exception-handling", 0),
    ("extended-const", "extended-const", 0),
    ("fp16", "fp16", 119),
    ("gc", "gc", 0),
    ("memory64", "memory64", 118),
    ("multimemory", "multimemory", 116),
    ("multivalue", "multivalue", 0),
    ("mutable-globals", "mutable-globals", 0),
    ("nontrapping-fptoint", "nontrapping-float-to-int", 0),
    ("reference-types", "reference-types", 0),
    ("relaxed-simd", "relaxed-simd", 0),
    ("sign-ext", "sign-ext", 0),
    ("simd128", "simd", 0),
    ("stack-switching", "stack-switching", 125),
    ("tail-call", "tail-call", 0),
    ("wide-arithmetic", "wide-arithmetic", 130),
];

/// The flags for the features that a module uses.
pub(crate) fn enable(features: &[String], version: u32) -> Enable {
    let mut flags = Vec::new();
    let mut unknown = Vec::new();
    for feature in features {
        match (feature.as_str(), FLAGS.iter().find(|(name, _, _)| name == feature)) {
            (_, Some((_, flag, since))) if version >= *since => {
                flags.push(format!("--enable-{flag}"));
            }
            // Before it had its own name it was a part of bulk-memory.
            ("bulk-memory-opt", _) => flags.push("--enable-bulk-memory".to_owned()),
            // Before it had its own name every version read and wrote such indices.
            ("call-indirect-overlong", _) => {}
            (_, found) => unknown
                .push(Unknown { name: feature.clone(), since: found.map(|(_, _, since)| *since) }),
        }
    }
    flags.sort();
    flags.dedup();
    Enable { flags, unknown }
}

impl Unknown {
    /// The first part of a module that certainly uses the feature.
    pub(crate) fn user(&self, wasm: &[u8]) -> Result<Option<User>> {
        let feature = match self.name.as_str() {
            "custom-page-sizes" => WasmFeatures::CUSTOM_PAGE_SIZES,
            "memory64" => WasmFeatures::MEMORY64,
            "multimemory" => WasmFeatures::MULTI_MEMORY,
            "stack-switching" => WasmFeatures::STACK_SWITCHING,
            "wide-arithmetic" => WasmFeatures::WIDE_ARITHMETIC,
            _ => return Ok(None),
        };
        Ok(match first_invalid(wasm, WasmFeatures::all())? {
            // Something else is invalid, and will be reported elsewhere.
            Some(_) => None,
            None => first_invalid(wasm, WasmFeatures::all().difference(feature))?,
        })
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.since {
            Some(since) => write!(f, "{} (needs wasm-opt {since} or later)", self.name),
            None => self.name.fmt(f),
        }
    }
}

/// The first part of a module that is invalid with only these features.
fn first_invalid(wasm: &[u8], features: WasmFeatures) -> Result<Option<User>> {
    let mut validator = Validator::new_with_features(features);
    for payload in Parser::new(0).parse_all(wasm) {
        match validator.payload(&payload?) {
            Ok(ValidPayload::Func(function, body)) => {
                let index = FunctionIndex(function.index);
                let mut function = function.into_validator(FuncValidatorAllocations::default());
                if function.validate(&body).is_err() {
                    return Ok(Some(User::Function(index)));
                }
            }
            Ok(_) => {}
            Err(_) => return Ok(Some(User::Module)),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The features that rustc 1.96 names for wasm32-unknown-unknown.
    const RUST: [&str; 8] = [
        "bulk-memory",
        "bulk-memory-opt",
        "call-indirect-overlong",
        "multivalue",
        "mutable-globals",
        "nontrapping-fptoint",
        "reference-types",
        "sign-ext",
    ];

    fn enabled(features: &[&str], version: u32) -> Enable {
        enable(&features.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), version)
    }

    #[test]
    fn new_versions_get_every_flag() {
        for version in [121, 125, 132] {
            let expected = Enable {
                flags: [
                    "--enable-bulk-memory",
                    "--enable-bulk-memory-opt",
                    "--enable-call-indirect-overlong",
                    "--enable-multivalue",
                    "--enable-mutable-globals",
                    "--enable-nontrapping-float-to-int",
                    "--enable-reference-types",
                    "--enable-sign-ext",
                ]
                .map(str::to_owned)
                .into(),
                unknown: vec![],
            };
            assert_eq!(enabled(&RUST, version), expected, "{version}");
        }
    }

    #[test]
    fn old_versions_get_only_flags_they_know() {
        for version in [108, 116, 120] {
            let expected = Enable {
                flags: [
                    "--enable-bulk-memory",
                    "--enable-multivalue",
                    "--enable-mutable-globals",
                    "--enable-nontrapping-float-to-int",
                    "--enable-reference-types",
                    "--enable-sign-ext",
                ]
                .map(str::to_owned)
                .into(),
                unknown: vec![],
            };
            assert_eq!(enabled(&RUST, version), expected, "{version}");
        }
    }

    #[test]
    fn flags_that_are_spelled_otherwise() {
        let flags = enabled(&["atomics", "simd128", "nontrapping-fptoint"], 108).flags;
        assert_eq!(
            flags,
            ["--enable-nontrapping-float-to-int", "--enable-simd", "--enable-threads"]
        );
    }

    #[test]
    fn part_of_bulk_memory_alone_enables_the_whole_in_old_versions() {
        assert_eq!(enabled(&["bulk-memory-opt"], 120).flags, ["--enable-bulk-memory"]);
        assert_eq!(enabled(&["bulk-memory-opt"], 121).flags, ["--enable-bulk-memory-opt"]);
    }

    #[test]
    fn what_has_no_flag_is_told() {
        let enabled = enabled(&["fp16", "teleport", "sign-ext"], 116);
        assert_eq!(enabled.flags, ["--enable-sign-ext"]);
        let told: Vec<_> = enabled.unknown.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["fp16 (needs wasm-opt 119 or later)", "teleport"]);
    }

    fn user(feature: &str, text: &str) -> Option<User> {
        let unknown = Unknown { name: feature.to_owned(), since: None };
        unknown.user(&wat::parse_str(text).unwrap()).unwrap()
    }

    #[test]
    fn only_what_is_used_has_a_user() {
        let wide = r#"(module
            (import "env" "a" (func))
            (func)
            (func (param i64) (result i64 i64)
                (i64.mul_wide_u (local.get 0) (local.get 0))))"#;
        assert_eq!(user("wide-arithmetic", wide), Some(User::Function(FunctionIndex(2))));
        assert_eq!(user("multimemory", wide), None);
        assert_eq!(user("teleport", wide), None);
        assert_eq!(user("wide-arithmetic", "(module (func))"), None);
        assert_eq!(user("memory64", "(module (memory i64 1))"), Some(User::Module));
        assert_eq!(user("multimemory", "(module (memory 1) (memory 1))"), Some(User::Module));
        let pages = "(module (memory 1 (pagesize 1)))";
        assert_eq!(user("custom-page-sizes", pages), Some(User::Module));
    }

    #[test]
    fn what_is_wrong_anyway_is_not_for_want_of_a_feature() {
        assert_eq!(user("memory64", "(module (memory i64 1) (func (result i32)))"), None);
    }
}
