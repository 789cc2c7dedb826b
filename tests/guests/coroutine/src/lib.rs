//! Tests of the library alone, in every configuration.

mod basics;
mod drops;
mod generators;
mod interleave;
mod memory;
mod misuse;
mod nesting;
mod overflow;
mod streams;
