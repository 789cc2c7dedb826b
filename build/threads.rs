//! Whether the program that the library is compiled for can have threads.
//!
//! It can if memory can be shared, which takes the feature `atomics`. A stable compiler hides that
//! feature, since it is not stable: it is neither in `CARGO_CFG_TARGET_FEATURE` nor seen by
//! `cfg(target_feature)` in the library. So the flags are read, from wherever Cargo has them: it hands
//! all of them over in `CARGO_ENCODED_RUSTFLAGS`.
//!
//! What a flag that is not known here does, or one that is given to a single crate, cannot be read. If
//! memory is shared nevertheless, the linker refuses the switch object: see `object.rs`.

/// `features` and `flags` are as Cargo tells build scripts.
pub(crate) fn possible(target: &str, features: &str, flags: &str) -> bool {
    // Some targets always have it, and say so.
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
                        // What comes later wins.
                        "-atomics" => atomics = false,
                        _ => {}
                    }
                }
            }
            // All but the oldest processors that LLVM knows may have it, or get it one day.
            Some(("target-cpu", cpu)) if !["mvp", "generic", "lime1"].contains(&cpu) => {
                return true;
            }
            // LLVM's own way to say it.
            Some(("llvm-args", arguments)) if arguments.contains("atomics") => return true,
            _ => {}
        }
    }
    atomics
}
