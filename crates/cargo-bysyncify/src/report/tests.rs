//! The report on a small program.
//!
//! ```text
//!   main ── bysyncify_resume ══ app::entry ── app::run ── lib::parse ══ lib::Memory::read
//!      │                            │                               ╚══ app::Gate::read
//!      └── app::Gate::read          └── app::Gate::read ── bysyncify_suspend
//! ```

use golden::assert_golden;
use wasm_asyncify::analysis::{Analysis, NoSuspend, Precision, Program, Vtable};

use super::advice::advice;
use super::html::html;
use super::json::json;
use super::material::Finished;
use super::model::Report;
use super::options::Sort;
use super::table::table;
use super::why::Why;
use crate::manifest::Manifest;
use crate::optimizer::OptLevel;
use crate::pipeline::Recipe;

const LINKED: &str = r#"(module
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "asyncify" "stop_unwind" (func $stop_unwind))
    (type $entry (func (param i32 f32) (result i32)))
    (type $read (func (param i32 i32) (result i32)))
    (table 4 funcref)
    (memory 1)
    (elem (i32.const 1) $"app::entry" $"<app::Gate as std::io::Read>::read"
        $"<lib::Memory as std::io::Read>::read")
    (func $main
        call $bysyncify_resume
        (drop (call $"<app::Gate as std::io::Read>::read" (i32.const 0) (i32.const 0))))
    (func $bysyncify_resume
        (drop (call_indirect (type $entry) (i32.const 0) (f32.const 0) (i32.load (i32.const 8))))
        call $stop_unwind)
    (func $bysyncify_suspend (call $start_unwind (i32.const 0)))
    (func $"app::entry" (type $entry)
        call $"app::run"
        (call $"<app::Gate as std::io::Read>::read" (i32.const 0) (i32.const 0)))
    (func $"app::run"
        (call $"lib::parse" (i32.const 8))
        call $"_ZN3lib5twice17h0000000000000000E"
        call $"_ZN3lib5twice17h1111111111111111E"
        call $"lib::trusted"
        call $same
        call $same_again
        call $"core::panicking::panic")
    (func $"lib::parse" (param i32)
        (drop (call_indirect (type $read)
            (local.get 0) (i32.const 0) (i32.load offset=12 (local.get 0)))))
    (func $"_ZN3lib5twice17h0000000000000000E")
    (func $"_ZN3lib5twice17h1111111111111111E" (call $"lib::parse" (i32.const 8)))
    (func $"lib::trusted" (call $"lib::parse" (i32.const 8)))
    (func $same (@name "same")
        (drop (call_indirect (type $read)
            (i32.const 0) (i32.const 0) (i32.load offset=16 (i32.load (i32.const 8))))))
    (func $same_again (@name "same") (call $"lib::parse" (i32.const 8)))
    (func $"<app::Gate as std::io::Read>::read" (type $read)
        call $bysyncify_suspend
        i32.const 0)
    (func $"<lib::Memory as std::io::Read>::read" (type $read) i32.const 0)
    (func $"core::panicking::panic" call $"core::panicking::panic_fmt")
    (func $"core::panicking::panic_fmt" call $"__rustc::rust_begin_unwind")
    (func $"__rustc::rust_begin_unwind" call $"app::hook")
    (func $"app::hook"
        (drop (call $"<app::Gate as std::io::Read>::read" (i32.const 0) (i32.const 0)))))"#;

/// The linked program, whose methods are in vtables, at offset 12: in the text format there are no
/// relocations to say so.
fn linked() -> Program {
    let mut program = Program::read(&wat::parse_str(LINKED).unwrap()).unwrap();
    for (name, address) in [
        ("<app::Gate as std::io::Read>::read", 1040),
        ("<lib::Memory as std::io::Read>::read", 1056),
    ] {
        let index = program.named(name).unwrap();
        let taken = &mut program.functions[index].address_taken;
        taken.anywhere = false;
        taken.slots.insert(12);
        let (address, functions) = (Some(address), [(12, index)].into());
        program.vtables.push(Vtable { address, size: 16, functions });
    }
    program
}

