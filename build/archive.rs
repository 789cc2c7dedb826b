//! Packs the object into a static library: an `ar` archive of one member.
//!
//! Every field for a time, a place or an owner is zero, so that the archive depends on the object only.

/// Wraps `object` as the only member of an archive. `name` is at most 15 bytes.
pub(crate) fn archive(name: &str, object: &[u8]) -> Vec<u8> {
    assert!(name.len() <= 15, "a short `ar` name and its terminating slash fill 16 bytes");
    let member = format!("{name}/");
    let (date, owner, group, mode) = (0, 0, 0, 644);
    let size = object.len();
    let header = format!("{member:<16}{date:<12}{owner:<6}{group:<6}{mode:<8}{size:<10}`\n");
    let padding: &[u8] = if size % 2 == 0 { b"" } else { b"\n" };
    [b"!<arch>\n", header.as_bytes(), object, padding].concat()
}
