//! Finds the calls that are made while an exception waits to be thrown again. The exception is in a local or on the
//! stack then, as an `exnref`: the call runs a destructor, or other code that must not wait while a panic unwinds.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    FunctionBody, HeapType, Operator, Parser, ValType, ValidPayload, Validator, WasmFeatures,
};

use super::liveness::Liveness;
use super::read::read;
use super::types::Types;
use super::{Callee, is_call};
use crate::error::Result;
use crate::module::FunctionIndex;

/// For each of these functions: the calls with a live exception, by their numbers among all of its calls.
pub(crate) fn calls_with_exceptions(
    wasm: &[u8],
    functions: &BTreeSet<FunctionIndex>,
) -> Result<BTreeMap<FunctionIndex, BTreeSet<usize>>> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    // No code is written here, so the validator's types need no conversion.
    let types = Types::default();
    let mut found = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let ValidPayload::Func(function, body) = validator.payload(&payload?)? else { continue };
        let index = FunctionIndex(function.index);
        if !functions.contains(&index) || !catches_references(&body)? {
            continue;
        }
        // As if every call could suspend.
        let shape = read(function, &body, &types, |operator, _| {
            is_call(operator).then_some(Callee::Indirect)
        })?;
        let calls: BTreeMap<usize, usize> = (shape.operators.iter().enumerate())
            .filter(|(_, operator)| is_call(operator))
            .enumerate()
            .map(|(number, (at, _))| (at, number))
            .collect();
        let with_exception =
            shape.sites.iter().zip(Liveness::new(&shape).at_sites).filter(|(site, live)| {
                let mut live = live.iter().map(|local| shape.locals[usize::from(*local)]);
                live.any(is_exception) || site.below.iter().copied().any(is_exception)
            });
        let numbers: BTreeSet<_> =
            with_exception.filter_map(|(site, _)| calls.get(&site.call).copied()).collect();
        found.insert(index, numbers);
    }
    Ok(found)
}

fn catches_references(body: &FunctionBody<'_>) -> Result<bool> {
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        if matches!(operators.read()?, Operator::TryTable { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_exception(ty: ValType) -> bool {
    use wasmparser::AbstractHeapType::Exn;
    matches!(ty, ValType::Ref(reference)
        if matches!(reference.heap_type(), HeapType::Abstract { ty: Exn, .. }))
}
