//! Measuring time: all of it in one process, which gets its work on standard input.

use std::io::Write;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Comparison;
use super::modules::{Modules, Side};
use crate::bench::runtime::{Runtime, Script};
use crate::bench::statistics::Sorted;
use crate::process;

/// The program, and the format of what it reads and writes.
const SCRIPT: Script =
    Script { javascript: include_str!("timing.mjs"), python: include_str!("timing.py") };

/// Nanoseconds for each repetition, and ratios of one round each.
#[derive(Debug)]
pub(super) struct Times {
    pub(super) ours: Sorted,
    pub(super) other: Sorted,
    pub(super) ratios: Sorted,
}

/// Measures them: one result for each comparison; none for what this engine cannot do.
pub(super) fn run(
    runtime: &Runtime,
    modules: &Modules,
    rows: &[Comparison],
) -> Result<Vec<Option<Times>>> {
    let side = |side: Side| match modules.counted(side) {
        Some(f) => json!({ "module": f.module, "export": f.export, "depth": f.depth }),
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
    // One that ends without reading this says why on standard error, which is ours too.
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
