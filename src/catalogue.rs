//! A test: docs/errors.md has a heading for each message of a [`Fatal`], a [`Refusal`] or an error.
//! `tests/messages.rs` checks the messages of `panic!`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::iter;

use crate::embed::EmbedError;
use crate::raw::fatal::{Fatal, Function};
use crate::raw::refusal::Refusal;

/// The next of all causes. A new variant must be added here.
fn after(cause: Fatal) -> Option<Fatal> {
    let (needed, size, function) = (1, 1, Function { name: "N", number: 1 });
    Some(match cause {
        Fatal::FramesOverflow { .. } => Fatal::ShadowOverflow { needed, size },
        Fatal::ShadowOverflow { .. } => Fatal::StackOverflow { function, needed, size },
        Fatal::StackOverflow { .. } => Fatal::NativeOverflow { size, asked: 1 },
        Fatal::NativeOverflow { .. } => Fatal::CanaryDead,
        Fatal::CanaryDead => Fatal::ForeignStack,
        Fatal::ForeignStack => Fatal::Uninstrumented { function },
        Fatal::Uninstrumented { .. } => Fatal::Parked { function },
        Fatal::Parked { .. } => Fatal::Reinitialised { function },
        Fatal::Reinitialised { .. } => Fatal::Assumed { function, callee: None },
        Fatal::Assumed { .. } => Fatal::NotInstrumented,
        Fatal::NotInstrumented => Fatal::LostFrames,
        Fatal::LostFrames => Fatal::NotCurrent,
        Fatal::NotCurrent => Fatal::ForeignUnwind,
        Fatal::ForeignUnwind => Fatal::PanicWithoutStd,
        Fatal::PanicWithoutStd => return None,
    })
}

/// Returns a message in the form of the catalogue: with an ellipsis for each number and name.
fn in_general(message: &str) -> String {
    let word = |word: &str| match word {
        "N" => "…".to_string(),
        _ if word.starts_with(|c: char| c.is_ascii_digit()) => {
            "…".to_string() + word.trim_start_matches(|c: char| c.is_ascii_digit())
        }
        _ => word.to_string(),
    };
    message.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn function_without_a_name_has_a_number() {
    assert_eq!(
        Function { name: "", number: 7 }.to_string(),
        "function 7 (`cargo bysyncify report --function 7` names it)"
    );
}

#[test]
fn each_message_is_in_the_catalogue() {
    let catalogue = include_str!("../docs/errors.md");
    let first = Fatal::FramesOverflow { needed: 1, available: 1, size: 1 };
    let fatal = iter::successors(Some(first), |cause| after(*cause));
    let errors = [EmbedError::NotRunning, EmbedError::Cancelled];
    let messages = fatal.map(|it| it.to_string()).chain(errors.map(|it| it.to_string()));
    let places = [Refusal::InPanic, Refusal::InInitialiser, Refusal::InCleanup];
    let messages = messages.chain(places.map(|it| it.to_string()));
    for message in messages {
        let message = in_general(&message);
        let is_there = |line: &str| line.starts_with("### ") && line.contains(&message);
        assert!(catalogue.lines().any(is_there), "docs/errors.md has no heading `{message}`");
    }
}
