//! Whether the stack pointer of the program that the library is compiled for is a global, which the switch can
//! set.
//!
//! It is not with the component model's cooperative threads, which have one stack pointer each. From version 23
//! on, LLVM then gets it from the functions `__wasm_get_stack_pointer` and `__wasm_set_stack_pointer`, on
//! `wasm32-wasip3` by default (its feature `libcall-thread-context`). The linker then refuses an object that
//! imports the global, and the checks for overflows would have nothing to check.

/// LLVM's name of the feature.
const FEATURE: &str = "libcall-thread-context";
/// The first version of LLVM in which the feature is the default of a target.
const SINCE: u32 = 23;

/// Returns the reason why there is no global, in words. `environment`, `features` and `flags` are what Cargo
/// passes to build scripts; `llvm` is called only if its version matters.
pub(crate) fn refusal(
    target: &str,
    environment: &str,
    features: &str,
    flags: &str,
    llvm: impl FnOnce() -> Option<u32>,
) -> Option<String> {
    let is_default = || environment == "p3" && llvm().is_none_or(|version| version >= SINCE);
    // The last one wins.
    let last = |sign: char| flags.rfind(&format!("{sign}{FEATURE}"));
    let is_behind_functions = match (last('+'), last('-')) {
        (None, None) => features.split(',').any(|feature| feature == FEATURE) || is_default(),
        (on, off) => on > off,
    };
    is_behind_functions.then(|| {
        format!(
            "bysyncify cannot switch stacks on {target}: its stack pointer is not a global there, but behind \
             the functions `__wasm_get_stack_pointer` and `__wasm_set_stack_pointer` (LLVM's \
             `{FEATURE}`). Build for `wasm32-wasip2`: engines that run components of the one run those of the other"
        )
    })
}

/// Returns the version of LLVM in the output of `rustc -vV`.
pub(crate) fn llvm_version(verbose_version: &str) -> Option<u32> {
    let version = verbose_version.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    version.split('.').next()?.trim().parse().ok()
}
