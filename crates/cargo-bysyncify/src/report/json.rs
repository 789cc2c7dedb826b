//! The report in JSON, for other programs.

use serde_json::{Value, json};
use wasm_asyncify::analysis::{Explainer, Step};
use wasm_asyncify::module::FunctionIndex;

use super::advice::Advice;
use super::model::{Bytes, Report};

/// The whole report.
pub(super) fn json(report: &Report<'_>, advice: &[Advice]) -> Value {
    let recipe = &report.manifest.recipe;
    let crates = report.crates();
    json!({
        "module": report.module,
        "wasm-opt": report.manifest.wasm_opt.as_ref().map(|(_, version)| version),
        "opt-level": recipe.opt_level.name(),
        "checks": recipe.checks,
        "assumed-not-to-suspend": recipe.no_suspend.0,
        "precise": report.assumption.json(report.program),
        "linked": {
            "functions": report.linked(),
            "instrumented": report.analysis.instrumented().count(),
        },
        "total": bytes(report.total()),
        "rest": bytes(report.rest),
        "crates": crates.iter().map(|krate| json!({
            "name": krate.name,
            "functions": krate.functions,
            "instrumented": krate.instrumented,
            "bytes": bytes(krate.bytes),
        })).collect::<Value>(),
        "functions": functions(report),
        "assume-no-suspend": advice.iter().map(|advice| json!({
            "path": advice.path,
            "functions": advice.functions,
            "bytes": advice.bytes,
            "since": advice.since,
        })).collect::<Value>(),
    })
}

fn bytes(bytes: Bytes) -> Value {
    json!({ "without": bytes.without, "with": bytes.with })
}

/// All functions except imported ones. The calls on the path from a coroutine's resume to its suspend refer to
/// functions by their ids.
fn functions(report: &Report<'_>) -> Value {
    let explainer = Explainer::new(report.program, report.analysis);
    let imported = |index: FunctionIndex| {
        report.program.functions.get(index).is_some_and(|it| it.import.is_some())
    };
    let functions = report.functions.iter().filter(|(index, _)| !imported(*index));
    functions
        .map(|(index, function)| {
            let calls = report.next(index).map(|step| call(report, step, step.function));
            let called_by = report.previous(index).map(|step| call(report, step, index));
            let verdict = match report.program.functions.get(index) {
                Some(_) => explainer.explain(index).verdict,
                None => report.reason(index),
            };
            json!({
                "id": index.0,
                "name": function.name,
                "symbol": function.symbol,
                "crate": function.krate,
                "bytes": bytes(function.bytes),
                "instrumented": function.is_instrumented,
                "why": verdict,
                "calls": calls,
                "called-by": called_by,
            })
        })
        .collect()
}

/// The function at the other end of a call. If the call is indirect, also how it reaches `callee`.
fn call(report: &Report<'_>, step: Step, callee: FunctionIndex) -> Value {
    let way = |call| report.analysis.way(report.program, call, callee);
    json!({ "id": step.function.0, "how": step.indirect.map(way) })
}
