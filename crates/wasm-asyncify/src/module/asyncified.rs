//! Recognises a module that has been through Asyncify by its code, whatever the names of its exports are:
//! Emscripten shortens them to one letter.
//!
//! Binaryen and this crate write the same functions, and no optimiser changes them:
//!
//! ```text
//!   i32.const 2     global.set $state    (1 in `start_unwind`, 0 in those that stop)
//!   local.get 0     global.set $data     (not in those that stop)
//!   global.get $data load  global.get $data load offset=4  i32.gt_u  if unreachable end
//! ```
//!
//! Only Asyncify has a function that starts an unwind, one that starts a rewind and one that stops, all with the
//! same two globals.

use std::collections::BTreeSet;

use wasmparser::{FunctionBody, Operator};

use super::ModuleInfo;
use crate::error::Result;

/// The state that such a function sets, and its globals: the state, and `data`.
type Runtime = (i32, u32, u32);

/// The number of instructions of a function that are read.
const LEN: usize = 12;

/// Whether a module has the functions that start and stop unwinds and rewinds.
pub(crate) fn has_runtime(module: &ModuleInfo<'_>) -> Result<bool> {
    let mut found = BTreeSet::new();
    for body in &module.bodies {
        found.extend(runtime(body)?);
    }
    Ok(found.iter().any(|(set, state, data)| {
        *set == 0 && [1, 2].iter().all(|set| found.contains(&(*set, *state, *data)))
    }))
}

fn runtime(body: &FunctionBody<'_>) -> Result<Option<Runtime>> {
    let mut operators = body.get_operators_reader()?;
    let mut code = Vec::new();
    while !operators.eof() && code.len() < LEN {
        code.push(operators.read()?);
        match &code[..] {
            [Operator::I32Const { value: 0..=2 }] | [_, Operator::GlobalSet { .. }, ..] => {}
            // Almost all functions end here.
            _ => return Ok(None),
        }
    }
    let [Operator::I32Const { value }, Operator::GlobalSet { global_index: state }, rest @ ..] =
        &code[..]
    else {
        return Ok(None);
    };
    let (given, rest) = match rest {
        [
            Operator::LocalGet { local_index: 0 },
            Operator::GlobalSet { global_index },
            rest @ ..,
        ] => (Some(*global_index), rest),
        rest => (None, rest),
    };
    let [start, load_start, end, load_end, compare, Operator::If { .. }, Operator::Unreachable, ..] =
        rest
    else {
        return Ok(None);
    };
    let data = match (start, end) {
        (
            Operator::GlobalGet { global_index: start },
            Operator::GlobalGet { global_index: end },
        ) if start == end => *start,
        _ => return Ok(None),
    };
    let pointer = match compare {
        Operator::I32GtU => 4,
        Operator::I64GtU => 8,
        _ => return Ok(None),
    };
    let is_load = |operator: &Operator<'_>, offset: u64| match operator {
        Operator::I32Load { memarg } => pointer == 4 && memarg.offset == offset,
        Operator::I64Load { memarg } => pointer == 8 && memarg.offset == offset,
        _ => false,
    };
    let is_it = is_load(load_start, 0)
        && is_load(load_end, pointer)
        && given.map_or(*value == 0, |given| given == data && *value != 0);
    Ok(is_it.then_some((*value, *state, data)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Choice, Imports};
    use crate::{Options, Producer, Resumption, transform};

    /// A function that sets the state, and perhaps `data`, as Binaryen writes it.
    fn function(state: u32, globals: [u32; 2]) -> String {
        let [of_state, data] = globals;
        let (parameter, sets) = match state {
            0 => ("", String::new()),
            _ => ("(param i32)", format!("local.get 0 global.set {data}")),
        };
        format!(
            "(func {parameter} i32.const {state} global.set {of_state} {sets}
               global.get {data} i32.load global.get {data} i32.load offset=4 i32.gt_u
               if unreachable end)"
        )
    }

    fn has(functions: &[String]) -> bool {
        let text = format!(
            "(module (memory 1)
               (global (mut i32) (i32.const 0)) (global (mut i32) (i32.const 0))
               (global (mut i32) (i32.const 0)) {})",
            functions.concat()
        );
        let wasm = wat::parse_str(text).unwrap();
        has_runtime(&ModuleInfo::read(&wasm).unwrap()).unwrap()
    }

    #[test]
    fn who_starts_and_stops_with_the_same_globals_is_asyncify() {
        let all = |globals| [0, 1, 2].map(|state| function(state, globals));
        assert!(has(&all([0, 1])) && has(&all([2, 0])));
        for left_out in 0..3 {
            let mut two = all([0, 1]).to_vec();
            two.remove(left_out);
            assert!(!has(&two), "without {left_out}");
            two.push(function(left_out as u32, [2, 1]));
            assert!(!has(&two), "{left_out} is of another state");
        }
        let [stop, start, rewind] = all([0, 1]);
        for (from, to) in
            [("gt_u", "gt_s"), ("offset=4", "offset=8"), ("local.get 0", "i32.const 0")]
        {
            assert!(!has(&[stop.clone(), start.replace(from, to), rewind.clone()]), "{to}");
        }
    }

    #[test]
    fn what_we_have_made_is_known_without_its_names() {
        let text = r#"(module (import "env" "sleep" (func $sleep)) (memory {WIDTH} 1)
            (func (export "waits") (call $sleep)))"#;
        let (all, one) = (Resumption::AllAtOnce, Resumption::OneByOne);
        for (width, resumption) in [("", all), ("", one), ("i64", all), ("i64", one)] {
            let options = Options {
                producer: Producer::Any,
                choice: Choice { imports: Imports::All, ..Choice::default() },
                resumption,
                ..Options::default()
            };
            let wasm = wat::parse_str(text.replace("{WIDTH}", width)).unwrap();
            let made = transform(&wasm, &options).unwrap().module;
            let printed = wasmprinter::print_bytes(&made).unwrap();
            let minified = wat::parse_str(printed.replace("\"asyncify_", "\"")).unwrap();
            assert!(
                has_runtime(&ModuleInfo::read(&minified).unwrap()).unwrap(),
                "{width} {resumption:?}"
            );
            assert_eq!(
                transform(&minified, &options).unwrap_err().to_string(),
                "the module has been through Asyncify already: it has the functions that start and \
                 stop an unwind\n  take it as it is, or start from the one that it was made of"
            );
            assert!(!has_runtime(&ModuleInfo::read(&wasm).unwrap()).unwrap());
        }
    }
}
