//! A type of index for each kind of item in a module. Functions, types, globals and so on each have an index space
//! of their own, with imported items first, and so have the locals of each function; an index of one kind cannot be
//! used for another.
//!
//! These are the indices of the module that is read. In the module that a pass writes, items can have other indices
//! (`instrument/index_spaces.rs`): those are `u32`, as the encoder takes them.

use core::fmt;
use core::ops::{Index, IndexMut};

use wasm_encoder::Instruction;

macro_rules! indices {
    ($($(#[$doc:meta])* $public:vis $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $public struct $name($public u32);

        impl From<$name> for usize {
            fn from(index: $name) -> Self {
                index.0 as Self
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

/// Indices that more are counted from: what is added comes after what is there.
macro_rules! counted {
    ($($name:ident)*) => {$(
        impl $name {
            /// The index `count` places after this one.
            pub(crate) fn plus(self, count: u32) -> Self {
                Self(self.0 + count)
            }
        }
    )*};
}

counted! { FunctionIndex TypeIndex TableIndex GlobalIndex LocalIndex }

indices! {
    /// The index of a function in its module, imported ones first.
    pub FunctionIndex
    /// The index of a type.
    pub(crate) TypeIndex
    /// The index of a table, imported ones first.
    pub(crate) TableIndex
    /// The index of a global, imported ones first.
    pub(crate) GlobalIndex
    /// The index of a memory, imported ones first.
    pub(crate) MemoryIndex
    /// The index of a tag, imported ones first.
    pub(crate) TagIndex
    /// The index of a data segment.
    pub(crate) DataIndex
    /// The index of a local in its function, parameters first.
    pub(crate) LocalIndex
}

impl FunctionIndex {
    /// The index of the next function.
    pub(crate) fn next(self) -> Self {
        self.plus(1)
    }

    pub(crate) fn call(self) -> Instruction<'static> {
        Instruction::Call(self.0)
    }
}

impl GlobalIndex {
    pub(crate) fn get(self) -> Instruction<'static> {
        Instruction::GlobalGet(self.0)
    }

    pub(crate) fn set(self) -> Instruction<'static> {
        Instruction::GlobalSet(self.0)
    }
}

impl LocalIndex {
    pub(crate) fn get(self) -> Instruction<'static> {
        Instruction::LocalGet(self.0)
    }

    pub(crate) fn set(self) -> Instruction<'static> {
        Instruction::LocalSet(self.0)
    }

    pub(crate) fn tee(self) -> Instruction<'static> {
        Instruction::LocalTee(self.0)
    }
}

/// A value for each function of a module, or for the first functions of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionMap<T>(Vec<T>);

impl<T> FunctionMap<T> {
    /// The number of functions.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of this function, if there is one.
    pub fn get(&self, function: FunctionIndex) -> Option<&T> {
        self.0.get(usize::from(function))
    }

    pub(crate) fn get_mut(&mut self, function: FunctionIndex) -> Option<&mut T> {
        self.0.get_mut(usize::from(function))
    }

    /// The values, each with its index.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (FunctionIndex, &T)> {
        self.indices().zip(&self.0)
    }

    /// The values without the indices.
    pub fn values(&self) -> core::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// The indices without the values.
    pub fn indices(
        &self,
    ) -> impl DoubleEndedIterator<Item = FunctionIndex> + ExactSizeIterator + use<T> {
        (0..self.0.len()).map(|at| FunctionIndex(at as u32))
    }

    /// Maps each value.
    pub fn map<U>(&self, new: impl FnMut(&T) -> U) -> FunctionMap<U> {
        FunctionMap(self.0.iter().map(new).collect())
    }

    /// The index of the function that will be added next.
    pub fn end(&self) -> FunctionIndex {
        FunctionIndex(self.0.len() as u32)
    }

    /// Adds the value of the next function.
    pub fn push(&mut self, value: T) {
        self.0.push(value);
    }
}

impl<T> Default for FunctionMap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Index<FunctionIndex> for FunctionMap<T> {
    type Output = T;

    fn index(&self, function: FunctionIndex) -> &T {
        &self.0[usize::from(function)]
    }
}

impl<T> IndexMut<FunctionIndex> for FunctionMap<T> {
    fn index_mut(&mut self, function: FunctionIndex) -> &mut T {
        &mut self.0[usize::from(function)]
    }
}

impl<T> FromIterator<T> for FunctionMap<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
