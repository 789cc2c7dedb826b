//! The section `target_features`: the features that a module says it uses. Later tools, such as `wasm-opt`, allow
//! these and no more. So features that the passes use must be added.

use wasm_encoder::Encode;
use wasmparser::{BinaryReader, CustomSectionReader, Result};

pub(crate) const SECTION: &str = "target_features";

const USED: u8 = b'+';

/// The names of the features that are marked as used.
pub(crate) fn used(section: &CustomSectionReader<'_>) -> Result<Vec<String>> {
    let all = read(section)?;
    // `-` would mark a feature that must not be used; `=` is an old form of `+`.
    let used = all.into_iter().filter(|(prefix, _)| matches!(*prefix, USED | b'='));
    Ok(used.map(|(_, name)| name.to_owned()).collect())
}

/// The section's contents, with these features added.
pub(crate) fn with(section: &CustomSectionReader<'_>, added: &[&str]) -> Result<Vec<u8>> {
    let mut all = read(section)?;
    for name in added {
        all.retain(|(prefix, other)| other != name || *prefix == USED);
        if !all.contains(&(USED, name)) {
            all.push((USED, name));
        }
    }
    let mut data = Vec::new();
    all.len().encode(&mut data);
    for (prefix, name) in all {
        data.push(prefix);
        name.encode(&mut data);
    }
    Ok(data)
}

/// The features, each with its prefix.
fn read<'a>(section: &CustomSectionReader<'a>) -> Result<Vec<(u8, &'a str)>> {
    let mut reader = BinaryReader::new(section.data(), section.data_offset());
    let mut all = Vec::new();
    for _ in 0..reader.read_var_u32()? {
        all.push((reader.read_u8()?, reader.read_string()?));
    }
    Ok(all)
}
