//! `cargo bysyncify report`: what is instrumented, why, and what it costs in bytes.
//!
//! Two modules are compared, function by function: what `wasm-opt` made of the linked module with
//! Asyncify, and what it makes of it, optimising as hard, without. Both are optimised, so that a
//! function may be inlined in one and not in the other. Then its bytes are where it went, and a
//! single function's cost is only as exact as that; the sums are exact.

mod advice;
mod material;
mod model;
mod numbers;
mod options;
mod sizes;
mod table;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

pub(crate) use self::options::Options;
use self::material::Material;
use self::model::Report;
use self::options::Format;
use crate::analysis::{Analysis, Program};
use crate::refusal;
use crate::run::{self, Built, Request};
use crate::store;

/// Builds a program, or takes a module that is there, and reports.
pub(crate) fn report(options: &Options, request: &Request) -> Result<ExitCode> {
    let module = match &options.module {
        Some(module) => module.clone(),
        None => match run::build(request)? {
            Built::Module(_, module) => module,
            Built::Failed(code) => return Ok(code),
        },
    };
    let text = of_module(&module, options)
        .with_context(|| format!("cannot report on `{}`", module.display()))?;
    Ok(ExitCode::SUCCESS)
}
