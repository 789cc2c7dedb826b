//! The results of a whole run: shows failures in full when they happen, counts and times at the end.

use core::fmt::Write;

use crate::record::{End, Record};

/// How many of the slowest tests the summary names.
const SLOWEST: usize = 5;

/// The indentation of further lines of a value in a failure, which aligns them with the first line.
const INDENT: &str = "\n                 ";

/// Tests counted under one name, which is an engine or a part.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Row {
    name: String,
    version: String,
    passed: usize,
    failed: usize,
}

/// Where and how a test ran: everything needed to run it again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) guest: &'a str,
    pub(crate) configuration: &'a str,
    pub(crate) engine: &'a str,
    pub(crate) seed: u64,
}

/// Collects results. In the end it tells whether all tests passed.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    /// Milliseconds and description; the slowest first, no more than [`SLOWEST`].
    slowest: Vec<(f64, String)>,
    /// The failures, each as a line, with the places: the same test fails in many configurations.
    failures: Vec<(String, Vec<String>)>,
    /// The checks that did not run, each as a line with the reason.
    skipped: Vec<String>,
}

impl Report {
    /// Makes a row appear in the summary even if nothing is counted in it. The order of calls is the order of rows.
    pub(crate) fn add_row(&mut self, name: &str, version: &str) {
        let row = Row { name: name.into(), version: version.into(), ..Row::default() };
        self.rows.push(row);
    }

    /// Counts results that the caller has already described.
    pub(crate) fn count(&mut self, row: &str, passed: usize, failed: usize) {
        let index = self.rows.iter().position(|known| known.name == row);
        let index = index.unwrap_or_else(|| {
            self.add_row(row, "");
            self.rows.len() - 1
        });
        self.rows[index].passed += passed;
        self.rows[index].failed += failed;
    }

    /// Counts a failure that does not belong to a test, such as a module that could not be built.
    pub(crate) fn fail(&mut self, row: &str, what: &str) {
        self.count(row, 0, 1);
        self.note_failure(row, what);
    }

    /// Records a check that is not possible on this machine.
    pub(crate) fn skip(&mut self, row: &str, what: &str) {
        self.skipped.push(format!("{row}: {}", what.lines().next().unwrap_or_default()));
    }

    /// Adds a description of failures that were counted already.
    pub(crate) fn note_failure(&mut self, row: &str, what: &str) {
        self.remember_failure(&format!("{row}: {what}"), None);
    }

    /// Counts a test. If it failed, returns the text to show at once.
    pub(crate) fn add(&mut self, place: Place<'_>, record: &Record) -> Option<String> {
        let failure = record.failure();
        let failed = usize::from(failure.is_some());
        self.count(place.engine, 1 - failed, failed);
        let Place { guest, configuration, engine, .. } = place;
        let description = format!("{engine} {guest} {configuration} `{}`", record.test);
        self.remember_time(record.milliseconds, &description);
        let failure = failure?;
        let what = format!("{guest} `{}`: {failure}", record.test);
        self.remember_failure(&what, Some(format!("{engine} {configuration}")));
        Some(describe(place, record, &failure))
    }

    /// Whether nothing has failed so far.
    pub(crate) fn is_good(&self) -> bool {
        self.rows.iter().all(|row| row.failed == 0)
    }

    /// How many tests ran, failed or not.
    pub(crate) fn total(&self) -> usize {
        self.rows.iter().map(|row| row.passed + row.failed).sum()
    }

    /// The text to print at the end. The last line is always `total: N passed, N failed`.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_summary(&mut text);
        text
    }

    fn write_summary(&self, text: &mut String) -> core::fmt::Result {
        if !self.slowest.is_empty() {
            writeln!(text, "slowest tests:")?;
        }
        for (milliseconds, description) in &self.slowest {
            writeln!(text, "  {:>8.2} s  {description}", milliseconds / 1e3)?;
        }
        if !self.skipped.is_empty() {
            writeln!(text, "skipped:")?;
        }
        for what in &self.skipped {
            writeln!(text, "  {what}")?;
        }
        if !self.failures.is_empty() {
            writeln!(text, "failed:")?;
        }
        for (what, places) in &self.failures {
            writeln!(text, "  {what}{}", show_places(places))?;
        }
        writeln!(text)?;
        for Row { name, version, passed, failed } in &self.rows {
            writeln!(text, "{name:<9} {version:<10} {passed:>6} passed, {failed} failed")?;
        }
        let passed: usize = self.rows.iter().map(|row| row.passed).sum();
        let failed: usize = self.rows.iter().map(|row| row.failed).sum();
        write!(text, "total: {passed} passed, {failed} failed")
    }

    fn remember_failure(&mut self, what: &str, place: Option<String>) {
        // This is a summary: further lines were shown when the failure happened.
        let what = what.lines().next().unwrap_or_default();
        match self.failures.iter_mut().find(|(known, _)| known == what) {
            Some((_, places)) => places.extend(place),
            None => self.failures.push((what.into(), place.into_iter().collect())),
        }
    }

    fn remember_time(&mut self, milliseconds: f64, description: &str) {
        let rank = self.slowest.iter().take_while(|(other, _)| *other >= milliseconds).count();
        if rank < SLOWEST {
            self.slowest.insert(rank, (milliseconds, description.into()));
            self.slowest.truncate(SLOWEST);
        }
    }
}

