//! Tests of the library alone, in every configuration.

mod basics;
