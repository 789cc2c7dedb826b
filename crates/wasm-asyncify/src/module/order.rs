//! The order of sections.

use wasm_encoder::SectionId;

/// The order of sections in a module.
const ORDER: [SectionId; 13] = [
    SectionId::Type,
    SectionId::Import,
    SectionId::Function,
    SectionId::Table,
    SectionId::Memory,
    SectionId::Tag,
    SectionId::Global,
    SectionId::Export,
    SectionId::Start,
    SectionId::Element,
    SectionId::DataCount,
    SectionId::Code,
    SectionId::Data,
];

/// Whether a section that a module lacks has to be written before section `next`; None is the end of the module.
/// Custom sections may be anywhere: the section is written before the next one of another kind.
pub(crate) fn is_due(section: SectionId, next: Option<SectionId>) -> bool {
    let order = |section| ORDER.iter().position(|other| *other == section);
    match next {
        Some(SectionId::Custom) => false,
        Some(next) => order(next) > order(section),
        None => true,
    }
}
