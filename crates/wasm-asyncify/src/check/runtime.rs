//! Recognises the functions that replace the imports from `asyncify`, by running them symbolically on all paths.

use super::alone::{self, Memory};
use super::code::Code;
use super::machine::{Activation, Added, Machine, Program};
use super::operators::Op;
use super::values::{Constant, Values};
use super::wrong::Wrong;

/// The functions of `asyncify` that this function can replace. Their behaviour:
///
/// - `start_unwind(data)` sets the state to 1 and stores `data`; `start_rewind` does the same, with 2.
/// - `stop_unwind()` and `stop_rewind()` set it to 0.
/// - All of them then trap if `start` has passed `end`; with `callers_check` they need not, because it has not.
/// - Where functions are resumed one by one, `start_unwind` then writes `start` into the word before `end`. If
///   that word is no longer free, it makes `start` pass `end` instead; with `callers_check` it is free.
/// - `get_state()` returns the state.
pub(super) fn names(
    code: &Code<'_>,
    added: &Added<'_>,
    callers_check: bool,
) -> Result<&'static [&'static str], Wrong> {
    let mut values = Values::default();
    let parameters = values.unknowns(code.parameters);
    let globals = values.unknowns(added.globals.len());
    let [state, data, ..] = globals[..] else { return Ok(&[]) };
    let pointed_to = parameters.first().copied().unwrap_or(data);
    let results = code.labels[0].arity;
    let machine = Machine {
        function: Activation::begin(code, parameters.clone(), &mut values),
        globals,
        ..Machine::default()
    };
    let mut memory = Memory::to_unwind(pointed_to, added.reserved, &mut values);
    memory.room.fits = if callers_check { added.reserved } else { -1 };
    let program = Program { code, added: Some(added) };
    let ended = alone::run(machine, memory, &program, &mut values)?;
    if let [(machine, _)] = &ended[..]
        && (!callers_check || machine.globals[0] == state)
    {
        let is_get_state = code.parameters == 0
            && matches!(code.steps[machine.function.at].op, Op::Return)
            && machine.function.stack == [state.into()]
            && machine.globals[..2] == [state, data];
        return Ok(if is_get_state { &["get_state"] } else { &[] });
    }
    let mut returned = None;
    let (mut traps, mut gives_up) = (callers_check, callers_check || added.reserved == 0);
    let mut newest = None;
    for (machine, memory) in &ended {
        let step = &program.code_of(machine.inner.last().and_then(|it| it.added))?.steps
            [machine.inner.last().unwrap_or(&machine.function).at];
        let is_untouched = memory.cells.is_empty() && memory.start == memory.frame;
        match (&step.op, memory.room.lacks) {
            (Op::Last, Some(0)) if matches!(step.operator, wasmparser::Operator::Unreachable) => {
                traps = true;
            }
            (Op::Return, Some(lacks)) if lacks == added.reserved && results == 0 => {
                gives_up = memory.cells.is_empty() && memory.size(&values) == Some(lacks);
            }
            // With `callers_check` there is only one path.
            (Op::Return, None) if is_untouched && results == 0 && returned.is_none() => {
                newest = memory.newest.map(|newest| newest == memory.start);
                returned = Some((values.as_constant(machine.globals[0]), machine.globals[1]));
            }
            _ => return Ok(&[]),
        }
    }
    let Some((Some(Constant::I32(state)), remembered)) = returned.filter(|_| traps) else {
        return Ok(&[]);
    };
    let begins_segment = newest == Some(true) && gives_up;
    Ok(match (state, code.parameters) {
        (1, 1) if added.reserved > 0 && !begins_segment => &[],
        (1, 1) if remembered == pointed_to => &["start_unwind"],
        _ if newest.is_some() => &[],
        (2, 1) if remembered == pointed_to => &["start_rewind"],
        (0, 0) if remembered == data => &["stop_unwind", "stop_rewind"],
        _ => &[],
    })
}
