//! Reloads pages when their files have changed.
//!
//! ```text
//!   page: fetch("/.bysyncify/edition?3")  ──►  server: waits while it is edition 3
//!   page: location.reload()               ◄──  "4", since the program was built anew
//! ```

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The path that a page polls. No file of a site has this name.
pub(super) const PATH: &str = "/.bysyncify/edition";

/// The script that is added to each page.
pub(super) const SCRIPT: &str = concat!("\n<script>\n", include_str!("reload.js"), "</script>\n");

/// The longest time that a request is kept waiting: browsers abort a request after some minutes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The number of the current version of a site's files.
#[derive(Debug, Default)]
pub(crate) struct Edition {
    number: Mutex<u64>,
    changed: Condvar,
}

impl Edition {
    /// Makes every page reload.
    pub(crate) fn change(&self) {
        *self.number.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// Returns the number as soon as it differs from `known`, or after a timeout.
    pub(super) fn after(&self, known: &str) -> String {
        let number = self.number.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |number: &mut u64| number.to_string() == known;
        let waited = self.changed.wait_timeout_while(number, PATIENCE, is_known);
        let (number, _) = waited.unwrap_or_else(PoisonError::into_inner);
        number.to_string()
    }
}
