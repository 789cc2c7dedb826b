//! The tests that run on the host: unit tests, integration tests and documentation tests.

use std::process::{Command, Output, Stdio};

use anyhow::Result;

use crate::engine;
use crate::process;
use crate::report::Report;
use crate::workspace::{Kind, Workspace};

/// The row of the report.
pub(crate) const ROW: &str = "host";

/// Runs `cargo test` for all packages that are for the host.
pub(crate) fn run(workspace: &Workspace, report: &mut Report) -> Result<()> {
    let mut command = cargo(workspace, "test");
    command.arg("--no-fail-fast");
    println!("host: {}", process::show(&command));
    // On standard error cargo shows its own progress. The output of tests matters only if one fails.
    let output = process::output(command.stderr(Stdio::inherit()))?;
    conclude(ROW, &output, report);
    Ok(())
}

/// Runs the tests of the engine that execute its output, in a Node that knows all of its features: exceptions as
/// references, and GC.
pub(crate) fn run_in_new_node(workspace: &Workspace, report: &mut Report) -> Result<()> {
    let mut command = cargo(workspace, "test");
    command.env("NODE", engine::new_node_path()?).args(["--lib", "--", "instrument::tests"]);
    println!("host: {} in a new Node", process::show(&command));
    let output = process::output(command.stderr(Stdio::inherit()))?;
    conclude(ROW, &output, report);
    Ok(())
}

/// Cargo, for all packages of the host, with their documented features. All callers use the whole list: with another
/// set of packages the dependencies have other features, and everything would be compiled again.
pub(crate) fn cargo(workspace: &Workspace, subcommand: &str) -> Command {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).arg(subcommand);
    for package in workspace.of_kind(Kind::Host) {
        command.args(["--package", &package.name]);
        for feature in package.documented_features() {
            command.args(["--features", &format!("{}/{feature}", package.name)]);
        }
    }
    command
}

/// Counts the results in the output of a `cargo test`, and shows it if there is a failure.
pub(crate) fn conclude(row: &str, output: &Output, report: &mut Report) {
    let text = String::from_utf8_lossy(&output.stdout);
    let (passed, failed) = count(&text);
    if !output.status.success() {
        println!("{text}");
    }
    report.count(row, passed, failed);
    if !output.status.success() {
        if failed == 0 {
            report.fail(row, "`cargo test` failed without a failed test: see above");
        } else {
            report.note_failure(row, "see the output of `cargo test` above");
        }
    }
}

/// The sums over all "test result:" lines: passed and failed.
pub(crate) fn count(output: &str) -> (usize, usize) {
    let mut sums = (0, 0);
    for line in output.lines() {
        let Some(result) = line.strip_prefix("test result: ") else { continue };
        // "ok. 3 passed; 0 failed; 1 ignored; …"
        for part in result.split("; ") {
            let mut words = part.rsplit(' ');
            let (what, number) = (words.next(), words.next());
            let number = number.and_then(|digits| digits.parse().ok()).unwrap_or(0);
            match what {
                Some("passed") => sums.0 += number,
                Some("failed") => sums.1 += number,
                _ => {}
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn results_of_all_binaries_are_added_up() {
        let output = "\
running 4 tests
test a ... ok

test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests bysyncify
test result: FAILED. 20 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.5s
";
        assert_eq!(count(output), (23, 2));
    }

    #[test]
    fn no_result_is_no_test() {
        assert_eq!(count("error: could not compile\n"), (0, 0));
    }
}
