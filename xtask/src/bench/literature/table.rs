//! The figures: the time of the baseline, and the ratios of the other builds to it.

use core::fmt;

use serde_json::{Value, json};

use super::builds::{BASELINE, OURS};
use super::ratio;
use crate::bench::Figures;
use crate::bench::statistics::Sorted;

/// The figures of a workload.
pub(super) struct Measured {
    pub(super) name: String,
    pub(super) target: f64,
    /// Nanoseconds of each round, for each build.
    pub(super) times: Vec<Option<Vec<f64>>>,
}

/// All figures.
pub(super) struct Report {
    pub(super) engine: String,
    pub(super) binaryen: u32,
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Measured>,
}

impl Measured {
    fn milliseconds(&self) -> f64 {
        let times = self.times[BASELINE].clone().unwrap_or_default();
        Sorted::new(times).median() / 1e6
    }

    fn ratios(&self) -> impl Iterator<Item = Option<f64>> {
        (0..self.times.len()).map(|index| ratio(&self.times, index))
    }
}

impl Figures for Report {
    fn to_json(&self) -> Value {
        let row = |row: &Measured| {
            let ratios: Vec<_> = row.ratios().collect();
            json!({ "workload": row.name, "milliseconds": row.milliseconds(), "ratios": ratios })
        };
        json!({
            "benchmark": "literature",
            "engine": self.engine,
            "binaryen": self.binaryen,
            "builds": self.columns,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}; wasm-opt {}\n", self.engine, self.binaryen)?;
        write!(f, "{:<18} {:>14}", "", self.columns[BASELINE])?;
        for column in &self.columns[BASELINE + 1..] {
            write!(f, " {column:>12}")?;
        }
        writeln!(f)?;
        for row in &self.rows {
            write!(f, "{:<18} {:>11.1} ms", row.name, row.milliseconds())?;
            for ratio in row.ratios().skip(BASELINE + 1) {
                match ratio {
                    Some(ratio) => write!(f, " {ratio:>12.2}")?,
                    None => write!(f, " {:>12}", "")?,
                }
            }
            let is_met = ratio(&row.times, OURS).is_some_and(|ratio| ratio <= row.target);
            let verdict = if is_met { "within target" } else { "ABOVE TARGET" };
            writeln!(f, "  {verdict} ({})", row.target)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_one_round_and_what_cannot_run_has_none() {
        let times = |list: [f64; 3]| Some(list.map(|it| it * 1e6).to_vec());
        let row = Measured {
            name: "a 1".into(),
            target: 0.5,
            times: vec![
                times([10.0, 20.0, 40.0]),
                times([20.0, 40.0, 80.0]),
                None,
                times([5.0, 30.0, 20.0]),
            ],
        };
        let columns = vec!["a", "b", "c", "d"];
        let report = Report { engine: "E 1".into(), binaryen: 132, columns, rows: vec![row] };
        let expected = "\
E 1; wasm-opt 132

                                a            b            c            d
a 1                       20.0 ms         2.00                      0.50  within target (0.5)
";
        assert_eq!(report.to_string(), expected);
        let json = report.to_json();
        assert_eq!(json["rows"][0]["ratios"], json!([1.0, 2.0, null, 0.5]));
    }
}
