//! Whether the program that the library is compiled for can have threads.
//!
//! It can if memory can be shared, which needs the feature `atomics`. A stable compiler hides that feature,
//! because it is unstable: it is not in `CARGO_CFG_TARGET_FEATURE`, and `cfg(target_feature)` in the library does
//! not see it. So the compiler's flags are read: Cargo passes all of them in `CARGO_ENCODED_RUSTFLAGS`.
//!
//! An unknown flag, or one for a single crate, is not detected. If memory is shared nevertheless, the linker
//! refuses the switch object: see `object.rs`.

/// Returns whether there can be threads. `features` and `flags` are what Cargo passes to build scripts.
pub(crate) fn possible(target: &str, features: &str, flags: &str) -> bool {
    // Some targets always have threads, and their names contain the word.
    target.contains("threads")
        || features.split(',').any(|feature| feature == "atomics")
        || flags_ask_for_atomics(flags)
}

fn flags_ask_for_atomics(flags: &str) -> bool {
    let mut flags = flags.split('\u{1f}');
    let mut atomics = false;
    while let Some(flag) = flags.next() {
        // `-C name=value`, `-Cname=value` or `--codegen name=value`, `--codegen=name=value`
        let option = match flag {
            "-C" | "--codegen" => flags.next(),
            _ => flag.strip_prefix("--codegen=").or(flag.strip_prefix("-C")),
        };
        match option.and_then(|option| option.split_once('=')) {
            Some(("target-feature", list)) => {
                for feature in list.split(',') {
                    match feature {
                        "+atomics" => atomics = true,
                        // The last one wins.
                        "-atomics" => atomics = false,
                        _ => {}
                    }
                }
            }
            // All but the oldest processors that LLVM knows may have the feature, or get it in a later version.
            Some(("target-cpu", cpu)) if !["mvp", "generic", "lime1"].contains(&cpu) => {
                return true;
            }
            // The form of LLVM's own options.
            Some(("llvm-args", arguments)) if arguments.contains("atomics") => return true,
            _ => {}
        }
    }
    atomics
}
