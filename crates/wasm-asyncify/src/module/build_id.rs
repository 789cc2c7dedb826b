//! The section `build_id`, which `wasm-ld --build-id` makes: bytes by which debuggers and crash collectors
//! identify a module's code. When the code changes, the bytes must change. Like the linker's, they depend on
//! the contents of the module and on nothing else.

use wasmparser::{BinaryReader, Parser, Payload};

use crate::error::{Context, Result};

const SECTION: &str = "build_id";

/// Replaces the id of a module, if it has one, by a new one of the same length.
pub(crate) fn renew(module: &mut [u8]) -> Result<()> {
    let mut place = None;
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload?
            && section.name() == SECTION
        {
            let mut reader = BinaryReader::new(section.data(), section.data_offset());
            let length = reader.read_var_u32().context("bad build_id section")? as usize;
            let start = usize::try_from(reader.original_position())?;
            place = Some(start..start + length);
        }
    }
    if let Some(place) = place {
        let length = place.len();
        let sum = hash(module);
        let id = module.get_mut(place).context("bad build_id section")?;
        let sums = (0..).flat_map(|part: u32| hash(&[&sum[..], &part.to_le_bytes()].concat()));
        id.iter_mut().zip(sums.take(length)).for_each(|(byte, new)| *byte = new);
    }
    Ok(())
}

/// FNV-1a with 128 bits: it need not resist attacks, and is the same in each version of std.
fn hash(bytes: &[u8]) -> [u8; 16] {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let step = |hash: u128, byte: &u8| (hash ^ u128::from(*byte)).wrapping_mul(PRIME);
    bytes.iter().fold(BASIS, step).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The new id of a module with this code and this id. Empty if the module has no id.
    fn renewed(id: &str, code: &str) -> Vec<u8> {
        let text = format!(r#"(module (@custom "build_id" "{id}") (func {code}))"#);
        let mut module = wat::parse_str(text).unwrap();
        renew(&mut module).unwrap();
        let sections = Parser::new(0).parse_all(&module).filter_map(|it| match it.unwrap() {
            Payload::CustomSection(section) => Some(section.data()[1..].to_vec()),
            _ => None,
        });
        sections.flatten().collect()
    }

    #[test]
    fn other_code_has_another_id_of_the_same_length() {
        let id = renewed("\\14aaaaaaaaaaaaaaaaaaaa", "nop");
        assert_eq!(id.len(), 20);
        assert_eq!(id, renewed("\\14aaaaaaaaaaaaaaaaaaaa", "nop"));
        let others = [
            renewed("\\14aaaaaaaaaaaaaaaaaaaa", "unreachable"),
            renewed("\\14aaaaaaaaaaaaaaaaaaab", "nop"),
        ];
        for other in others {
            assert_eq!(other.len(), 20);
            assert!(id.iter().zip(&other).all(|(one, two)| *one != b'a' || *two != b'a'));
            assert_ne!(id, other);
        }
        assert_eq!(renewed("\\08aaaaaaaa", "nop").len(), 8);
    }

    #[test]
    fn hash_is_the_one_that_is_published() {
        let hex = |bytes: &[u8]| format!("{:032x}", u128::from_le_bytes(hash(bytes)));
        assert_eq!(hex(b""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(hex(b"a"), "d228cb696f1a8caf78912b704e4a8964");
    }
}
