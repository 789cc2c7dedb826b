//! The workloads as exports: what is measured in WebAssembly.

macro_rules! exports {
    ($($name:ident)*) => {$(
        // SAFETY: no symbol of C's or Rust's has such a name.
        #[unsafe(export_name = concat!("workload_", stringify!($name)))]
        extern "C" fn $name(size: u32) -> i64 {
            bench_literature::$name(size)
        }
    )*};
}

exports! { itersum treesum sieve skynet scheduler pi state c10m }
