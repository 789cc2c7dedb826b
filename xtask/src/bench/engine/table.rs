//! The figures, as a table and as JSON.

use core::fmt;

use serde_json::{Value, json};

use super::pass::Cost;
use crate::bench::Figures;

pub(super) struct Report {
    pub(super) wasm_opt: String,
    pub(super) node: String,
    pub(super) programs: Vec<Program>,
}

pub(super) struct Program {
    pub(super) name: &'static str,
    /// The first build is the plain one.
    pub(super) builds: Vec<Build>,
}

pub(super) struct Build {
    pub(super) name: &'static str,
    pub(super) bytes: u64,
    /// The cost of the pass, if there was one.
    pub(super) cost: Option<Cost>,
    /// Milliseconds.
    pub(super) cpu: Option<f64>,
    /// The same, for another run, which is suspended.
    pub(super) suspended: Option<f64>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, Node {}", self.wasm_opt, self.node)?;
        writeln!(
            f,
            "{:10}  {:14}  {:>8}  {:>5}  {:>8}  {:>5}  {:>7}  {:>8}  {:>5}  {:>12}",
            "program",
            "build",
            "bytes",
            "size",
            "pass",
            "MB/s",
            "memory",
            "CPU",
            "CPU",
            "suspended"
        )?;
        for Program { name, builds } in &self.programs {
            let Some(plain) = builds.first() else { continue };
            for (index, build) in builds.iter().enumerate() {
                let program = if index == 0 { name } else { "" };
                let megabytes = plain.bytes as f64 / 1e6;
                let or = |value: Option<String>| value.unwrap_or_default();
                let ratio = build.cpu.zip(plain.cpu).map(|(cpu, plain)| cpu / plain);
                let line = format!(
                    "{program:10}  {:14}  {:8}  {:5.2}  {:>8}  {:>5}  {:>7}  {:>8}  {:>5}  {:>12}",
                    build.name,
                    build.bytes,
                    build.bytes as f64 / plain.bytes as f64,
                    or(build.cost.map(|it| format!("{:.2} s", it.seconds))),
                    or(build.cost.map(|it| format!("{:.1}", megabytes / it.seconds))),
                    or(build.cost.map(|it| format!("{:.0} MB", it.kilobytes / 1e3))),
                    or(build.cpu.map(|it| format!("{it:.1} ms"))),
                    or(ratio.map(|it| format!("{it:.2}"))),
                    or(build.suspended.map(|it| format!("{it:.1} ms"))),
                );
                writeln!(f, "{}", line.trim_end())?;
            }
        }
        Ok(())
    }
}

impl Figures for Report {
    fn to_json(&self) -> Value {
        let build = |it: &Build| {
            json!({
                "name": it.name,
                "bytes": it.bytes,
                "pass_seconds": it.cost.map(|cost| cost.seconds),
                "pass_kilobytes": it.cost.map(|cost| cost.kilobytes),
                "cpu_ms": it.cpu,
                "suspended_ms": it.suspended,
            })
        };
        let program = |it: &Program| json!({ "name": it.name, "builds": it.builds.iter().map(build).collect::<Vec<_>>() });
        json!({
            "benchmark": "engine",
            "wasm_opt": self.wasm_opt,
            "node": self.node,
            "programs": self.programs.iter().map(program).collect::<Vec<_>>(),
        })
    }
}
