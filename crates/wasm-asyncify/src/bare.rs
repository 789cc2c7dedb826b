//! Removes the sections of a module that are useless after its code has moved.

use crate::error::{Error, Result};
use crate::module;

/// Returns a linked module without the sections that have positions in its code, which change, or that name a file
/// which has them.
///
/// # Errors
///
/// If it cannot be read.
pub fn bare(linked: &[u8]) -> Result<Vec<u8>, Error> {
    module::without_sections(linked, is_of_no_use_later)
}

fn is_of_no_use_later(section: &str) -> bool {
    ["linking", "sourceMappingURL", "external_debug_info"].contains(&section)
        || ["reloc.", ".debug_"].iter().any(|start| section.starts_with(start))
}
