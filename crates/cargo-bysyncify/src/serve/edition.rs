//! Pages that are loaded again when what they are made of has changed.
//!
//! ```text
//!   page: fetch("/.bysyncify/edition?3")  ──►  server: waits while it is edition 3
//!   page: location.reload()               ◄──  "4", since the program was built anew
//! ```

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Where a page asks. No file of a site is called so.
pub(super) const PATH: &str = "/.bysyncify/edition";

/// What is added to each page.
pub(super) const SCRIPT: &str = concat!("\n<script>\n", include_str!("reload.js"), "</script>\n");

/// How long a request is kept waiting: browsers give one up after some minutes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The number of the state that a site's files are in.
#[derive(Debug, Default)]
pub(crate) struct Edition {
    number: Mutex<u64>,
    changed: Condvar,
}

impl Edition {
    /// Has every page loaded again.
    pub(crate) fn change(&self) {
        *self.number.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// The number, as soon as it is not this one, or when a while has gone by.
    pub(super) fn after(&self, known: &str) -> String {
        let number = self.number.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |number: &mut u64| number.to_string() == known;
        let waited = self.changed.wait_timeout_while(number, PATIENCE, is_known);
        let (number, _) = waited.unwrap_or_else(PoisonError::into_inner);
        number.to_string()
    }
}
