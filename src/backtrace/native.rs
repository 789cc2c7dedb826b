//! Natively: the coroutine captures the backtrace itself, because std can capture only the current stack. It is
//! resumed where it waits, captures a backtrace, and waits again (`src/raw/switch/native.rs`).

extern crate std;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::BacktraceFrame;
use crate::raw::control_block::RawCore;
use crate::raw::switch::ask_for_backtrace;

/// The function of the coroutine that captures the backtrace: it is never inlined.
const ANSWER: &str = "bysyncify::raw::switch::native::answer";

/// The functions on the stack of a suspended coroutine, and below them those of the caller.
pub(super) fn frames(core: &RawCore) -> Option<Vec<BacktraceFrame>> {
    let trace = ask_for_backtrace(core)?;
    // std has no other access to the frames of a backtrace.
    let mut frames = parse(&trace.to_string());
    // The functions that capture the backtrace differ between builds.
    if let Some(answer) = frames.iter().position(|frame| frame.name.contains(ANSWER)) {
        frames.drain(..=answer);
    }
    Some(frames)
}

/// Parses what std prints:
///
/// ```text
///    4: demo::waits
///              at ./src/main.rs:5:7
///    5: demo::main
/// ```
///
/// An inlined function has no number of its own.
fn parse(text: &str) -> Vec<BacktraceFrame> {
    let mut frames: Vec<BacktraceFrame> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match (line.strip_prefix("at "), frames.last_mut()) {
            (Some(place), Some(frame)) => (frame.file, frame.line) = parse_place(place),
            _ => {
                let name = match line.split_once(": ") {
                    Some((number, name)) if number.bytes().all(|it| it.is_ascii_digit()) => name,
                    _ => line,
                };
                frames.push(BacktraceFrame { name: name.into(), file: None, line: None });
            }
        }
    }
    frames
}

/// Parses `FILE:LINE:COLUMN`, in which a file may have colons, too.
fn parse_place(place: &str) -> (Option<String>, Option<u32>) {
    let number = |text: &str| text.parse::<u32>().ok();
    let mut parts = place.rsplitn(3, ':');
    let (last, before, rest) = (parts.next(), parts.next(), parts.next());
    let (file, line) = match (rest, before.and_then(number), last.and_then(number)) {
        (Some(file), line @ Some(_), Some(_)) => (file, line),
        _ => match place.rsplit_once(':') {
            Some((file, line)) if number(line).is_some() => (file, number(line)),
            _ => (place, None),
        },
    };
    let file = file.strip_prefix("./").or_else(|| file.strip_prefix(".\\")).unwrap_or(file);
    (Some(file.into()), line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn what_std_prints_is_read() {
        let text = "   0: <a::B as c::D>::e\n             at ./src/a.rs:5:7\n      inlined::here\n             \
                    at /home/f.rs:9:1\n   2: main\n   3: <unknown>\n";
        let shown: Vec<_> = parse(text).iter().map(|frame| format!("{frame:?}")).collect();
        let frame = |name: &str, place: Option<(&str, u32)>| {
            let frame = BacktraceFrame {
                name: name.into(),
                file: place.map(|(file, _)| file.into()),
                line: place.map(|(_, line)| line),
            };
            format!("{frame:?}")
        };
        assert_eq!(
            shown,
            [
                frame("<a::B as c::D>::e", Some(("src/a.rs", 5))),
                frame("inlined::here", Some(("/home/f.rs", 9))),
                frame("main", None),
                frame("<unknown>", None),
            ]
        );
    }

    #[test]
    fn file_may_have_colons() {
        assert_eq!(parse_place("C:\\a.rs:3:4"), (Some("C:\\a.rs".into()), Some(3)));
        assert_eq!(parse_place("C:\\a.rs:3"), (Some("C:\\a.rs".into()), Some(3)));
        assert_eq!(parse_place("a.rs"), (Some("a.rs".into()), None));
    }
}
