//! Measuring time: all of it in one Node process, which gets its work on standard input.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Comparison;
use super::modules::{Modules, Side};
use crate::bench::statistics::Sorted;

/// The program, and the format of what it reads and writes.
const SCRIPT: &str = include_str!("timing.mjs");

/// What Node has measured.
pub(super) struct Timings {
    /// Its version.
    pub(super) node: String,
    /// One for each comparison; none for what this Node cannot do.
    pub(super) rows: Vec<Option<Times>>,
}

/// Nanoseconds for each repetition, and ratios of one round each.
#[derive(Debug)]
pub(super) struct Times {
    pub(super) ours: Sorted,
    pub(super) other: Sorted,
    pub(super) ratios: Sorted,
}

pub(super) fn run(node: &Path, modules: &Modules, rows: &[Comparison]) -> Result<Timings> {
    let side = |side: Side| match modules.counted(side) {
        Some(f) => json!({ "module": f.module, "export": f.export, "depth": f.depth }),
        None => json!({ "jspi": modules.jspi, "depth": side.depth() }),
    };
    let sides = |row: &Comparison| json!({ "ours": side(row.ours), "other": side(row.other) });
    let request: Vec<Value> = rows.iter().map(sides).collect();

    let mut child = Command::new(node)
        .args(["--input-type=module", "--eval", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", node.display()))?;
    // One that ends without reading this says why on standard error, which is ours too.
    let _ = child.stdin.take().map(|mut stdin| write!(stdin, "{}", Value::from(request)));
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("`{}` failed while it measured ({})", node.display(), output.status);
    }
    let response: Value = serde_json::from_slice(&output.stdout)?;
    let measured = response["rows"].as_array().context("Node wrote no rows")?;
    Ok(Timings {
        node: response["node"].as_str().context("Node wrote no version")?.into(),
        rows: measured.iter().map(times).collect::<Result<_>>()?,
    })
}

fn times(row: &Value) -> Result<Option<Times>> {
    if row.is_null() {
        return Ok(None);
    }
    let numbers = |key| {
        let list = row[key].as_array().with_context(|| format!("Node wrote no `{key}`"))?;
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
