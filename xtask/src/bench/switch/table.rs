//! The figures, as a table for people and as JSON for programs.

use core::fmt;

use serde_json::{Value, json};

use super::modules::Size;
use super::timing::Times;
use crate::bench::Figures;

/// The target for memory: the most bytes of a suspended coroutine beyond its stack and its closure.
const MEMORY_TARGET: u32 = 96;

/// Everything that was measured.
pub(super) struct Report {
    pub(super) engine: String,
    pub(super) binaryen: u32,
    pub(super) wasmi: String,
    pub(super) rows: Vec<Measured>,
    /// Bytes of a suspended coroutine beyond its stack.
    pub(super) memory: u32,
    pub(super) size: Size,
}

/// One comparison with its results.
pub(super) struct Measured {
    pub(super) name: &'static str,
    pub(super) target: Option<f64>,
    /// `None` if this engine cannot run the comparison.
    pub(super) times: Option<Times>,
    /// `None` if it cannot be counted.
    pub(super) counts: Option<Counts>,
}

/// The fuel of one repetition: see `fuel.rs`.
pub(super) struct Counts {
    pub(super) ours: f64,
    pub(super) other: f64,
}

impl Figures for Report {
    fn to_json(&self) -> Value {
        json!({
            "engine": self.engine,
            "binaryen": self.binaryen,
            "wasmi": self.wasmi,
            "rows": self.rows.iter().map(Measured::to_json).collect::<Vec<_>>(),
            "memory": { "bytes": self.memory, "target": MEMORY_TARGET },
            "size": { "with": self.size.with_coroutine, "without": self.size.without },
        })
    }
}

impl Measured {
    fn to_json(&self) -> Value {
        let times = self.times.as_ref().map(|times| {
            json!({
                "ours_ns": times.ours.median(),
                "other_ns": times.other.median(),
                "ratio": times.ratios.median(),
                "ratio_p10": times.ratios.percentile(10),
                "ratio_p90": times.ratios.percentile(90),
            })
        });
        let counts = self.counts.as_ref().map(
            |counts| json!({ "ours": counts.ours, "other": counts.other, "ratio": counts.ratio() }),
        );
        json!({ "name": self.name, "target": self.target, "time": times, "fuel": counts })
    }
}

impl Counts {
    fn ratio(&self) -> f64 {
        self.ours / self.other
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, binaryen, wasmi, .. } = self;
        writeln!(f, "times: {engine}; fuel: wasmi {wasmi}; wasm-opt {binaryen}\n")?;
        writeln!(
            f,
            "{:<35} {:>6}  {:<13} {:>7} {:>7} | {:>6} {:>6} {:>5} |",
            "ours : other", "ratio", "10 % .. 90 %", "ns", "ns", "fuel", "fuel", "ratio"
        )?;
        for row in &self.rows {
            write!(f, "{:<35} ", row.name)?;
            match &row.times {
                Some(times) => row.write(f, times)?,
                None => writeln!(f, "not measured: {engine} does not have it")?,
            }
        }
        let Size { with_coroutine, without } = self.size;
        writeln!(
            f,
            "\nmemory of a suspended coroutine, beyond its stack and its closure: {} bytes{}",
            self.memory,
            verdict(self.memory.into(), Some(MEMORY_TARGET.into()))
        )?;
        writeln!(
            f,
            "size of the smallest program with a coroutine: {with_coroutine} bytes; of the same \
             with an async block: {without} bytes"
        )
    }
}

impl Measured {
    fn write(&self, f: &mut fmt::Formatter<'_>, times: &Times) -> fmt::Result {
        let (ratio, low, high) =
            (times.ratios.median(), times.ratios.percentile(10), times.ratios.percentile(90));
        write!(f, "{ratio:>6.2}  {low:>5.2} .. {high:<5.2} ")?;
        write!(f, "{:>7.1} {:>7.1} | ", times.ours.median(), times.other.median())?;
        match &self.counts {
            Some(counts) => {
                write!(f, "{:>6.0} {:>6.0} {:>5.2}", counts.ours, counts.other, counts.ratio())?;
            }
            None => write!(f, "{:>6} {:>6} {:>5}", "", "", "")?,
        }
        writeln!(f, " |{}", verdict(ratio, self.target))
    }
}

fn verdict(value: f64, target: Option<f64>) -> String {
    match target {
        Some(target) if value <= target => format!(" within target ({target})"),
        Some(target) => format!(" ABOVE TARGET ({target})"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::statistics::Sorted;

    fn report(ratio: f64) -> Report {
        let times = Times {
            ours: Sorted::new(vec![ratio * 10.0]),
            other: Sorted::new(vec![10.0]),
            ratios: Sorted::new(vec![ratio]),
        };
        let row = |times, target| Measured {
            name: "a : b",
            target,
            times,
            counts: Some(Counts { ours: 30.0, other: 20.0 }),
        };
        Report {
            engine: "Node 1.2.3".into(),
            binaryen: 132,
            wasmi: "2".into(),
            rows: vec![row(Some(times), Some(2.0)), row(None, None)],
            memory: 96,
            size: Size { with_coroutine: 2, without: 1 },
        }
    }

    #[test]
    fn a_figure_above_its_target_is_called_so() {
        let text = report(2.01).to_string();
        assert!(text.contains("ABOVE TARGET (2)"), "{text}");
        assert!(text.contains("96 bytes within target (96)"), "{text}");
        assert!(text.contains("Node 1.2.3 does not have it"), "{text}");
        assert!(!report(2.0).to_string().contains("ABOVE"));
    }

    #[test]
    fn json_has_what_the_table_has() {
        let json = report(1.5).to_json();
        assert_eq!(json["rows"][0]["time"]["ratio"], 1.5);
        assert_eq!(json["rows"][0]["fuel"]["ratio"], 1.5);
        assert!(json["rows"][1]["time"].is_null());
    }
}
