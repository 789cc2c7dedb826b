//! Reports what the linker does to the `cargo bysyncify` that called cargo.
//!
//! Cargo shows nothing while it links, and Asyncify may take a minute. So the caller listens at a port of this
//! machine and names it in [`VARIABLE`]. Each linker connects and writes one [`Event`] per line, in JSON. However a
//! process ends, nothing is left behind, and the other process notices. (Cargo does the same for `cargo fix`.)

mod display;
mod messages;
mod reader;
mod writer;

use std::time::Duration;

use serde_json::{Value, json};

pub(crate) use display::{Display, Style};
pub(crate) use messages::Messages;
pub(crate) use reader::{Listener, Told};
pub(crate) use writer::Events;

/// The variable that tells linkers the address of the listener: `127.0.0.1:4711`.
const VARIABLE: &str = "BYSYNCIFY_EVENTS";

/// The current step of the work on a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The analysis of what has to be instrumented.
    Analyse,
    /// Instrumenting and optimising.
    Asyncify,
    /// Checking the result.
    Verify,
}

/// The result of the work on a module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figures {
    /// The size of the module as the real linker made it.
    pub(crate) bytes_before: u64,
    /// The size of the module that replaced it.
    pub(crate) bytes_after: u64,
    /// `None` if the functions were not counted.
    pub(crate) counts: Option<Counts>,
    /// Whether an earlier result for the same module was reused.
    pub(crate) reused: bool,
    /// Whether it should have been optimised, but `wasm-opt` is missing.
    pub(crate) lacks_wasm_opt: bool,
}

/// How much of a module is instrumented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// The number of functions that the module defines.
    pub(crate) functions: u64,
    /// The number of these functions that can be suspended.
    pub(crate) instrumented: u64,
}

/// One line of the protocol.
#[derive(Clone, Debug, PartialEq)]
enum Event {
    /// The first event.
    Start {
        module: String,
        bytes: u64,
    },
    Phase(Phase),
    /// Something the user should know, in a text of several lines.
    Warning(String),
    /// The last event, with the duration of each phase.
    Finish {
        figures: Figures,
        seconds: Vec<(Phase, Duration)>,
    },
    /// The last event, if it is not `Finish`: the error message.
    Failed(String),
}

impl Phase {
    const ALL: [Self; 3] = [Self::Analyse, Self::Asyncify, Self::Verify];

    /// The phase's name, for people and for programs.
    fn name(self) -> &'static str {
        match self {
            Self::Analyse => "analyse",
            Self::Asyncify => "asyncify",
            Self::Verify => "verify",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }
}

impl Event {
    fn to_json(&self) -> Value {
        match self {
            Self::Start { module, bytes } => {
                json!({ "event": "start", "module": module, "bytes": bytes })
            }
            Self::Phase(phase) => json!({ "event": "phase", "phase": phase.name() }),
            Self::Finish { figures, seconds } => {
                let mut json = figures_to_json(figures, seconds);
                json["event"] = "finish".into();
                json
            }
            Self::Warning(message) => json!({ "event": "warning", "message": message }),
            Self::Failed(message) => json!({ "event": "failed", "message": message }),
        }
    }

    /// Reads what `to_json` wrote.
    fn from_json(json: &Value) -> Option<Self> {
        Some(match json["event"].as_str()? {
            "start" => Self::Start {
                module: json["module"].as_str()?.to_owned(),
                bytes: json["bytes"].as_u64()?,
            },
            "phase" => Self::Phase(Phase::named(json["phase"].as_str()?)?),
            "finish" => Self::Finish {
                figures: Figures {
                    bytes_before: json["bytes_before"].as_u64()?,
                    bytes_after: json["bytes_after"].as_u64()?,
                    counts: json["functions"]
                        .as_u64()
                        .zip(json["instrumented"].as_u64())
                        .map(|(functions, instrumented)| Counts { functions, instrumented }),
                    reused: json["reused"].as_bool()?,
                    lacks_wasm_opt: json["lacks_wasm_opt"].as_bool()?,
                },
                seconds: Phase::ALL
                    .into_iter()
                    .filter_map(|phase| {
                        let seconds = json["seconds"][phase.name()].as_f64()?;
                        Some((phase, Duration::try_from_secs_f64(seconds).ok()?))
                    })
                    .collect(),
            },
            "warning" => Self::Warning(json["message"].as_str()?.to_owned()),
            "failed" => Self::Failed(json["message"].as_str()?.to_owned()),
            _ => return None,
        })
    }
}

/// The figures in JSON, as sent to the caller and in `--message-format json`.
fn figures_to_json(figures: &Figures, seconds: &[(Phase, Duration)]) -> Value {
    let rounded = |time: Duration| (time.as_secs_f64() * 1000.0).round() / 1000.0;
    let seconds: serde_json::Map<_, _> =
        seconds.iter().map(|(phase, time)| (phase.name().into(), rounded(*time).into())).collect();
    json!({
        "bytes_before": figures.bytes_before,
        "bytes_after": figures.bytes_after,
        "functions": figures.counts.map(|counts| counts.functions),
        "instrumented": figures.counts.map(|counts| counts.instrumented),
        "seconds": seconds,
        "reused": figures.reused,
        "lacks_wasm_opt": figures.lacks_wasm_opt,
    })
}

#[cfg(test)]
mod tests;
