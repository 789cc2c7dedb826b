//! Computes the frame map of a function that was written.

use core::convert::Infallible;

use wasm_encoder::reencode::Reencode;
use wasmparser::Operator;

use super::compact::saved;
use super::emit::{Emitter, Form};
use super::flat::HEADER;
use super::frame_maps::{Called, FrameMap, SiteMap};
use super::is_indirect;
use super::shape::Site;
use crate::error::Result;
use crate::module::FunctionIndex;

impl<R: Reencode<Error = Infallible>> Emitter<'_, '_, R> {
    /// The frame map, after the function was written. `calls` says where its calls are.
    pub(super) fn frame_map(&mut self, calls: &[usize]) -> Result<FrameMap> {
        let shape = self.shape;
        let (size, position) = self.size_and_position()?;
        let mut sites = Vec::new();
        for (index, (site, at)) in shape.sites.iter().zip(calls).enumerate() {
            let number = match &self.flat {
                Some(_) => self.number_of(index)?.cast_unsigned(),
                None => self.numbers.of(index),
            };
            let callee = match shape.operators[site.call] {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    Called::Function(FunctionIndex(function_index))
                }
                Operator::CallIndirect { table_index: 0, .. }
                | Operator::ReturnCallIndirect { table_index: 0, .. }
                    if self.flat.is_none() =>
                {
                    self.index_in_frame(site)?.map_or(Called::Unknown, Called::InTable)
                }
                _ => Called::Unknown,
            };
            debug_assert!(is_indirect(&shape.operators[site.call]) || callee != Called::Unknown);
            sites.push(SiteMap { number, callee, at: u32::try_from(*at)? });
        }
        let function = shape.function;
        Ok(FrameMap { function, before: function, size: Some(size), position, sites })
    }

    fn size_and_position(&self) -> Result<(u32, Option<u32>)> {
        if let Some(flat) = &self.flat {
            let size = flat.size_of_last();
            let position = match (self.form, self.position) {
                (_, None) => None,
                (Form::Fast, Some(local)) => self.frame.offset_of(local).map(|at| HEADER + at),
                (Form::Compact, Some(_)) => Some(self.compact_position()?),
            };
            return Ok((size, position));
        }
        Ok(match (self.form, self.position) {
            (Form::Fast, position) => {
                (self.frame.size, position.and_then(|local| self.frame.offset_of(local)))
            }
            (Form::Compact, _) => {
                let is_numbered = self.shape.sites.len() > 1;
                let locals: Vec<_> = self.frame.locals().collect();
                let bytes: u32 = saved(&locals)?.iter().map(|(.., number)| number.bytes()).sum();
                (4 * u32::from(is_numbered) + bytes, is_numbered.then_some(0))
            }
        })
    }

    /// The offset in the frame of the table index of an indirect call's callee.
    fn index_in_frame(&self, site: &Site) -> Result<Option<u32>> {
        let Some((ty, above)) = site.operands.split_last() else { return Ok(None) };
        let Some(slot) = self.slots.known(site.below.len() + above.len(), *ty) else {
            return Ok(None);
        };
        if self.form == Form::Fast {
            return Ok(self.frame.offset_of(slot));
        }
        let mut offset = 4 * u32::from(self.shape.sites.len() > 1);
        let locals: Vec<_> = self.frame.locals().collect();
        for (local, _, number) in saved(&locals)? {
            if local == slot {
                return Ok(Some(offset));
            }
            offset += number.bytes();
        }
        Ok(None)
    }
}
