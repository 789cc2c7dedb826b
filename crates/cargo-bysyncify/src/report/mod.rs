//! `cargo bysyncify report`: what is instrumented, why, and what it costs in bytes.
//!
//! Two modules are compared, function by function: the results of `wasm-opt` for the linked module, with Asyncify and
//! without, at the same level. Because both are optimised, a function may be inlined in one and not in the other. Then
//! its bytes are counted for its caller, so the cost of a single function is not exact. The sums are exact.

mod advice;
mod html;
mod json;
mod material;
mod model;
mod numbers;
mod options;
mod precision;
mod sizes;
mod stack;
mod table;
mod treemap;
mod why;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use wasm_asyncify::analysis::{Analysis, Program, readable};

use self::material::Material;
use self::model::Report;
use self::options::Format;
pub(crate) use self::options::Options;
use self::why::Why;
use crate::pipeline;
use crate::run::{self, Built, Request};
use crate::store;
use crate::wording::Worded as _;
use wasm_asyncify::module::FunctionIndex;

/// Builds a program, or takes an existing module, and reports on it.
pub(crate) fn report(
    options: &Options,
    module: Option<PathBuf>,
    request: &Request,
) -> Result<ExitCode> {
    let module = match module {
        Some(module) => module,
        None => match run::build(request, &run::chosen(request)?)? {
            Built::Module(module) => module,
            Built::Failed(code) => return Ok(code),
        },
    };
    of_module(&module, options, request)
        .with_context(|| format!("cannot report on `{}`", module.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn of_module(module: &Path, options: &Options, request: &Request) -> Result<()> {
    let material = Material::read(module)?;
    let recipe = material.recipe(&request.link)?;
    let program = Program::read(&material.linked).context("cannot analyse it")?;
    wasm_asyncify::check_names(&program).worded()?;
    if let Some(function) = options.function {
        return print(&named(&program, FunctionIndex(function))?);
    }
    let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if options.stack {
        material.must_be_made_by_our_linker()?;
        return print(&stack::stack(&name, &material.linked, &recipe)?);
    }
    let analysis = Analysis::new(&program, &recipe.no_suspend, recipe.precision)
        .worded()?
        .with_choice(&program, &recipe.choice());
    pipeline::check_unmatched(analysis.unmatched())?;
    if let Some(wanted) = &options.why {
        return print(&Why::new(&program, &analysis).explain(wanted)?);
    }
    let finished = material.finish(&recipe)?;
    let report = Report::new(name, &program, &analysis, finished)?;
    let advice = advice::advice(&report, &recipe.no_suspend)?;
    let text = match options.format {
        Format::Table => table::table(&report, &advice, options.sort, options.limit),
        Format::Json => format!("{:#}\n", json::json(&report, &advice)),
        Format::Html => html::html(&report, &advice, &json::json(&report, &advice)),
    };
    let page = (options.format == Format::Html).then(|| material.page());
    match options.output.clone().or(page) {
        Some(path) => {
            store::write(&path, text.as_bytes())?;
            println!("{}", path.display());
        }
        None => print(&text)?,
    }
    Ok(())
}

/// Returns the name of a function. A message has only its number.
fn named(program: &Program, function: FunctionIndex) -> Result<String> {
    let count = program.functions.len();
    if program.functions.get(function).is_none() {
        bail!(
            "there is no function {function}: the linked module has {count}. A message's number is \
             that of the module which said it, so it must be built in the same way"
        );
    }
    Ok(format!("function {function} is `{}`\n", readable(&program.symbol(function))))
}

/// Prints a text. It is no error if the reader stops before the end, as `head` does.
fn print(text: &str) -> Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot print the report")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
