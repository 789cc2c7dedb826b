//! `cargo xtask bench switch`: suspend and resume, spawn, reading, memory, size.

use anyhow::Result;

use super::Figures;
use super::runtime::Runtime;
use crate::engine;
use crate::workspace::Workspace;

mod fuel;
mod modules;
mod table;
mod timing;

pub(super) use modules::linked_example;
use modules::{Modules, Side};
use table::{Counts, Measured, Report};

/// A comparison. The result is `ours` divided by `other`.
struct Comparison {
    name: &'static str,
    ours: Side,
    other: Side,
    /// The target: the highest ratio of times.
    target: Option<f64>,
}

/// All comparisons, in the order of the table.
fn comparisons() -> Vec<Comparison> {
    let ours = |export, depth| Side::Guest { export, depth };
    let linked = |depth| Side::Linked { export: "bench suspend", depth };
    let box_pin = ours("bench box_pin", 0);
    let read = |export| Side::Reads { export };
    let (slice, small) = (read("bench read_slice"), read("bench read_slice_small"));
    let wat = |depth| Side::Switch { depth };
    let least = |depth| Side::Least { depth };
    let jspi = |depth| Side::Jspi { depth };
    let continuations = |export, depth| Side::Continuations { export, depth };
    let switched = |depth| continuations("bench suspend", depth);
    let spawned = Side::Linked { export: "bench spawn", depth: 0 };
    let script = |depth, all_at_once| Side::Script { depth, all_at_once };
    let row = |name, ours, other, target| Comparison { name, ours, other, target };
    vec![
        row("suspend + resume, depth 0 : wat", ours("bench suspend", 0), wat(0), Some(2.0)),
        row("suspend + resume, depth 10 : wat", ours("bench suspend", 10), wat(10), Some(1.3)),
        row("suspend + resume, depth 100 : wat", ours("bench suspend", 100), wat(100), Some(1.15)),
        row("suspend + resume, depth 0 : least", ours("bench suspend", 0), least(0), None),
        row("suspend + resume, depth 10 : least", ours("bench suspend", 10), least(10), None),
        row("suspend + resume, depth 100 : least", ours("bench suspend", 100), least(100), None),
        row("linked by us, depth 0 : wat", linked(0), wat(0), None),
        row("linked by us, depth 2 : wat", linked(2), wat(2), None),
        row("linked by us, depth 10 : wat", linked(10), wat(10), None),
        row("linked by us, depth 100 : wat", linked(100), wat(100), Some(1.0 / 30.0)),
        row("linked by us, depth 1000 : wat", linked(1000), wat(1000), None),
        row("linked by us, depth 1000 : depth 2", linked(1000), linked(2), Some(2.0)),
        row("script, depth 0 : all at once", script(0, false), script(0, true), None),
        row("script, depth 50 : all at once", script(50, false), script(50, true), None),
        row("new embed each time, depth 0 : wat", ours("bench embed", 0), wat(0), None),
        row("spawn + finish : Box::pin", ours("bench spawn", 0), box_pin, Some(3.0)),
        row("read 64 KiB, futures-io : slice", read("bench read_futures"), slice, Some(1.25)),
        row("read 64 KiB, tokio : slice", read("bench read_tokio"), slice, Some(1.25)),
        row("read 16 bytes, buffered : slice", read("bench read_futures_small"), small, None),
        row("suspend + resume, depth 0 : JSPI", ours("bench suspend", 0), jspi(0), None),
        row("linked by us, depth 0 : JSPI", linked(0), jspi(0), Some(1.0)),
        row("linked by us, depth 100 : JSPI", linked(100), jspi(100), Some(1.0)),
        row("linked by us, depth 10000 : JSPI", linked(10_000), jspi(10_000), Some(1.0)),
        // Last: V8's flag for stack switching is for the whole process.
        row("stack switching, depth 0 : linked", switched(0), linked(0), None),
        row("stack switching, depth 2 : linked", switched(2), linked(2), None),
        row("stack switching, depth 10 : linked", switched(10), linked(10), None),
        row("stack switching, depth 1000 : linked", switched(1000), linked(1000), None),
        row("spawn, stack switching : linked", continuations("bench spawn", 0), spawned, None),
    ]
}

/// Measures all comparisons.
pub(super) fn measure(workspace: &Workspace, runtime: &Runtime) -> Result<impl Figures + use<>> {
    // Progress goes to standard error, because standard output may be piped.
    eprintln!("building …");
    let modules = Modules::build(workspace)?;
    let comparisons = comparisons();
    eprintln!("counting fuel …");
    let count = |side| modules.counted(side).map(fuel::per_repetition).transpose();
    let mut counts = Vec::new();
    for row in &comparisons {
        counts.push(match (count(row.ours)?, count(row.other)?) {
            (Some(ours), Some(other)) => Some(Counts { ours, other }),
            _ => None,
        });
    }
    eprintln!("measuring …");
    let times = timing::run(runtime, &modules, &comparisons)?;
    let rows = comparisons.iter().zip(times).zip(counts).map(|((row, times), counts)| Measured {
        name: row.name,
        target: row.target,
        times,
        counts,
    });
    Ok(Report {
        engine: runtime.name()?,
        binaryen: modules.binaryen,
        wasmi: engine::find(Some("wasmi"))?[0].version().into(),
        rows: rows.collect(),
        memory: fuel::call(&modules.memory, "bench memory")?,
        size: modules.size,
    })
}
