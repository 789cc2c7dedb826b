//! The steps of a check, which are shown, and counted in the report.

use std::time::Instant;

use anyhow::{Error, Result, bail};

use crate::host;
use crate::report::Report;

/// The steps of one check.
pub(crate) struct Steps<'a> {
    /// The row of the report.
    row: &'static str,
    check: &'static str,
    report: &'a mut Report,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(row: &'static str, check: &'static str, report: &'a mut Report) -> Self {
        Self { row, check, report }
    }

    /// Makes something that later steps need. `None` if it fails.
    pub(crate) fn make<T>(&mut self, name: &str, make: impl FnOnce() -> Result<T>) -> Option<T> {
        self.show(name, make, |_| "made".into())
    }

    /// Runs a step, which returns how many tests have passed. Later steps run even if it fails.
    pub(crate) fn test(&mut self, name: &str, test: impl FnOnce() -> Result<usize>) {
        let passed = self.show(name, test, |passed| format!("{passed} passed"));
        self.report.count(self.row, passed.unwrap_or(0), 0);
    }

    fn show<T>(
        &mut self,
        name: &str,
        run: impl FnOnce() -> Result<T>,
        tell: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let title = format!("{}: {name}", self.check);
        let started = Instant::now();
        let result = run();
        let seconds = started.elapsed().as_secs_f32();
        match result {
            Ok(value) => {
                println!("{title:<40} {seconds:>6.1} s  {}", tell(&value));
                Some(value)
            }
            Err(error) => {
                println!("FAILED  {title}: {error:#}");
                self.report.fail(self.row, &format!("{title}: see above"));
                None
            }
        }
    }

    /// Returns a tool that a check needs. If it is not available, the check is skipped.
    pub(crate) fn found<T>(&mut self, needed: Result<T>) -> Option<T> {
        needed.map_err(|why| self.skip(&why)).ok()
    }

    /// Records that this check is not possible here.
    pub(crate) fn skip(&mut self, why: &Error) {
        println!("skipped {}: {why:#}", self.check);
        self.report.skip(self.row, &format!("{}: {why:#}", self.check));
    }

    /// Records that this check has failed as a whole.
    pub(crate) fn fail(&mut self, error: &Error) {
        println!("FAILED  {}: {error:#}", self.check);
        self.report.fail(self.row, &format!("{}: see above", self.check));
    }
}

/// How many tests have passed, according to output like that of `cargo test`. It is an error if one has failed.
pub(crate) fn passed(output: &[u8]) -> Result<usize> {
    let text = String::from_utf8_lossy(output);
    match host::count(&text) {
        (0, 0) => bail!("no test ran:\n{text}"),
        (passed, 0) => Ok(passed),
        _ => bail!("{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn output_without_a_failure_is_needed() {
        let message = |text: &str| passed(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(passed(b"test result: ok. 3 passed; 0 failed").unwrap(), 3);
        let failed = "test a ... FAILED\ntest result: FAILED. 3 passed; 1 failed";
        assert_eq!(message(failed), failed);
        assert_eq!(message("hello"), "no test ran:\nhello");
    }
}
