//! What an engine has observed of one test: how it is serialised, and what it means.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// How the call of a test ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    Returned,
    /// The engine's text for the trap.
    Trapped(String),
    /// The test could not be run properly: it passed an invalid pointer to the host, or the engine itself ended. No
    /// test can expect that.
    Broken(String),
}

/// The observed facts of one test, without judgement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) test: String,
    pub(crate) end: End,
    /// The last message that the guest passed to `panicked` (after `expect_trap`, if it called that).
    pub(crate) panicked: Option<String>,
    /// The message that the guest announced with `expect_trap`; an empty one means a trap without a message.
    pub(crate) expected: Option<String>,
    /// Whether it used `allow_trap`, and may return as well.
    pub(crate) may_return: bool,
    /// The lines that the guest logged.
    pub(crate) trace: Vec<String>,
    pub(crate) milliseconds: f64,
}

impl Record {
    /// The record of a test that could not even begin.
    pub(crate) fn broken(test: &str, reason: &str) -> Self {
        Self {
            test: test.into(),
            end: End::Broken(reason.into()),
            panicked: None,
            expected: None,
            may_return: false,
            trace: Vec::new(),
            milliseconds: 0.0,
        }
    }

    /// `None` if the test passed, else what is wrong, in a line.
    pub(crate) fn failure(&self) -> Option<String> {
        match (&self.end, &self.expected) {
            (End::Returned, None) => None,
            (End::Returned, Some(_)) if self.may_return => None,
            (End::Returned, Some(_)) => Some("returned, but had announced a trap".into()),
            (End::Trapped(_), Some(expected))
                if self.panicked.as_deref().unwrap_or_default() == expected =>
            {
                None
            }
            (End::Trapped(_), Some(_)) => Some("trapped with another message".into()),
            (End::Trapped(_), None) => Some("trapped".into()),
            (End::Broken(reason), _) => Some(reason.clone()),
        }
    }

    /// The line with which a runner reports this record.
    pub(crate) fn to_json(&self) -> Value {
        let (end, text) = match &self.end {
            End::Returned => ("returned", None),
            End::Trapped(text) => ("trapped", Some(text)),
            End::Broken(text) => ("broken", Some(text)),
        };
        json!({
            "test": self.test,
            "end": end,
            "text": text,
            "panicked": self.panicked,
            "expected": self.expected,
            "may_return": self.may_return,
            "trace": self.trace,
            "milliseconds": self.milliseconds,
        })
    }

    /// Parses a line that a runner wrote. A line `{"error": …}` is about the whole module.
    pub(crate) fn from_json(line: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(line)
            .with_context(|| format!("the runner wrote `{line}`, which is not JSON"))?;
        if let Some(error) = value["error"].as_str() {
            bail!("{error}");
        }
        let malformed = || format!("the runner wrote `{line}`, which is not a test's record");
        let optional = |key: &str| value[key].as_str().map(String::from);
        let text = optional("text").unwrap_or_default();
        let end = match value["end"].as_str() {
            Some("returned") => End::Returned,
            Some("trapped") => End::Trapped(text),
            Some("broken") => End::Broken(text),
            _ => bail!(malformed()),
        };
        let trace = value["trace"].as_array().with_context(malformed)?;
        Ok(Self {
            test: optional("test").with_context(malformed)?,
            end,
            panicked: optional("panicked"),
            expected: optional("expected"),
            may_return: value["may_return"].as_bool().unwrap_or_default(),
            trace: trace.iter().filter_map(Value::as_str).map(String::from).collect(),
            milliseconds: value["milliseconds"].as_f64().with_context(malformed)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(end: End, panicked: Option<&str>, expected: Option<&str>) -> Record {
        Record {
            end,
            panicked: panicked.map(String::from),
            expected: expected.map(String::from),
            ..Record::broken("t", "")
        }
    }

    fn trap() -> End {
        End::Trapped("unreachable".into())
    }

    #[test]
    fn passes_are_a_return_and_an_announced_trap() {
        assert_eq!(record(End::Returned, None, None).failure(), None);
        assert_eq!(record(trap(), Some("m"), Some("m")).failure(), None);
        assert_eq!(record(trap(), None, Some("")).failure(), None);
        for end in [trap(), End::Returned] {
            let allowed = Record { may_return: true, ..record(end, Some("m"), Some("m")) };
            assert_eq!(allowed.failure(), None);
        }
    }

    #[test]
    fn everything_else_fails() {
        let broken = || End::Broken("bad pointer".into());
        for failed in [
            record(trap(), None, None),
            record(trap(), Some("m"), None),
            record(trap(), None, Some("m")),
            record(trap(), Some("other"), Some("m")),
            record(End::Returned, None, Some("m")),
            record(End::Returned, Some("m"), Some("m")),
            record(trap(), Some("m"), Some("")),
            Record { may_return: true, ..record(trap(), None, Some("m")) },
            record(broken(), None, None),
            record(broken(), Some("m"), Some("m")),
        ] {
            assert!(failed.failure().is_some(), "{failed:?}");
        }
    }

    #[test]
    fn a_record_survives_the_way_between_processes() {
        for mut sent in [
            record(End::Returned, None, None),
            record(trap(), Some("a \"quoted\"\nline"), Some("")),
            record(End::Broken("why".into()), None, None),
        ] {
            sent.trace = vec!["one".into(), "zwö".into()];
            sent.milliseconds = 1.5;
            sent.may_return = true;
            let line = sent.to_json().to_string();
            assert_eq!(Record::from_json(&line).expect("a record"), sent);
        }
    }

    #[test]
    fn lines_that_are_no_records_are_errors() {
        for line in ["", "{}", "[1]", r#"{"test":"t","end":"slept"}"#, r#"{"error":"no module"}"#] {
            assert!(Record::from_json(line).is_err(), "{line}");
        }
    }
}
