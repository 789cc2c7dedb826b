//! The command's own options.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use wasm_asyncify::analysis::{Choice, Imports};
use wasm_asyncify::{FrameMemory, Options, Producer, Resumption, StateGlobals};

use crate::file::Job;
use crate::lists;
use crate::report::Format;

/// Make a WebAssembly module pausable, by the protocol of Binaryen's Asyncify.
///
/// The host starts and stops unwinds and rewinds by the functions that are exported:
/// asyncify_start_unwind, asyncify_stop_unwind, asyncify_start_rewind, asyncify_stop_rewind,
/// asyncify_get_state. If no list of imports is given, all of them can suspend.
///
/// A LIST is `a,b`, or `@file` with one entry a line; in it `*` stands for any characters.
///
/// As `wasm-opt`, or with `--asyncify`, it understands Binaryen's spelling
/// (`--asyncify --pass-arg=asyncify-imports@env.sleep`) and hands all else to the real wasm-opt.
#[derive(Debug, Parser)]
#[command(name = "wasm-asyncify", version, verbatim_doc_comment)]
struct Arguments {
    /// The module, binary or text; `-` is the standard input
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where to write the result; `-` is the standard output
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// The imports that suspend, as MODULE.NAME
    #[arg(long, value_name = "LIST", conflicts_with = "ignore_imports")]
    imports: Option<String>,
    /// No import suspends: the module does it itself, by imports from `asyncify`
    #[arg(long)]
    ignore_imports: bool,
    /// Nothing is suspended in an indirect call, other than in functions of the two lists below
    #[arg(long)]
    ignore_indirect: bool,
    /// The host changes no table, and passes no references to functions: then an indirect call is always of one
    /// of the module's own. If it is wrong, `--asserts` has it trap
    #[arg(long)]
    closed_world: bool,
    /// Instrument these functions and no others
    #[arg(long, value_name = "LIST", conflicts_with_all = ["add_list", "remove_list"])]
    only_list: Option<String>,
    /// Instrument these functions, too
    #[arg(long, value_name = "LIST")]
    add_list: Option<String>,
    /// Instrument who calls those of the add list, too
    #[arg(long, requires = "add_list")]
    propagate_add_list: bool,
    /// These functions never suspend, whatever they call
    #[arg(long, value_name = "LIST")]
    remove_list: Option<String>,
    /// The memory to save to, if there are several: the name of an export, or MODULE.NAME of an import.
    /// A module without any gets one, of a page, that is exported as asyncify_memory
    #[arg(long, value_name = "NAME", default_value = "memory")]
    memory: String,
    /// Save to a memory that is added, and exported as asyncify_memory
    #[arg(long, conflicts_with = "memory")]
    secondary_memory: bool,
    /// How large that is, in pages of 64 KiB
    #[arg(long, value_name = "PAGES", default_value_t = 1, requires = "secondary_memory",
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    secondary_memory_size: u32,
    /// Import the state, as env.__asyncify_state and env.__asyncify_data: for modules that are linked
    /// while they run, and suspended together
    #[arg(long, conflicts_with = "export_globals")]
    import_globals: bool,
    /// Export it as __asyncify_state and __asyncify_data, for such modules
    #[arg(long)]
    export_globals: bool,
    /// Trap if something is suspended through a function that is not instrumented
    #[arg(long)]
    asserts: bool,
    /// Resume only the innermost function, and each caller when it returns: a wait costs the same at any
    /// depth. For runtimes that keep what `data` points to as long as a task lives, never set its
    /// first pointer back before the task has ended, and change the second one only while nothing is
    /// saved or restored
    #[arg(long)]
    flat: bool,
    /// Prove that each instrumented function does what it did before
    #[arg(long)]
    verify: bool,
    /// Say which functions are instrumented, and why
    #[arg(long)]
    verbose: bool,
    /// Write no module, but which functions would be instrumented, and why
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true,
        default_missing_value = "text")]
    report: Option<Format>,
    /// Keep the names of functions, and DWARF
    #[arg(short = 'g', long = "debuginfo")]
    debug_info: bool,
}

/// Runs the command.
///
/// # Errors
///
/// If it cannot be done.
pub(crate) fn run(arguments: Vec<OsString>) -> Result<ExitCode> {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            error.print()?;
            return Ok(ExitCode::from(u8::try_from(error.exit_code())?));
        }
    };
    let job = arguments.job()?;
    match arguments.report {
        None => job.run(&arguments.input, &arguments.output)?,
        Some(format) => job.report(format, &arguments.input, &arguments.output)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn job(&self) -> Result<Job> {
        let list = |list: &Option<String>| list.as_deref().map(lists::read).transpose();
        let imports = match list(&self.imports)? {
            Some(imports) => Imports::Matching(imports),
            None if self.ignore_imports => Imports::default(),
            None => Imports::All,
        };
        let choice = Choice {
            imports,
            ignore_indirect: self.ignore_indirect,
            only: list(&self.only_list)?,
            add: list(&self.add_list)?.unwrap_or_default(),
            propagate_add: self.propagate_add_list,
            remove: list(&self.remove_list)?.unwrap_or_default(),
        };
        let options = Options {
            producer: Producer::Any,
            choice,
            closed_world: self.closed_world,
            driven_by_host: true,
            asserts: self.asserts,
            resumption: if self.flat { Resumption::OneByOne } else { Resumption::Automatic },
            memory: match self.secondary_memory {
                true => FrameMemory::Secondary { pages: self.secondary_memory_size },
                false => FrameMemory::Named(self.memory.clone()),
            },
            globals: match (self.import_globals, self.export_globals) {
                (true, _) => StateGlobals::Imported,
                (_, true) => StateGlobals::Exported,
                _ => StateGlobals::Own,
            },
            verify: self.verify,
            debug_info: self.debug_info,
            ..Options::default()
        };
        Ok(Job {
            options,
            keeps_names: self.debug_info,
            is_verbose: self.verbose,
            lists_absent_imports: false,
        })
    }
}
