//! A module without what is of no use once its code moves.

use crate::error::{Error, Result};
use crate::module;

/// A linked module without the sections that say where things are in it, which move, or in which file
/// that is said.
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
