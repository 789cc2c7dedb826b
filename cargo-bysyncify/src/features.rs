//! From the features that a module names to the flags of a `wasm-opt` that may be older.
//!
//! Exactly these are enabled: with `--all-features` Binaryen writes encodings that engines refuse.

/// What to pass to one version of `wasm-opt`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Enable {
    /// The flags, `--enable-…`, sorted.
    pub(crate) flags: Vec<String>,
    /// Features that this version has no flag for, with what is known about them.
    pub(crate) unknown: Vec<String>,
}

/// A module without the section comes from an old compiler; these two are what every compiler
/// has used since before Asyncify.
pub(crate) const WITHOUT_SECTION: [&str; 2] = ["mutable-globals", "sign-ext"];

/// Names in a `target_features` section, those of `wasm-opt`'s flags, and the first version that
/// has the flag (0: older than any we support), as printed by `--help` of those that npm has: 108,
/// 116, 118 to 125 and 129 to 132.
const FLAGS: [(&str, &str, u32); 20] = [
    ("atomics", "threads", 0),
    ("bulk-memory", "bulk-memory", 0),
    ("bulk-memory-opt", "bulk-memory-opt", 121),
    ("call-indirect-overlong", "call-indirect-overlong", 121),
    ("custom-page-sizes", "custom-page-sizes", 129),
    ("exception-handling", "exception-handling", 0),
    ("extended-const", "extended-const", 0),
    ("fp16", "fp16", 119),
    ("gc", "gc", 0),
    ("memory64", "memory64", 0),
    ("multimemory", "multimemory", 116),
    ("multivalue", "multivalue", 0),
    ("mutable-globals", "mutable-globals", 0),
    ("nontrapping-fptoint", "nontrapping-float-to-int", 0),
    ("reference-types", "reference-types", 0),
    ("relaxed-simd", "relaxed-simd", 0),
    ("sign-ext", "sign-ext", 0),
    ("simd128", "simd", 0),
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
            // Before it had a name of its own it was a part of bulk-memory.
            ("bulk-memory-opt", _) => flags.push("--enable-bulk-memory".to_owned()),
            // Before it had a name every version read and wrote such indices.
            ("call-indirect-overlong", _) => {}
            (_, Some((name, _, since))) => {
                unknown.push(format!("{name} (needs wasm-opt {since} or later)"));
            }
            (_, None) => unknown.push(feature.clone()),
        }
    }
    flags.sort();
    flags.dedup();
    Enable { flags, unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What rustc 1.96 names for wasm32-unknown-unknown.
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
        assert_eq!(enabled.unknown, ["fp16 (needs wasm-opt 119 or later)", "teleport"]);
    }
}
