//! `cargo xtask bench many`: the cost of many coroutines that are suspended at the same time, in WebAssembly.
//! `bench/native` measures the same natively.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Figures;
use super::runtime::Runtime;
use super::switch::linked_example;
use crate::workspace::Workspace;

/// The numbers of coroutines that are measured.
const COUNTS: [u32; 2] = [100_000, 1_000_000];

/// The program, which also defines the format of its input and output.
const SCRIPT: &str = include_str!("many.mjs");

/// A step that is done with all coroutines, one after the other.
#[derive(Debug)]
struct Step {
    step: String,
    /// Nanoseconds for each coroutine.
    ns: f64,
    /// Bytes of memory for each coroutine, after the step. Memory never shrinks.
    bytes: f64,
}

#[derive(Debug)]
struct Report {
    engine: String,
    /// For each of [`COUNTS`].
    steps: Vec<Vec<Step>>,
}

pub(super) fn measure(workspace: &Workspace, node: &Path) -> Result<impl Figures + use<>> {
    eprintln!("building …");
    let module = linked_example(workspace, "many")?;
    eprintln!("measuring …");
    let mut command = Command::new(node);
    command.args(["--input-type=module", "--eval", SCRIPT]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let request = json!({ "module": module, "counts": COUNTS });
    // A process that ends without reading this prints the reason on standard error, which it shares with us.
    let _ = child.stdin.take().map(|mut stdin| write!(stdin, "{request}"));
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "Node failed while it measured ({})", output.status);
    let steps =
        steps(&serde_json::from_slice(&output.stdout)?).context("the script wrote no figures")?;
    Ok(Report { engine: Runtime::Node(node.into()).name()?, steps })
}

/// Parses the output of the script.
fn steps(response: &Value) -> Option<Vec<Vec<Step>>> {
    let step = |step: &Value| {
        let number = |key| step[key].as_f64();
        Some(Step {
            step: step["step"].as_str()?.into(),
            ns: number("ns")?,
            bytes: number("bytes")?,
        })
    };
    let of_count = |steps: &Value| steps.as_array()?.iter().map(step).collect();
    response.as_array()?.iter().map(of_count).collect()
}

impl Figures for Report {
    fn to_json(&self) -> Value {
        let steps = |steps: &Vec<Step>| {
            let step =
                |it: &Step| json!({ "step": it.step, "ns": it.ns, "bytes": it.bytes.round() });
            Value::from_iter(steps.iter().map(step))
        };
        let counts = COUNTS.iter().zip(&self.steps);
        let all = counts.map(|(count, it)| json!({ "coroutines": count, "steps": steps(it) }));
        json!({ "engine": self.engine, "many": Value::from_iter(all) })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.engine)?;
        for (count, steps) in COUNTS.iter().zip(&self.steps) {
            write!(f, "\n\n{count} coroutines")?;
            for Step { step, ns, bytes } in steps {
                write!(f, "\n{step:<28} {ns:>6.0} ns each, {bytes:>6.0} bytes each")?;
            }
        }
        writeln!(f)
    }
}
