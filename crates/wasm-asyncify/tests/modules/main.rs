//! Arbitrary modules behave the same if they are suspended in each of their imports.

mod blocks;
mod host;
mod node;
mod random;
