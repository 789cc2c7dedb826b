//! What the programs of `cargo xtask bench programs` share: their input ([`Source`], which is where
//! they wait), and the functions that the host calls ([`program!`]).

mod run;
mod source;

pub use run::{inside, plain, provide, result, result_len, suspends};
pub use source::Source;

/// Exports what the host calls (bench/programs/host.mjs), for a program that is the function
/// `$main: fn(Source) -> Vec<u8>`.
#[macro_export]
macro_rules! program {
    ($main:path) => {
        /// Makes room for the input; the host writes it there. Once, before all else.
        #[unsafe(no_mangle)]
        extern "C" fn provide(len: usize) -> *mut u8 {
            $crate::provide(len)
        }

        /// Runs the program, outside every coroutine; the result's checksum.
        #[unsafe(no_mangle)]
        extern "C" fn plain() -> u32 {
            $crate::plain($main)
        }

        /// The same in a coroutine that is suspended once for each chunk of input.
        #[unsafe(no_mangle)]
        extern "C" fn inside() -> u32 {
            $crate::inside($main)
        }

        /// How often the last run was suspended.
        #[unsafe(no_mangle)]
        extern "C" fn suspends() -> u32 {
            $crate::suspends()
        }

        /// Where the last run's result lies.
        #[unsafe(no_mangle)]
        extern "C" fn result() -> *const u8 {
            $crate::result()
        }

        /// How long it is.
        #[unsafe(no_mangle)]
        extern "C" fn result_len() -> usize {
            $crate::result_len()
        }
    };
}
