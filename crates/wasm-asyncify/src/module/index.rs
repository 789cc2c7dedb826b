//! What the things of a module are numbered by. Functions, types, globals and so on are numbered each for
//! themselves, imported ones first, and an index of one kind is none of another.
//!
//! These are the numbers of the module that is read. In the one that a pass writes things can have others
//! (`instrument/index_spaces.rs`): those are `u32`, as the encoder takes them.

use core::fmt;
use core::ops::{Index, IndexMut};

/// The index of a function in its module, imported ones first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionIndex(pub u32);

impl FunctionIndex {
    /// That of the function after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Where it is in a list of all functions.
    fn at(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for FunctionIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something of each function of a module, or of the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionMap<T>(Vec<T>);

impl<T> FunctionMap<T> {
    /// How many functions there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That of this function, if there is one.
    pub fn get(&self, function: FunctionIndex) -> Option<&T> {
        self.0.get(function.at())
    }

    pub(crate) fn get_mut(&mut self, function: FunctionIndex) -> Option<&mut T> {
        self.0.get_mut(function.at())
    }

    /// Each with its index.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (FunctionIndex, &T)> {
        self.indices().zip(&self.0)
    }

    /// The same without the indices.
    pub fn values(&self) -> core::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// The indices alone.
    pub fn indices(
        &self,
    ) -> impl DoubleEndedIterator<Item = FunctionIndex> + ExactSizeIterator + use<T> {
        (0..self.0.len()).map(|at| FunctionIndex(at as u32))
    }

    /// Something else of each.
    pub fn map<U>(&self, new: impl FnMut(&T) -> U) -> FunctionMap<U> {
        FunctionMap(self.0.iter().map(new).collect())
    }

    /// The index of the function that will be added next.
    pub fn end(&self) -> FunctionIndex {
        FunctionIndex(self.0.len() as u32)
    }

    /// Adds that of the next function.
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
        &self.0[function.at()]
    }
}

impl<T> IndexMut<FunctionIndex> for FunctionMap<T> {
    fn index_mut(&mut self, function: FunctionIndex) -> &mut T {
        &mut self.0[function.at()]
    }
}

impl<T> FromIterator<T> for FunctionMap<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
