//! Communicates with a runner: a child process that runs tests on some engine.
//!
//! The runner reads one JSON object from its standard input, up to the end of file:
//! `{"module": path, "is_checked": boolean, "is_stack_checked": boolean, "seed": decimal string,
//! "tests": [names]}`. It compiles the module once, and runs each test in its own instance, in the given order.
//! After each test it writes a line, a [`Record`] in JSON. If the module as a whole cannot be used it writes
//! `{"error": text}`.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::Engine;
use crate::module::GuestModule;
use crate::record::Record;

/// The longest time for one test. The slowest test takes seconds on a fast machine. The limit is for slow machines,
/// and for tests that never end.
const TEST_LIMIT: Duration = Duration::from_secs(600);

/// Runs the named tests of a module. Each gets a record. A test that hangs or crashes the engine is marked as broken,
/// and the tests after it run in a new process.
pub(crate) fn run(
    engine: &dyn Engine,
    module: &GuestModule,
    tests: &[String],
    seed: u64,
) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    while records.len() < tests.len() {
        let rest = &tests[records.len()..];
        let mut process = Process::start(engine, module, rest, seed)?;
        for test in rest {
            match process.next(TEST_LIMIT)? {
                Next::Record(record) => records.push(record),
                Next::Broken(reason) => {
                    records.push(Record::broken(test, &reason));
                    break;
                }
            }
        }
    }
    Ok(records)
}

/// The outcome of a test.
enum Next {
    Record(Record),
    /// There is no record, for this reason, and no more will follow.
    Broken(String),
}

/// The process of a runner. It is ended when this value is dropped.
struct Process {
    child: Child,
    lines: Receiver<String>,
    complaints: Option<JoinHandle<String>>,
}

impl Process {
    fn start(
        engine: &dyn Engine,
        module: &GuestModule,
        tests: &[String],
        seed: u64,
    ) -> Result<Self> {
        let mut child = engine
            .runner()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", engine.name()))?;
        let (Some(mut stdin), Some(stdout), Some(mut stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            bail!("a piped stream of the runner is missing");
        };

        // Both outputs are read all the time, so that a runner never blocks on us.
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(|line| line.ok()) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let complaints = thread::spawn(move || {
            let mut bytes = Vec::new();
            // The part that could be read before an error is still worth showing.
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });

        let request = json!({
            "module": module.path,
            "is_checked": module.checks.all,
            "is_stack_checked": module.checks.stack,
            "seed": seed.to_string(),
            "tests": tests,
        });
        // A runner that ends without reading this prints the reason on its outputs, which we read.
        let _ = stdin.write_all(request.to_string().as_bytes());
        Ok(Self { child, lines, complaints: Some(complaints) })
    }

    /// Waits for the outcome of the next test.
    ///
    /// # Errors
    ///
    /// If the module as a whole cannot be used.
    fn next(&mut self, limit: Duration) -> Result<Next> {
        let reason = match self.lines.recv_timeout(limit) {
            Ok(line) => return Record::from_json(&line).map(Next::Record),
            Err(RecvTimeoutError::Timeout) => format!("did not end within {} s", limit.as_secs()),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait()?;
                let said = self.complaints.take().map(JoinHandle::join);
                let said = said.and_then(Result::ok).unwrap_or_default();
                format!("the engine's process ended ({status}) {}", said.trim())
            }
        };
        Ok(Next::Broken(reason))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Usually it has ended already; otherwise it must not outlive its test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::Instant;

    use super::*;
    use crate::module::Checks;

    /// An engine that is a shell script.
    struct Script(&'static str);

    impl Engine for Script {
        fn name(&self) -> &'static str {
            "script"
        }

        fn version(&self) -> &str {
            "0"
        }

        fn runner(&self) -> Command {
            let mut command = Command::new("sh");
            command.args(["-c", self.0]);
            command
        }
    }

    fn module() -> GuestModule {
        let tests = vec!["a".into(), "b".into()];
        GuestModule { path: "m.wasm".into(), tests, checks: Checks::default() }
    }

    #[test]
    fn each_test_gets_a_record_though_the_engine_dies() {
        let module = module();
        let records =
            run(&Script("cat >/dev/null; echo oops >&2; exit 3"), &module, &module.tests, 1);
        let records = records.expect("records");
        assert_eq!(records.len(), 2);
        for (record, test) in records.iter().zip(&module.tests) {
            let reason = record.failure().expect("a failure");
            assert_eq!(record.test, *test);
            assert!(reason.contains('3') && reason.contains("oops"), "{reason}");
        }
    }

    #[test]
    fn an_error_of_the_whole_module_is_passed_on() {
        let module = module();
        let script = Script(r#"cat >/dev/null; echo '{"error":"no such thing"}'"#);
        let error = run(&script, &module, &module.tests, 1).expect_err("an error");
        assert_eq!(error.to_string(), "no such thing");
    }

    #[test]
    fn a_test_that_hangs_is_given_up() {
        let module = module();
        let started = Instant::now();
        let script = Script("exec sleep 1000");
        let mut process = Process::start(&script, &module, &module.tests, 1).expect("a process");
        match process.next(Duration::from_millis(50)).expect("no error") {
            Next::Record(record) => panic!("a record of {}", record.test),
            Next::Broken(reason) => assert_eq!(reason, "did not end within 0 s"),
        }
        drop(process);
        assert!(started.elapsed() < Duration::from_secs(100));
    }
}
