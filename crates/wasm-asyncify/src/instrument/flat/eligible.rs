//! Decides which functions can have the flat form, and which of them need no frame.

use wasmparser::{Operator, ValType};

use crate::instrument::shape::{Kind, Shape, Structure};
use crate::instrument::{Callee, Reason};

/// Whether a function needs no frame: it returns the results of each site right after the call.
pub(in crate::instrument) fn passes_on(shape: &Shape<'_>) -> bool {
    !catches(shape)
        && shape.sites.iter().all(|site| {
            let next = site.call + 1;
            let is_last = matches!(shape.operators[next], Operator::Return)
                || next == shape.structures[0].end && site.below.is_empty();
            site.callee != Callee::Topmost && is_last && site.results == shape.structures[0].results
        })
}

/// Whether a call that can suspend is in a `try`, which may catch what it throws.
pub(super) fn catches(shape: &Shape<'_>) -> bool {
    shape.structures.iter().any(|it| it.kind == Kind::Try && !it.sites.is_empty())
}

/// The reason why a function cannot have this form, if any. `is_refused`: a rewind that begins in it cannot return
/// its results.
pub(in crate::instrument) fn unsupported(shape: &Shape<'_>, is_refused: bool) -> Option<Reason> {
    if shape.sites.is_empty() {
        return None;
    }
    let is_old_try = |it: &Structure| {
        let begin = shape.operators.get(it.begin);
        !it.sites.is_empty() && it.kind == Kind::Try && matches!(begin, Some(Operator::Try { .. }))
    };
    if shape.structures.iter().any(is_old_try) {
        Some(Reason::FlatTry)
    } else {
        let of_callees = shape.sites.iter().flat_map(|site| &site.results);
        let mut results = shape.structures[0].results.iter().chain(of_callees);
        // For parameters, the dispatcher passes null.
        let can_be_null = |ty: &ValType| ty.as_reference_type().is_none_or(|it| it.is_nullable());
        let has_kind =
            |ty: &ValType| ty.as_reference_type().is_none_or(|it| shape.types.kind(it).is_some());
        let is_possible = !is_refused
            && results.all(has_kind)
            && shape.locals[..shape.parameters].iter().all(can_be_null);
        (!is_possible).then_some(Reason::FlatReference)
    }
}