/// A module with functions of these names. Each has this many bytes beside its length, its count of locals and its end.
fn module(functions: &[(&str, usize)]) -> Vec<u8> {
    let function = |(name, bytes): &(&str, usize)| {
        format!("(func (@name \"{name}\") {})", "nop ".repeat(*bytes))
    };
    let functions: Vec<_> = functions.iter().map(function).collect();
    wat::parse_str(format!("(module (memory 1) {})", functions.join(" "))).unwrap()
}

fn finished() -> Finished {
    let gate = "<app::Gate as std::io::Read>::read";
    let twice = "_ZN3lib5twice17h1111111111111111E";
    Finished {
        manifest: Manifest {
            wasm_opt: Some(("wasm-opt".into(), 108)),
            recipe: Recipe {
                no_suspend: NoSuspend(vec!["lib::trusted".to_owned()]),
                suspends: vec![],
                precision: Precision::Slots,
                everything: false,
                checks: false,
                compact: wasm_asyncify::Compact::default(),
                verify: false,
                debug_info: false,
                symbols: false,
                symbols_folder: None,
                lowering: wasm_asyncify::Lowering::default(),
                no_stack_checks: false,
                resumption: wasm_asyncify::Resumption::default(),
                opt_level: OptLevel::O3,
            },
        },
        // In one module `twice` is inlined, and in the other `main`.
        plain: module(&[
            ("main", 17),
            ("app::run", 37),
            ("lib::parse", 27),
            ("same", 5),
            ("same", 7),
            (gate, 7),
            ("core::panicking::panic", 5),
        ]),
        asyncified: module(&[
            ("app::run", 97),
            ("lib::parse", 67),
            (twice, 27),
            ("same", 5),
            ("same", 17),
            (gate, 17),
            ("core::panicking::panic", 5),
            ("asyncify_start_unwind", 9),
        ]),
    }
}

