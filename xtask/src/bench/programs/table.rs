//! The figures of `programs`: as a table in Markdown, and as JSON.

use core::fmt;

use serde_json::{Value, json};

use super::Target;
use super::size::Size;
use crate::bench::Figures;
use crate::bench::statistics::Sorted;

/// Everything that was measured.
pub(super) struct Report {
    pub(super) node: String,
    pub(super) wasm_opt: u32,
    pub(super) programs: Vec<Program>,
}

/// A program with its builds. The others are compared with the first.
pub(super) struct Program {
    pub(super) name: String,
    pub(super) suspends: u64,
    pub(super) builds: Vec<Measured>,
}

/// One build.
pub(super) struct Measured {
    pub(super) name: &'static str,
    pub(super) target: Option<Target>,
    pub(super) size: Size,
    /// Milliseconds of CPU time in each round.
    pub(super) samples: Vec<f64>,
}

/// The ratios of one build to the first one.
struct Ratios {
    size: f64,
    code: f64,
    /// The ratio of the medians.
    cpu: f64,
    /// The ratio in each round.
    rounds: Sorted,
}

impl Ratios {
    fn new(build: &Measured, first: &Measured) -> Self {
        let median = |build: &Measured| Sorted::new(build.samples.clone()).median();
        let rounds = build.samples.iter().zip(&first.samples).map(|(ours, first)| ours / first);
        Self {
            size: ratio(build.size.bytes, first.size.bytes),
            code: ratio(build.size.code, first.size.code),
            cpu: median(build) / median(first),
            rounds: Sorted::new(rounds.collect()),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files")]
fn ratio(ours: usize, first: usize) -> f64 {
    ours as f64 / first as f64
}

impl Program {
    /// The builds, each with its ratios to the first.
    fn rows(&self) -> impl Iterator<Item = (&Measured, Ratios)> {
        self.builds.iter().map(|build| (build, Ratios::new(build, &self.builds[0])))
    }

    fn to_json(&self) -> Value {
        let build = |(build, ratios): (&Measured, Ratios)| {
            let Size { bytes, code, functions, instrumented } = build.size;
            json!({
                "name": build.name,
                "size": { "bytes": bytes, "ratio": ratios.size },
                "code": { "bytes": code, "ratio": ratios.code },
                "functions": functions,
                "instrumented": instrumented,
                "cpu": {
                    "ms": Sorted::new(build.samples.clone()).median(),
                    "ratio": ratios.cpu,
                    "ratio_p25": ratios.rounds.percentile(25),
                    "ratio_p75": ratios.rounds.percentile(75),
                },
                "target": build.target.map(|Target { size, cpu }| json!({ "size": size, "cpu": cpu })),
            })
        };
        json!({
            "name": self.name,
            "suspends": self.suspends,
            "builds": self.rows().map(build).collect::<Vec<_>>(),
        })
    }
}

impl Figures for Report {
    fn to_json(&self) -> Value {
        json!({
            "node": self.node,
            "wasm_opt": self.wasm_opt,
            "programs": self.programs.iter().map(Program::to_json).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Node {}; wasm-opt {}", self.node, self.wasm_opt)?;
        for program in &self.programs {
            write!(f, "\n{program}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "**{}**, suspended {} times in each run:\n", self.name, self.suspends)?;
        writeln!(
            f,
            "| {:<26} | {:>8} | {:>5} | {:>5} | {:>12} | {:>5} | {:>12} | {:<33} |",
            "build", "bytes", "size", "code", "instrumented", "CPU", "25 % .. 75 %", "targets"
        )?;
        let rule = |width: usize| "-".repeat(width + 1);
        writeln!(
            f,
            "|-{}|{}:|{}:|{}:|{}:|{}:|{}:|-{}|",
            rule(26),
            rule(8),
            rule(5),
            rule(5),
            rule(12),
            rule(5),
            rule(12),
            rule(33)
        )?;
        for (build, ratios) in self.rows() {
            let Size { bytes, functions, instrumented, .. } = build.size;
            let instrumented =
                instrumented.map(|count| format!("{count} of {functions}")).unwrap_or_default();
            let (low, high) = (ratios.rounds.percentile(25), ratios.rounds.percentile(75));
            writeln!(
                f,
                "| {:<26} | {bytes:>8} | {:>5.3} | {:>5.3} | {instrumented:>12} | {:>5.3} | \
                 {low:.2} .. {high:.2} | {:<33} |",
                build.name,
                ratios.size,
                ratios.code,
                ratios.cpu,
                build.target.map(|target| verdict(&ratios, target)).unwrap_or_default(),
            )?;
        }
        Ok(())
    }
}

/// How the ratios compare with their targets.
fn verdict(ratios: &Ratios, target: Target) -> String {
    let part = |name: &str, value: f64, target: f64| {
        let is_met = if value <= target { "within" } else { "ABOVE" };
        format!("{name} {is_met} {target}")
    };
    let size = part("size", ratios.size, target.size);
    format!("{size}, {}", part("CPU", ratios.cpu, target.cpu))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let measured = |name, bytes, target, samples: &[f64]| Measured {
            name,
            target,
            size: Size { bytes, code: bytes / 2, functions: 9, instrumented: target.map(|_| 4) },
            samples: samples.into(),
        };
        let target = Some(Target { size: 1.17, cpu: 1.15 });
        Report {
            node: "1.2.3".into(),
            wasm_opt: 132,
            programs: vec![Program {
                name: "p".into(),
                suspends: 101,
                builds: vec![
                    measured("plain", 1000, None, &[10.0, 20.0, 30.0]),
                    measured("ours", 1170, target, &[20.0, 24.0, 24.0]),
                ],
            }],
        }
    }

    #[test]
    fn table_is_markdown_with_ratios_to_the_first_build() {
        assert_eq!(
            report().to_string(),
            "\
Node 1.2.3; wasm-opt 132

**p**, suspended 101 times in each run:

| build                      |    bytes |  size |  code | instrumented |   CPU | 25 % .. 75 % | targets                           |
|----------------------------|---------:|------:|------:|-------------:|------:|-------------:|-----------------------------------|
| plain                      |     1000 | 1.000 | 1.000 |              | 1.000 | 1.00 .. 1.00 |                                   |
| ours                       |     1170 | 1.170 | 1.170 |       4 of 9 | 1.200 | 1.20 .. 2.00 | size within 1.17, CPU ABOVE 1.15  |
"
        );
    }

    #[test]
    fn json_has_what_the_table_has() {
        let json = report().to_json();
        let ours = &json["programs"][0]["builds"][1];
        assert_eq!(
            *ours,
            json!({
                "name": "ours",
                "size": { "bytes": 1170, "ratio": 1.17 },
                "code": { "bytes": 585, "ratio": 1.17 },
                "functions": 9,
                "instrumented": 4,
                "cpu": { "ms": 24.0, "ratio": 1.2, "ratio_p25": 1.2, "ratio_p75": 2.0 },
                "target": { "size": 1.17, "cpu": 1.15 },
            })
        );
    }
}
