//! Each file in `filetests/` is a test case: options, a module, and the result.
//!
//! ```text
//! ;;! imports = env.sleep            the options, one a line
//! ;;! show = waits                   the part of the result to show: these functions
//! (module …)
//!
//! (; becomes                         the result; `BLESS=1` writes it
//! …
//! ;)
//! ```
//!
//! The whole file is a module in text form. Every result is validated, and verified by the checker.

use std::fs;
use std::path::Path;

use golden::assert_golden;
use wasm_asyncify::analysis::{Choice, Explanation, Imports};
use wasm_asyncify::{
    Compact, FrameMemory, Lowering, Options, Producer, Resumption, StateGlobals, analyse, module,
    transform,
};

/// The line before the result.
const BECOMES: &str = "\n(; becomes\n";

/// A file, without the result.
struct Case {
    text: String,
    options: Options,
    show: Show,
}

enum Show {
    /// The whole module, without its names section.
    Module,
    /// These functions.
    Functions(Vec<String>),
    /// Which functions are instrumented, and why.
    Report,
    /// The error.
    Error,
}

impl Case {
    fn read(file: &str) -> Self {
        let text = file.split(BECOMES).next().unwrap_or(file).trim_end().to_owned();
        let choice = Choice::default();
        let mut options =
            Options { producer: Producer::Any, choice, verify: true, ..Options::default() };
        let mut show = Show::Module;
        for line in text.lines().map_while(|line| line.strip_prefix(";;! ")) {
            let (name, value) = line.split_once(" = ").expect("`;;! NAME = VALUE`");
            let list = || value.split(", ").map(str::to_owned).collect::<Vec<_>>();
            match (name, value) {
                ("imports", "all") => options.choice.imports = Imports::All,
                ("imports", _) => options.choice.imports = Imports::Matching(list()),
                ("only", _) => options.choice.only = Some(list()),
                ("add", _) => options.choice.add = list(),
                ("closed-world", "yes") => options.closed_world = true,
                ("remove", _) => options.choice.remove = list(),
                ("ignore-indirect", "yes") => options.choice.ignore_indirect = true,
                ("driven-by-host", "yes") => options.driven_by_host = true,
                ("asserts", "yes") => options.asserts = true,
                ("flat", "yes") => options.resumption = Resumption::OneByOne,
                ("inline", "yes") => options.inline = true,
                ("memory", "secondary") => options.memory = FrameMemory::Secondary { pages: 2 },
                ("memory", name) => options.memory = FrameMemory::Named(name.to_owned()),
                ("globals", "imported") => options.globals = StateGlobals::Imported,
                ("globals", "exported") => options.globals = StateGlobals::Exported,
                ("lowering", "stack-switching") => options.lowering = Lowering::StackSwitching,
                ("stack-checks", "off") => options.no_stack_checks = true,
                ("compact", "all") => options.compact = Compact::All,
                ("compact", "none") => options.compact = Compact::None,
                ("show", "report") => show = Show::Report,
                ("show", "error") => show = Show::Error,
                ("show", _) => show = Show::Functions(list()),
                _ => panic!("there is no option `{line}`"),
            }
        }
        Self { text, options, show }
    }

    fn result(&self) -> String {
        let wasm = wat::parse_str(&self.text).expect("a module in text form");
        let made = || {
            let made = transform(&wasm, &self.options).expect("it can be made pausable").module;
            module::check_asyncified(&made).expect("what is made is valid");
            wasmprinter::print_bytes(made).expect("it can be printed")
        };
        match &self.show {
            Show::Module => made().trim_end().to_owned(),
            Show::Functions(names) => {
                let made = made();
                let functions = names.iter().map(|name| function(&made, name));
                functions.collect::<Vec<_>>().join("\n")
            }
            Show::Report => {
                let findings = analyse(&wasm, &self.options).expect("it can be analysed");
                let explainer = findings.explainer();
                let functions = findings.program().functions.iter();
                let own = functions.filter(|(_, it)| it.import.is_none());
                let explained = own.map(|(index, _)| {
                    let Explanation { verdict, calls, .. } = explainer.explain(index);
                    let name = findings.program().readable(index);
                    let calls = calls.iter().map(|call| format!("\n    {call}"));
                    format!("{name} {verdict}{}", calls.collect::<String>())
                });
                explained.collect::<Vec<_>>().join("\n")
            }
            Show::Error => transform(&wasm, &self.options).unwrap_err().to_string(),
        }
    }
}

/// The text of a function in the text of a module.
fn function<'a>(module: &'a str, name: &str) -> &'a str {
    let start = module.find(&format!("  (func ${name} ")).expect("such a function");
    let rest = &module[start..];
    &rest[..rest.find("\n  )").expect("its end") + "\n  )".len()]
}

#[test]
fn each_file_becomes_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests");
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let case = Case::read(&fs::read_to_string(&file).unwrap());
        let text = format!("{}\n{BECOMES}{}\n;)\n", case.text, case.result());
        assert_golden!(&format!("filetests/{name}"), text);
    }
}
