//! Functions with identical code, which an optimiser merges.
//!
//! Generic Rust has many of them, and `wasm-opt` finds them. If each check had the number of its own function,
//! no two of them would be identical any more. So in an optimised build all identical functions use the number
//! of the first one. Its name is as good as the others', since only one function is left.
//!
//! Two functions that call identical functions are identical themselves:
//!
//! ```text
//!   a: call x    b: call y    x: nop    y: nop          x = y, then a = b
//! ```

use std::collections::HashMap;

use wasmparser::Operator;

use super::info::GuardInfo;
use crate::error::Result;
use crate::module::{FunctionIndex, FunctionMap};

/// A function's code, apart from its callees.
struct Code {
    /// The number of its type and its code without callees, among all such pairs.
    rest: usize,
    calls: Vec<FunctionIndex>,
}

/// By function index: the first function with the same code.
pub(super) fn first_alike(info: &GuardInfo<'_>) -> Result<FunctionMap<FunctionIndex>> {
    let mut rests = HashMap::new();
    let mut codes = Vec::new();
    for (function, ty) in info.module.signatures.iter() {
        let Some(body) = info.module.body(function) else { continue };
        let mut rest = body.as_bytes().to_vec();
        let mut calls = Vec::new();
        let start = body.range().start;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let before = operators.original_position() - start;
            if let Operator::Call { function_index } | Operator::ReturnCall { function_index } =
                operators.read()?
            {
                calls.push(FunctionIndex(function_index));
                let after = operators.original_position() - start;
                // The opcode stays.
                rest[usize::try_from(before + 1)?..usize::try_from(after)?].fill(0);
            }
        }
        let count = rests.len();
        let rest = *rests.entry((*ty, rest)).or_insert(count);
        codes.push((function, Code { rest, calls }));
    }
    let mut first: FunctionMap<_> = info.module.signatures.indices().collect();
    loop {
        let mut found = HashMap::new();
        let mut next = first.clone();
        for (function, code) in &codes {
            let calls: Vec<_> = code.calls.iter().map(|callee| first[*callee]).collect();
            next[*function] = *found.entry((code.rest, calls)).or_insert(*function);
        }
        if next == first {
            return Ok(first);
        }
        first = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::ModuleInfo;

    #[track_caller]
    fn assert_first_alike(functions: &str, expected: &[u32]) {
        let wasm = wat::parse_str(format!("(module {functions})")).unwrap();
        let module = ModuleInfo::read(&wasm).unwrap();
        let found = first_alike(&GuardInfo::new(&module).unwrap()).unwrap();
        assert_eq!(found.values().map(|it| it.0).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn same_code_and_type() {
        assert_first_alike(
            "(func) (func) (func (param i32)) (func (local i32)) (func nop) (func nop)",
            &[0, 0, 2, 3, 4, 4],
        );
    }

    #[test]
    fn imported_functions_are_all_different() {
        assert_first_alike(
            r#"(import "a" "a" (func)) (import "a" "b" (func)) (func call 0) (func call 1)
               (func call 0)"#,
            &[0, 1, 2, 3, 2],
        );
    }

    #[test]
    fn calls_of_what_is_alike() {
        assert_first_alike(
            "(func call 2) (func call 3) (func call 4) (func call 5) (func nop) (func nop)
             (func call 2 call 5) (func call 3 call 4) (func call 5 call 3)",
            &[0, 0, 2, 2, 4, 4, 6, 6, 8],
        );
    }

    #[test]
    fn references_to_what_is_alike_are_different_values() {
        assert_first_alike(
            "(func (result funcref) ref.func 2) (func (result funcref) ref.func 3) (func) (func)
             (elem declare func 2 3)",
            &[0, 1, 2, 2],
        );
    }
}
