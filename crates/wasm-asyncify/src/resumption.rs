//! Whether functions are resumed one by one, or all at once.

use crate::abi;
use crate::analysis::{Function, Program};
use crate::module::FunctionIndex;

/// How suspended functions are resumed.
///
/// All at once: a rewind calls the outermost function, which calls the next one, and so on. A wait costs as much as
/// the whole stack. One by one: the innermost function is called alone, and its caller when it returns. A wait
/// costs what it touches. Then frames are in memory while code runs, and the code that begins rewinds must leave
/// them there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resumption {
    /// One by one if three conditions hold, all at once otherwise. Nothing suspends but the switch of the library
    /// `bysyncify`, which leaves frames where they are. There are checks that no stack grows into frames. And every
    /// function can be resumed so, of which there are at most 65,520.
    #[default]
    Automatic,
    /// All at once, as Binaryen's Asyncify does it.
    AllAtOnce,
    /// One by one. Code that begins rewinds must keep what `data` points to as long as something is suspended there.
    /// It must not reset the first pointer of `data` before that, and may change the second one only while nothing is
    /// saved or restored.
    OneByOne,
}

/// The largest number of functions that can be resumed one by one. The dispatcher has a `br_table` with an entry
/// for each, and engines in browsers reject a module with a larger one.
pub(crate) const MOST_FUNCTIONS: usize = 65_520;

/// Whether only the library's switch can call Asyncify's four functions.
pub(crate) fn only_our_switch(program: &Program) -> bool {
    let is_asyncify = |index: &FunctionIndex| {
        let import = program.functions[*index].import.as_ref();
        import.is_some_and(|import| import.module == "asyncify")
    };
    let is_known_elsewhere = |index: FunctionIndex| {
        program.functions[index].address_taken.is_taken()
            || program.exports.iter().any(|(_, exported)| *exported == index)
    };
    let is_ours = |function: &Function| {
        function.name.as_deref().is_some_and(|name| abi::SWITCH.contains(&name))
    };
    let mut imports = program.functions.indices().filter(is_asyncify);
    program.named(abi::RESUME).is_some()
        && !imports.any(is_known_elsewhere)
        && program
            .functions
            .values()
            .filter(|function| function.calls.direct.iter().any(is_asyncify))
            .all(is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether only the library's switch suspends in a program with this code.
    fn is_only_ours(other: &str) -> bool {
        let text = format!(
            r#"(module
              (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
              (import "asyncify" "stop_unwind" (func $stop_unwind))
              (table 9 funcref)
              (func $bysyncify_suspend (call $start_unwind (i32.const 16)))
              (func $bysyncify_resume (call $stop_unwind))
              {other})"#
        );
        only_our_switch(&Program::read(&wat::parse_str(text).unwrap()).unwrap())
    }

    #[test]
    fn another_switch_is_noticed_however_it_is_called() {
        assert!(is_only_ours(""));
        assert!(is_only_ours("(func $f (call $bysyncify_suspend))"));
        assert!(!is_only_ours("(func $f (call $start_unwind (i32.const 8)))"));
        assert!(!is_only_ours("(func $f (return_call $stop_unwind))"));
        assert!(!is_only_ours("(elem (i32.const 1) func $stop_unwind)"));
        assert!(!is_only_ours(
            "(elem declare func $stop_unwind) (func (drop (ref.func $stop_unwind)))"
        ));
        assert!(!is_only_ours("(export \"stop\" (func $stop_unwind))"));
        let text = r#"(module (import "asyncify" "stop_unwind" (func $stop_unwind))
            (func $bysyncify_suspend (call $stop_unwind)))"#;
        let without = Program::read(&wat::parse_str(text).unwrap()).unwrap();
        assert!(!only_our_switch(&without), "nobody resumes");
    }
}
