//! Texts for instructions and values in messages; and instructions in the form in which they are compared.

use wasmparser::Operator;

use super::machine::Activation;
use super::values::{Value, Values};

/// Describes a value, for a message.
pub(super) fn held(value: Value, function: &Activation, values: &Values) -> String {
    if let Some(constant) = values.as_constant(value) {
        return format!("the constant {constant:?}");
    }
    match function.locals.iter().position(|local| *local == value) {
        Some(local) => format!("that of local {local}"),
        None => "a value that is in no local".to_owned(),
    }
}

/// Describes an instruction, for a message.
pub(super) fn described(operator: &Operator<'_>, offset: u64) -> String {
    format!("`{}` at {offset:#x}", name(operator))
}

pub(super) fn name(operator: &Operator<'_>) -> String {
    let all = format!("{operator:?}");
    all.split([' ', '(']).next().unwrap_or_default().to_owned()
}

/// The call for a tail call; any other instruction as it is.
pub(super) fn without_tail<'a>(operator: &Operator<'a>) -> Operator<'a> {
    match *operator {
        Operator::ReturnCall { function_index } => Operator::Call { function_index },
        Operator::ReturnCallIndirect { type_index, table_index } => {
            Operator::CallIndirect { type_index, table_index }
        }
        Operator::ReturnCallRef { type_index } => Operator::CallRef { type_index },
        ref other => other.clone(),
    }
}

/// A branch without its depth.
pub(super) fn without_depth<'a>(operator: &Operator<'a>) -> Operator<'a> {
    let mut operator = operator.clone();
    if let Operator::BrOnNull { relative_depth }
    | Operator::BrOnNonNull { relative_depth }
    | Operator::BrOnCast { relative_depth, .. }
    | Operator::BrOnCastFail { relative_depth, .. } = &mut operator
    {
        *relative_depth = 0;
    }
    operator
}
