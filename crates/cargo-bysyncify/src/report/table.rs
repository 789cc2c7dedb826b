//! The report as text, for a terminal.

use std::cmp::Reverse;

use super::advice::{self, Advice};
use super::model::{Bytes, Crate, Report};
use super::numbers::{grouped, signed};
use super::options::Sort;

/// Writes the report, with at most `limit` functions.
pub(super) fn table(report: &Report<'_>, advice: &[Advice], sort: Sort, limit: usize) -> String {
    let mut lines = report.summary();
    lines.push(String::new());
    lines.extend(crates(report, sort));
    lines.push(String::new());
    lines.extend(functions(report, sort, limit));
    lines.push(String::new());
    lines.extend(advice::lines(advice));
    lines.join("\n") + "\n"
}

fn crates(report: &Report<'_>, sort: Sort) -> Vec<String> {
    let mut crates = report.crates();
    // They are sorted by name already.
    match sort {
        Sort::Cost => crates.sort_by_key(|krate| -krate.bytes.cost()),
        Sort::Size => crates.sort_by_key(|krate| Reverse(krate.bytes.with)),
        Sort::Name => {}
    }
    let rest = "data and the rest";
    let width = crates.iter().map(|krate| krate.name.chars().count()).max().unwrap_or(0);
    let width = width.max(rest.len());
    let line = |name: &str, counts: [String; 2], bytes: Bytes| {
        let [functions, instrumented] = counts;
        format!("{name:width$}{functions:>11}{instrumented:>14}{}", columns(bytes))
    };
    let counts =
        |krate: &Crate| [grouped(krate.functions as u64), grouped(krate.instrumented as u64)];
    let mut lines = vec![format!(
        "{:width$}{:>11}{:>14}{:>12}{:>12}{:>12}",
        "crate", "functions", "instrumented", "without", "with", "cost"
    )];
    lines.extend(crates.iter().map(|krate| line(&krate.name, counts(krate), krate.bytes)));
    lines.push(line(rest, [String::new(), String::new()], report.rest));
    lines.push(line("total", counts(&report.all()), report.total()));
    lines
}

fn functions(report: &Report<'_>, sort: Sort, limit: usize) -> Vec<String> {
    let mut functions: Vec<_> = report.present().collect();
    functions.sort_by_key(|(_, function)| &function.name);
    let title = match sort {
        Sort::Cost => {
            functions.retain(|(_, function)| function.bytes.cost() != 0);
            functions.sort_by_key(|(_, function)| -function.bytes.cost());
            "The functions that cost most"
        }
        Sort::Size => {
            functions.sort_by_key(|(_, function)| Reverse(function.bytes.with));
            "The largest functions"
        }
        Sort::Name => "The functions",
    };
    let shown = functions.len().min(limit);
    let mut lines = vec![
        format!("{title} ({shown} of {}; see --limit, --sort and --why):", functions.len()),
        format!("{:>12}{:>12}{:>12}", "without", "with", "cost"),
    ];
    for (index, function) in functions.into_iter().take(shown) {
        lines.push(format!("{}  {}", columns(function.bytes), function.name));
        lines.push(format!("{:40}{}", "", report.reason(index)));
    }
    lines
}

fn columns(bytes: Bytes) -> String {
    let Bytes { without, with } = bytes;
    format!("{:>12}{:>12}{:>12}", grouped(without), grouped(with), signed(bytes.cost()))
}
