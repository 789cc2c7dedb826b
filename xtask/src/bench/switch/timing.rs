//! Measures time, all in one process, which gets its work on standard input.

use std::io::Write;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Comparison;
use super::modules::{Modules, Side};
use crate::bench::runtime::{Runtime, Script};
use crate::bench::statistics::Sorted;
use crate::process;

/// The program, which also defines the format of its input and output.
const SCRIPT: Script =
    Script { javascript: include_str!("timing.mjs"), python: include_str!("timing.py") };

/// Nanoseconds per repetition, and the ratio in each round.
#[derive(Debug)]
pub(super) struct Times {
    pub(super) ours: Sorted,
    pub(super) other: Sorted,
    pub(super) ratios: Sorted,
}

/// Measures the comparisons: one result for each; `None` where this engine cannot run it.
pub(super) fn run(
    runtime: &Runtime,
    modules: &Modules,
    rows: &[Comparison],
) -> Result<Vec<Option<Times>>> {
    let side = |side: Side| match modules.function(side) {
        Some(f) => json!({
            "module": f.module,
            "export": f.export,
            "depth": f.depth,
            "continuations": matches!(side, Side::Continuations { .. }),
        }),
        None => json!({ "jspi": modules.jspi, "depth": side.depth() }),
    };
    let sides = |row: &Comparison| json!({ "ours": side(row.ours), "other": side(row.other) });
    let request: Vec<Value> = rows.iter().map(sides).collect();

    let mut command = runtime.command(SCRIPT);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", process::show(&command)))?;
    // A process that ends without reading this prints the reason on standard error, which it shares with us.
    let _ = child.stdin.take().map(|mut stdin| write!(stdin, "{}", Value::from(request)));
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{} failed while it measured ({})", runtime.name()?, output.status);
    }
    let response: Value = serde_json::from_slice(&output.stdout)?;
    response.as_array().context("the script wrote no rows")?.iter().map(times).collect()
}

fn times(row: &Value) -> Result<Option<Times>> {
    if row.is_null() {
        return Ok(None);
    }
    let numbers = |key| {
        let list = row[key].as_array().with_context(|| format!("the script wrote no `{key}`"))?;
        Ok::<Vec<f64>, anyhow::Error>(list.iter().filter_map(Value::as_f64).collect())
    };
    let (ours, other) = (numbers("ours")?, numbers("other")?);
    let ratios = ours.iter().zip(&other).map(|(ours, other)| ours / other).collect();
    Ok(Some(Times {
        ours: Sorted::new(ours),
        other: Sorted::new(other),
        ratios: Sorted::new(ratios),
    }))
}
