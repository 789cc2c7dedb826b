//! Whether the stack pointer of the program that the library is compiled for is a global, which the switch
//! can set.
//!
//! It is not where the component model's cooperative threads have one for each thread: from version 23 on LLVM asks the
//! functions `__wasm_get_stack_pointer` and `__wasm_set_stack_pointer` for it, on `wasm32-wasip3` by default
//! (its feature `libcall-thread-context`). The linker refuses an object that has the global then, and who looks for
//! overflows would find nothing to look at.

/// LLVM's name for it.
const FEATURE: &str = "libcall-thread-context";
/// The first version of LLVM in which it is the default of a target.
const SINCE: u32 = 23;

/// Why there is no global, in words. `environment`, `features` and `flags` are as Cargo tells build scripts;
/// `llvm` is asked where it matters.
pub(crate) fn refusal(
    target: &str,
    environment: &str,
    features: &str,
    flags: &str,
    llvm: impl FnOnce() -> Option<u32>,
) -> Option<String> {
    let is_default = || environment == "p3" && llvm().is_none_or(|version| version >= SINCE);
    // What comes later wins.
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

/// The version of LLVM in what `rustc -vV` prints.
pub(crate) fn llvm_version(verbose_version: &str) -> Option<u32> {
    let version = verbose_version.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    version.split('.').next()?.trim().parse().ok()
}
