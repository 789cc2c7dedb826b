//! `--report`: which functions would be instrumented, and why.

use clap::ValueEnum;
use serde_json::{Value, json};
use wasm_asyncify::Findings;
use wasm_asyncify::analysis::Explanation;
use wasm_asyncify::module::FunctionIndex;

/// The reader of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: the functions that are instrumented
    Text,
    /// For programs: all functions of the module's own
    Json,
}

impl Format {
    /// The report on what was found.
    pub(crate) fn report(self, findings: &Findings) -> String {
        match self {
            Self::Text => text(findings),
            Self::Json => format!("{:#}\n", json(findings)),
        }
    }
}

fn text(findings: &Findings) -> String {
    let (program, analysis) = (findings.program(), findings.analysis());
    let explainer = findings.explainer();
    let mut report = String::new();
    for function in analysis.instrumented() {
        let Explanation { verdict, calls, .. } = explainer.explain(function);
        report += &format!("{}\n  {verdict}\n", program.readable(function));
        report.extend(calls.iter().map(|call| format!("    {call}\n")));
        report += "\n";
    }
    let (instrumented, all) = (analysis.instrumented().count(), own(findings).count());
    report + &format!("{instrumented} of {all} functions are instrumented\n")
}

fn json(findings: &Findings) -> Value {
    let (program, analysis) = (findings.program(), findings.analysis());
    let explainer = findings.explainer();
    let functions = own(findings).map(|function| {
        let Explanation { verdict, calls, .. } = explainer.explain(function);
        json!({
            "id": function.0,
            "name": program.readable(function),
            "symbol": program.symbol(function),
            "instrumented": analysis.is_instrumented(function),
            "why": verdict,
            "calls": calls,
        })
    });
    json!({
        "instrumented": analysis.instrumented().count(),
        "unmatched": analysis.unmatched(),
        "functions": functions.collect::<Value>(),
    })
}

/// The functions that the module defines.
fn own(findings: &Findings) -> impl Iterator<Item = FunctionIndex> {
    let functions = findings.program().functions.iter();
    functions.filter(|(_, it)| it.import.is_none()).map(|(function, _)| function)
}