/// The places of a failure, as the end of a line.
fn show_places(places: &[String]) -> String {
    match places {
        [] => String::new(),
        [first] => format!(" ({first})"),
        [first, more @ ..] => format!(" ({first}, and {} more)", more.len()),
    }
}

/// The description of a failed test, with everything that was recorded.
fn describe(place: Place<'_>, record: &Record, failure: &str) -> String {
    let Place { guest, configuration, engine, seed } = place;
    let mut text = format!("FAILED  {guest}: `{}`: {failure}\n", record.test);
    let mut line = |label: &str, value: &str| {
        text.push_str(&format!("  {label:<14} {}\n", value.replace('\n', INDENT)));
    };
    line("configuration", configuration);
    line("engine", engine);
    line("seed", &format!("{seed:#x}"));
    if let Some(expected) = &record.expected {
        line("expected", &format!("a trap after the message {expected:?}"));
    }
    match &record.panicked {
        Some(message) => line("panicked", &format!("{message:?}")),
        None => line("panicked", "no message"),
    }
    if let End::Trapped(trap) = &record.end {
        line("trap", trap.trim_end());
    }
    line("trace", &trace(record));
    text
}

/// The lines that a test logged, as text.
pub(crate) fn trace(record: &Record) -> String {
    if record.trace.is_empty() { "empty".into() } else { record.trace.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> =
        Place { guest: "basic", configuration: "o3-b132", engine: "node", seed: 0x10 };

    fn record(test: &str, end: End, milliseconds: f64) -> Record {
        Record { end, milliseconds, ..Record::broken(test, "") }
    }

    #[test]
    fn summary_counts_and_ends_with_the_total() {
        let mut report = Report::default();
        report.add_row("node", "20.1.0");
        report.add_row("host", "");
        assert_eq!(report.add(PLACE, &record("a", End::Returned, 1.0)), None);
        report.count("host", 5, 0);
        assert!(report.is_good());
        assert!(report.add(PLACE, &record("b", End::Trapped("t".into()), 2.0)).is_some());
        assert!(!report.is_good());
        assert_eq!(report.total(), 7);
        let summary = report.summary();
        assert!(summary.contains("node      20.1.0          1 passed, 1 failed\n"), "{summary}");
        assert!(summary.contains("  basic `b`: trapped (node o3-b132)\n"), "{summary}");
        assert!(summary.ends_with("\ntotal: 6 passed, 1 failed"), "{summary}");
    }

    #[test]
    fn a_test_that_fails_everywhere_is_listed_once() {
        let mut report = Report::default();
        for engine in ["node", "wasmi"] {
            let record = record("b", End::Trapped("t".into()), 2.0);
            report.add(Place { engine, ..PLACE }, &record);
        }
        let summary = report.summary();
        let line = "  basic `b`: trapped (node o3-b132, and 1 more)\n";
        assert!(summary.contains(line), "{summary}");
        assert!(summary.ends_with("total: 0 passed, 2 failed"), "{summary}");
    }

    #[test]
    fn what_is_skipped_is_named() {
        let mut report = Report::default();
        report.count("engine", 1, 0);
        report.skip("engine", "Zig: it is not there\nand more");
        assert!(report.is_good());
        let expected = "\
skipped:
  engine: Zig: it is not there

engine                    1 passed, 0 failed
total: 1 passed, 0 failed";
        assert_eq!(report.summary(), expected);
    }

    #[test]
    fn a_failure_is_told_in_full() {
        let record = Record {
            panicked: Some("got".into()),
            expected: Some("wanted".into()),
            trace: vec!["first".into(), "second".into()],
            ..record("t", End::Trapped("unreachable".into()), 0.0)
        };
        let text = Report::default().add(PLACE, &record).expect("a failure");
        for part in
            ["basic: `t`", "o3-b132", "node", "0x10", "\"wanted\"", "\"got\"", "unreachable"]
        {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(text.contains("first\n                 second\n"), "{text}");
    }

    #[test]
    fn the_slowest_five_are_named_slowest_first() {
        let mut report = Report::default();
        for milliseconds in [3e3, 1e3, 7e3, 5e3, 2e3, 6e3, 4e3] {
            let name = format!("{milliseconds}");
            report.add(PLACE, &record(&name, End::Returned, milliseconds));
        }
        let times: Vec<f64> = report.slowest.iter().map(|(time, _)| *time).collect();
        assert_eq!(times, [7e3, 6e3, 5e3, 4e3, 3e3]);
    }
}