fn with_report(check: impl FnOnce(&Report<'_>)) {
    let program = linked();
    let finished = finished();
    let analysis =
        Analysis::new(&program, &finished.manifest.recipe.no_suspend, Precision::Slots).unwrap();
    check(&Report::new("demo.wasm".to_owned(), &program, &analysis, finished).unwrap());
}

fn explained(wanted: &str) -> Result<String, String> {
    let program = linked();
    let analysis =
        Analysis::new(&program, &finished().manifest.recipe.no_suspend, Precision::Slots).unwrap();
    Why::new(&program, &analysis).explain(wanted).map_err(|error| error.to_string())
}

#[test]
fn whole_table() {
    with_report(|report| {
        let advice = advice(report, &report.manifest.recipe.no_suspend).unwrap();
        assert_golden!("tests/table.txt", table(report, &advice, Sort::Cost, 20));
    });
}

#[test]
fn summary_says_what_else_is_counted() {
    let program = linked();
    let summary = |recipe| {
        let mut finished = finished();
        finished.manifest = Manifest { wasm_opt: None, recipe };
        let Recipe { no_suspend, precision, .. } = &finished.manifest.recipe;
        let analysis = Analysis::new(&program, no_suspend, *precision).unwrap();
        Report::new("demo.wasm".to_owned(), &program, &analysis, finished).unwrap().summary()
    };
    let recipe = Recipe { checks: true, precision: Precision::Slots, ..Recipe::default() };
    assert_eq!(
        summary(recipe)[..5],
        [
            "demo.wasm: 302 bytes, +144 (91.1 %) for being pausable.",
            // `trusted` is not assumed not to suspend here.
            "7 of the 17 functions that were linked are instrumented.",
            "Compared: the linked module as it is, and instrumented.",
            "Not counted: names and debug information.",
            "Counted, too: that it checks itself while it runs, as debug builds do.",
        ]
    );
    assert_eq!(
        summary(Recipe::default())[4..],
        [
            "1 of them only because of their indirect calls' types. --precise would leave these out, \
          and save about 10 bytes: docs/tools.md says what it assumes."
        ]
    );
}

#[test]
fn table_is_in_the_order_that_is_asked_for() {
    // The first words of the lines with functions, and of the lines with crates.
    let order = |sort, limit| {
        let mut crates = Vec::new();
        let mut functions = Vec::new();
        with_report(|report| {
            let text = table(report, &[], sort, limit);
            let paragraphs: Vec<_> = text.split("\n\n").collect();
            let first = |line: &str| line.split("  ").next().unwrap().to_owned();
            crates.extend(paragraphs[1].lines().skip(1).map(first));
            let lines = paragraphs[2].lines().step_by(2).skip(1);
            functions.extend(lines.map(|line| line[38..].to_owned()));
            assert_eq!(
                paragraphs[3],
                "Nothing would be saved by the assumption that something never suspends.\n"
            );
        });
        (crates, functions)
    };
    let rest = ["data and the rest", "total"];
    let (crates, functions) = order(Sort::Size, 2);
    assert_eq!(crates, [&["app", "lib", "(no crate)", "(added)", "core"], &rest[..]].concat());
    assert_eq!(functions, ["app::run", "lib::parse"]);
    let (crates, functions) = order(Sort::Name, usize::MAX);
    assert_eq!(crates, [&["(added)", "(no crate)", "app", "core", "lib"], &rest[..]].concat());
    assert_eq!(
        functions,
        [
            "<app::Gate as std::io::Read>::read",
            "app::run",
            "asyncify_start_unwind",
            "core::panicking::panic",
            "lib::parse",
            "lib::twice",
            "main",
            "same",
        ]
    );
}

#[test]
fn whole_json() {
    with_report(|report| {
        let advice = advice(report, &report.manifest.recipe.no_suspend).unwrap();
        let json = format!("{:#}\n", json(report, &advice));
        assert_golden!("tests/report.json", json);
    });
}

#[test]
fn page_has_a_map_and_the_whole_report() {
    with_report(|report| {
        let advice = advice(report, &report.manifest.recipe.no_suspend).unwrap();
        let json = json(report, &advice);
        let page = html(report, &advice, &json);
        let between = |start: &str, end: &str| {
            let (_, after) = page.split_once(start).unwrap();
            after.split_once(end).unwrap().0
        };
        let tables = between("<h2>Crates</h2>", "<script");
        let map = between("one to the next\">\n", "</div>\n<aside>");
        assert_golden!("tests/page.html", format!("{map}{tables}"));
        let data = between("id=\"data\">", "</script>");
        assert!(data.contains(r#""\u003capp::Gate as std::io::Read>::read""#));
        assert_eq!(serde_json::from_str::<serde_json::Value>(data).unwrap(), json);
        assert_eq!(page.matches("{{").count(), 0);
        // Nothing is fetched.
        assert_eq!(page.matches("http").count() + page.matches("src=").count(), 0);
    });
}

#[test]
fn every_kind_of_answer() {
    let names = [
        "app::run",
        "lib::Memory",
        "start_unwind",
        "bysyncify_suspend",
        "begin_unwind",
        "core::panicking::panic",
        "hook",
        "main",
        "trusted",
        "read",
    ];
    let answers = names.map(|name| format!("--why {name}\n{}", explained(name).unwrap()));
    assert_golden!("tests/why.txt", answers.join("\n"));
    assert_eq!(explained("nobody").unwrap_err(), "no function's name has `nobody` in it");
}

#[test]
fn instances_of_one_name_are_told_apart() {
    let text = explained("twice").unwrap();
    let starts: Vec<_> = text.lines().filter(|line| !line.starts_with(' ')).collect();
    let symbols =
        ["_ZN3lib5twice17h0000000000000000E", "", "_ZN3lib5twice17h1111111111111111E", ""];
    assert_eq!(starts, symbols);
    let one = explained("17h0000000000000000E").unwrap();
    assert_eq!(one, "lib::twice\n  is not instrumented: nothing that it calls ever suspends\n");
}
