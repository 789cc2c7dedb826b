//! Shows the events to people, in cargo's style and beside cargo's own lines.
//!
//! Cargo's progress bar is in the line of the cursor, with the cursor at its beginning. Cargo draws it again only
//! when it has changed, which is rare while it links. So a line of ours may take that place, if it leaves the cursor
//! in the same position.

use std::io::{self, IsTerminal as _, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Event, Figures, Phase, Told};

/// A module that takes longer than this gets a line before it is finished.
const LONG: Duration = Duration::from_secs(1);

/// How to show the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether there is a line that changes, and is removed in the end.
    pub(crate) live: bool,
    pub(crate) colour: bool,
}

/// Shows the events of linkers.
#[derive(Debug)]
pub(crate) struct Display<W> {
    out: W,
    style: Style,
    /// The unfinished modules, in the order in which they began.
    modules: Vec<Module>,
    /// The temporary line that is shown now and must be removed.
    live: Option<String>,
}

/// A module that is not finished.
#[derive(Debug)]
struct Module {
    linker: u64,
    /// `demo.wasm (1.2 MB)`.
    shown: String,
    name: String,
    since: Instant,
    phase: Option<Phase>,
    /// Whether a permanent line has mentioned it.
    told: bool,
}

impl<W: Write> Display<W> {
    pub(crate) fn new(out: W, style: Style) -> Self {
        Self { out, style, modules: Vec::new(), live: None }
    }

    /// Handles an event that arrived at this moment.
    pub(crate) fn hear(&mut self, told: &Told, now: Instant) -> io::Result<()> {
        let index = self.modules.iter().position(|module| module.linker == told.linker);
        match (&told.event, index) {
            (Some(Event::Start { module, bytes }), None) => {
                let name = name_of(module);
                self.modules.push(Module {
                    linker: told.linker,
                    shown: format!("{name} ({})", size(*bytes)),
                    name,
                    since: now,
                    phase: None,
                    told: false,
                });
            }
            (Some(Event::Phase(phase)), Some(index)) => self.modules[index].phase = Some(*phase),
            (Some(Event::Warning(text)), Some(index)) => {
                let name = self.modules[index].name.clone();
                self.line("Warning", &format!("{name}: {text}"))?;
            }
            (Some(Event::Finish { figures, .. }), Some(index)) => {
                let module = self.modules.remove(index);
                let time = now.duration_since(module.since);
                self.line("Asyncified", &format!("{}: {}", module.name, outcome(figures, time)))?;
            }
            // Cargo shows the error.
            (Some(Event::Failed(_)) | None, Some(index)) => {
                self.modules.remove(index);
            }
            // An event of a linker that has not begun, or has ended.
            _ => {}
        }
        self.tick(now)
    }

    /// Shows the progress at this moment.
    pub(crate) fn tick(&mut self, now: Instant) -> io::Result<()> {
        if !self.style.live {
            for index in 0..self.modules.len() {
                let module = &mut self.modules[index];
                if !module.told && now.duration_since(module.since) >= LONG {
                    module.told = true;
                    let shown = module.shown.clone();
                    self.line("Asyncify", &shown)?;
                }
            }
            return Ok(());
        }
        let wanted = self.live_line(now);
        if wanted != self.live {
            let line = wanted
                .as_ref()
                .map_or(String::new(), |line| format!("{} {line}", self.verb("Asyncify")));
            // In one write, here as in `line`: cargo writes to the same place.
            self.out.write_all(format!("\r\x1b[K{line}\r").as_bytes())?;
            self.out.flush()?;
            self.live = wanted;
        }
        Ok(())
    }

    /// Removes the temporary line.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.modules.clear();
        self.tick(Instant::now())
    }

    /// A line for the oldest module that takes long, with the number of others.
    fn live_line(&self, now: Instant) -> Option<String> {
        let mut long =
            self.modules.iter().filter(|module| now.duration_since(module.since) >= LONG);
        let module = long.next()?;
        let seconds = now.duration_since(module.since).as_secs();
        let phase = module.phase.map_or(String::new(), |phase| format!("{}, ", phase.name()));
        let more = match long.count() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Some(format!("{}: {phase}{seconds} s{more}", module.shown))
    }

    /// Prints a permanent line.
    fn line(&mut self, verb: &str, text: &str) -> io::Result<()> {
        let clear = if self.style.live { "\r\x1b[K" } else { "" };
        let line = format!("{clear}{} {text}\n", self.verb(verb));
        self.live = None;
        self.out.write_all(line.as_bytes())?;
        self.out.flush()
    }

    fn verb(&self, verb: &str) -> String {
        if self.style.colour {
            format!("\x1b[1m\x1b[92m{verb:>12}\x1b[0m")
        } else {
            format!("{verb:>12}")
        }
    }
}

impl Style {
    /// The style for standard error, where `colour` is what `--color` says, if it is given.
    pub(crate) fn for_stderr(colour: Option<&str>) -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let is_terminal =
            io::stderr().is_terminal() && set("TERM").is_none_or(|terminal| terminal != "dumb");
        let colour = colour.map(str::to_owned).or_else(|| set("CARGO_TERM_COLOR"));
        let colour = match colour.as_deref() {
            Some("always") => true,
            Some("never") => false,
            _ => is_terminal && set("NO_COLOR").is_none(),
        };
        // Cargo has no progress bar there either.
        let is_quiet_place = set("CI").is_some()
            || set("CARGO_TERM_PROGRESS_WHEN").is_some_and(|when| when == "never");
        Self { live: is_terminal && !is_quiet_place, colour }
    }
}

/// `demo.wasm` for the path of the file that rustc has made, which is `demo-<16 digits>.wasm` in some places.
fn name_of(path: &str) -> String {
    let path = Path::new(path);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_hash =
        |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match stem.rsplit_once('-') {
        Some((name, hash)) if is_hash(hash) => format!("{name}.wasm"),
        _ => format!("{stem}.wasm"),
    }
}

/// `85 of 1,166 functions, 1.2 MB to 1.3 MB in 4.2 s`. There is no percentage: the first size is of code that is not
/// optimised yet and has all its names, so a percentage would say nothing about Asyncify.
fn outcome(figures: &Figures, time: Duration) -> String {
    let counts = figures.counts.map_or(String::new(), |counts| {
        format!("{} of {} functions, ", grouped(counts.instrumented), grouped(counts.functions))
    });
    let sizes = format!("{} to {}", size(figures.bytes_before), size(figures.bytes_after));
    let when = if figures.reused {
        ", as before".to_owned()
    } else {
        format!(" in {:.1} s", time.as_secs_f64())
    };
    let hint = if figures.lacks_wasm_opt {
        "; without wasm-opt, which `cargo bysyncify setup` installs, it is larger than need be"
    } else {
        ""
    };
    format!("{counts}{sizes}{when}{hint}")
}

fn size(bytes: u64) -> String {
    if bytes < 1_000_000 {
        format!("{:.0} kB", bytes as f64 / 1e3)
    } else {
        format!("{:.1} MB", bytes as f64 / 1e6)
    }
}

/// `1,166` for 1166.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
