//! Progress of long work: a bar on a terminal, a line for each step elsewhere.

use std::io::{self, IsTerminal, Write};

const WIDTH: usize = 24;

/// Shows how many of `total` steps are done.
pub(crate) struct Progress {
    done: usize,
    total: usize,
    is_terminal: bool,
}

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        Self { done: 0, total, is_terminal: io::stdout().is_terminal() }
    }

    /// Counts a finished step. `line` describes it, and stays visible if this is not a terminal.
    pub(crate) fn step(&mut self, line: &str) {
        self.done += 1;
        if self.is_terminal {
            self.draw(line);
        } else {
            println!("{line}");
        }
    }

    /// Shows the current work. It is shown only on a terminal, where lines do not stay.
    pub(crate) fn doing(&self, what: &str) {
        if self.is_terminal {
            self.draw(what);
        }
    }

    /// Prints a permanent line, with or without a bar.
    pub(crate) fn note(&self, text: &str) {
        self.clear();
        println!("{text}");
    }

    fn draw(&self, text: &str) {
        // At most one row of a narrow terminal: otherwise the carriage return would not lead to its start.
        let text: String = text.lines().next().unwrap_or_default().chars().take(40).collect();
        print!("\r\x1b[K{} {text}", bar(self.done, self.total));
        // If the terminal is gone, the tests continue.
        let _ = io::stdout().flush();
    }

    fn clear(&self) {
        if self.is_terminal {
            print!("\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn bar(done: usize, total: usize) -> String {
    let filled = (WIDTH * done).checked_div(total).unwrap_or(WIDTH).min(WIDTH);
    format!("[{}{}] {done}/{total}", "#".repeat(filled), " ".repeat(WIDTH - filled))
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn bar_fills_from_left_to_right() {
        assert_eq!(bar(0, 4), format!("[{}] 0/4", " ".repeat(24)));
        assert_eq!(bar(1, 4), format!("[######{}] 1/4", " ".repeat(18)));
        assert_eq!(bar(4, 4), format!("[{}] 4/4", "#".repeat(24)));
        assert_eq!(bar(0, 0), format!("[{}] 0/0", "#".repeat(24)));
    }
}
