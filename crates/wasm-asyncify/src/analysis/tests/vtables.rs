//! What the sections that `--emit-relocs` leaves tell about function pointers.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::Section as _;
use wasm_encoder::{CustomSection, DataSymbolDefinition, Encode, LinkingSection, SymbolTable};

use super::super::program::{AddressTaken, Program};
use super::super::{SuspendPlan, WatchedCalls, assumed};
use super::{Analysis, NoSuspend, Precision, instrumented, instrumented_with};
use crate::module::FunctionIndex;

/// A word of data, or a number in code.
#[derive(Clone, Copy)]
enum Word {
    Number(u32),
    /// The address of the function of this index.
    Function(u32),
    /// The global that holds such an address.
    Global(u32),
    /// An address this many bytes after the beginning of a constant.
    Data(u32, i32),
}

use Word::{Data, Function, Global, Number};

/// The functions of most tests: their indices and names.
const DROP: u32 = 0;
const METHOD: u32 = 1;
const PLAIN: u32 = 2;
const FUNCTIONS: &str = r#"
    (table 9 funcref) (elem (i32.const 1) func 0 1 2)
    (func $"core::ptr::drop_in_place::<a::T>") (func $"<a::T as a::X>::f") (func $plain)"#;

const VTABLE: &[Word] = &[Function(DROP), Number(8), Number(4), Function(METHOD)];

/// A module with these functions, these named constants, and these addresses in its code.
fn program(functions: &str, constants: &[(&str, &[Word])], in_code: &[Word]) -> Program {
    let words: Vec<Word> = constants.iter().flat_map(|(_, words)| *words).copied().collect();
    let data: String = words.iter().flat_map(|word| word.bytes()).map(escaped).collect();
    let text = format!("(module {functions} (memory 1) (data (i32.const 1024) \"{data}\"))");
    let mut wasm = wat::parse_str(text).unwrap();
    let count = wasmparser::Parser::new(0).parse_all(&wasm).map(|payload| match payload.unwrap() {
        wasmparser::Payload::ImportSection(section) => section.count(),
        wasmparser::Payload::FunctionSection(section) => section.count(),
        _ => 0,
    });
    let count: u32 = count.sum();

    let mut symbols = SymbolTable::new();
    for index in 0..count {
        symbols.function(SymbolTable::WASM_SYM_EXPLICIT_NAME, index, Some("f"));
    }
    let mut offset = 0;
    for (name, words) in constants {
        let size = 4 * words.len() as u32;
        symbols.data(0, name, Some(DataSymbolDefinition { index: 0, offset, size }));
        offset += size;
    }
    LinkingSection::new().symbol_table(&symbols).append_to(&mut wasm);

    // A call, because there always is one.
    let mut code = vec![0, 0, 0];
    for word in in_code {
        word.relocation([1, 4], 0, count, &mut code);
    }
    append(&mut wasm, "reloc.CODE", in_code.len() + 1, &code);
    // The contents begin after the number of segments, flags, address and size.
    let contents = if words.len() < 32 { 7 } else { 8 };
    let mut relocations = Vec::new();
    for (word, at) in words.iter().zip(0..) {
        word.relocation([2, 5], contents + 4 * at, count, &mut relocations);
    }
    let addresses = words.iter().filter(|word| !matches!(word, Number(_))).count();
    append(&mut wasm, "reloc.DATA", addresses, &relocations);
    Program::read(&wasm).unwrap()
}

impl Word {
    fn bytes(&self) -> [u8; 4] {
        match self {
            Number(number) => number.to_le_bytes(),
            // Not used.
            Function(_) | Global(_) | Data(..) => [0xff; 4],
        }
    }

    /// Writes a relocation of one of these types.
    fn relocation(&self, types: [u8; 2], offset: u32, functions: u32, to: &mut Vec<u8>) {
        let [of_function, of_data] = types;
        match *self {
            Number(_) => {}
            Function(function) => {
                to.push(of_function);
                offset.encode(to);
                function.encode(to);
            }
            Global(function) => {
                to.push(7);
                offset.encode(to);
                function.encode(to);
            }
            Data(constant, addend) => {
                to.push(of_data);
                offset.encode(to);
                (functions + constant).encode(to);
                addend.encode(to);
            }
        }
    }
}

fn escaped(byte: u8) -> String {
    format!("\\{byte:02x}")
}

fn append(wasm: &mut Vec<u8>, name: &str, count: usize, relocations: &[u8]) {
    let mut data = vec![0];
    (count as u32).encode(&mut data);
    data.extend(relocations);
    CustomSection { name: name.into(), data: data.into() }.append_to(wasm);
}

fn in_slots(slots: &[u64]) -> AddressTaken {
    AddressTaken { anywhere: false, slots: slots.iter().copied().collect() }
}

fn anywhere() -> AddressTaken {
    AddressTaken { anywhere: true, slots: BTreeSet::new() }
}

/// Where the method's address is stored, with this constant, and this in the code.
fn method_in(name: &str, words: &[Word], in_code: &[Word]) -> AddressTaken {
    program(FUNCTIONS, &[(name, words)], in_code).functions[FunctionIndex(METHOD)]
        .address_taken
        .clone()
}

#[test]
fn a_function_is_in_the_slots_of_its_vtables() {
    let other = &[Number(0), Number(0), Number(1), Function(METHOD), Function(METHOD)];
    let third = &[Number(0), Number(0), Number(8), Data(0, 0), Function(METHOD), Data(1, 0)];
    let constants = [(".Lanon.5.0", VTABLE), ("anon.5.7.llvm.3", other), (".Lvtable.1", third)];
    let program = program(FUNCTIONS, &constants, &[Data(0, 0)]);
    assert_eq!(program.functions[FunctionIndex(METHOD)].address_taken, in_slots(&[12, 16]));
    assert_eq!(program.functions[FunctionIndex(DROP)].address_taken, in_slots(&[0]));
    // It is in the table, but no relocation refers to it.
    assert_eq!(program.functions[FunctionIndex(PLAIN)].address_taken, anywhere());
}

#[test]
fn what_only_looks_like_a_vtable_is_none() {
    assert_eq!(method_in(".Lanon.5.0", VTABLE, &[]), in_slots(&[12]));
    for words in [
        // Word 0 is another function, a number, an address of data.
        &[Function(PLAIN), Number(8), Number(4), Function(METHOD)][..],
        &[Number(1), Number(8), Number(4), Function(METHOD)],
        &[Data(0, 0), Number(8), Number(4), Function(METHOD)],
        // Nothing is dropped, and the first function is no method.
        &[Number(0), Number(8), Number(4), Function(PLAIN), Function(METHOD)],
        &[Number(0), Number(8), Number(4), Data(0, 0), Function(PLAIN), Function(METHOD)],
        // No alignment, or not of this size.
        &[Function(DROP), Number(8), Number(0), Function(METHOD)],
        &[Function(DROP), Number(6), Number(6), Function(METHOD)],
        &[Function(DROP), Number(8), Number(1 << 30), Function(METHOD)],
        &[Function(DROP), Number(6), Number(4), Function(METHOD)],
        // Addresses where numbers should be, and the other way round.
        &[Function(DROP), Function(DROP), Number(4), Function(METHOD)],
        &[Function(DROP), Number(8), Data(0, 0), Function(METHOD)],
        &[Function(DROP), Number(8), Number(4), Function(METHOD), Number(0)],
        // A table of similar records.
        &[
            Number(0),
            Number(0),
            Number(1),
            Function(METHOD),
            Number(0),
            Number(0),
            Number(1),
            Function(METHOD),
        ],
    ] {
        assert_eq!(method_in(".Lanon.5.0", words, &[]), anywhere());
    }
    for name in ["statics", ".Lstatics", "alloc_0123", "vtable.operations", "main.vtable.1"] {
        assert_eq!(method_in(name, VTABLE, &[]), anywhere(), "{name}");
    }
}

#[test]
fn what_something_points_into_is_no_vtable() {
    assert_eq!(method_in(".Lanon.5.0", VTABLE, &[Data(0, 12)]), anywhere());
    let constants = [(".Lanon.5.0", VTABLE), ("statics", &[Data(0, 12)][..])];
    let program = program(FUNCTIONS, &constants, &[]);
    assert_eq!(program.functions[FunctionIndex(METHOD)].address_taken, anywhere());
}

#[test]
fn whoever_has_the_address_otherwise_can_call_it_anywhere() {
    let both = AddressTaken { anywhere: true, ..in_slots(&[12]) };
    assert_eq!(method_in(".Lanon.5.0", VTABLE, &[Function(METHOD)]), both);
    assert_eq!(method_in(".Lanon.5.0", VTABLE, &[Global(METHOD)]), both);
    let constants = [(".Lanon.5.0", VTABLE), ("statics", &[Function(METHOD)][..])];
    let program = program(FUNCTIONS, &constants, &[]);
    assert_eq!(program.functions[FunctionIndex(METHOD)].address_taken, both);
}

#[test]
fn relocations_do_not_tell_of_references() {
    let referred = format!("{FUNCTIONS} (func (drop (ref.func 1)))");
    let program = program(&referred, &[(".Lanon.5.0", VTABLE)], &[]);
    assert_eq!(program.functions[FunctionIndex(METHOD)].address_taken, anywhere());
}

#[test]
fn a_call_through_a_slot_is_of_those_who_are_in_it() {
    let functions = r#"
        (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
        (import "asyncify" "stop_unwind" (func $stop_unwind))
        (type $t (func (param i32)))
        (table 9 funcref) (elem (i32.const 1) func $first $second $both $anywhere)
        (func $"<a::First as a::X>::f" (param i32) (call $suspend))
        (func $second (param i32) (call $suspend))
        (func $both (param i32) (call $suspend))
        (func $anywhere (param i32) (call $suspend))
        (func $suspend (call $start_unwind (i32.const 0)))
        (func $resume (call $entry (i32.const 0)) (call $stop_unwind))
        (func $entry (param i32)
          (call_indirect (type $t) (i32.const 0)
            (i32.load offset=16 (i32.load offset=4 (local.get 0)))))"#;
    let functions = functions.replace("$first", "2");
    let vtable: &[Word] = &[Number(0), Number(8), Number(4), Function(2), Function(3)];
    let other: &[Word] = &[Number(0), Number(8), Number(4), Function(2), Function(4)];
    let third: &[Word] = &[Number(0), Number(8), Number(4), Data(0, 0), Function(2), Data(0, 0)];
    let constants = [(".Lanon.5.0", vtable), (".Lanon.5.1", other), ("statics", &[Function(5)])];
    let program_of = |constants: &[(&str, &[Word])]| program(&functions, constants, &[]);
    let names = ["second", "both", "anywhere", "entry"];
    assert_eq!(instrumented_with(&program_of(&constants), Precision::Slots), names);
    let mut more = constants.to_vec();
    more.push((".Lanon.5.2", third));
    assert_eq!(instrumented_with(&program_of(&more), Precision::Slots)[0], "<a::First as a::X>::f");
}

#[test]
fn by_type_alone_a_slot_says_nothing() {
    let functions = r#"
        (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
        (import "asyncify" "stop_unwind" (func $stop_unwind))
        (type $t (func (param i32)))
        (table 9 funcref) (elem (i32.const 1) func 2 3)
        (func $"<a::First as a::X>::f" (param i32) (call $suspend))
        (func $second (param i32))
        (func $suspend (call $start_unwind (i32.const 0)))
        (func $resume (call $entry (i32.const 0)) (call $stop_unwind))
        (func $entry (param i32) (call $suspend) (call $reads (local.get 0)))
        (func $reads (param i32)
          (call_indirect (type $t) (i32.const 0)
            (i32.load offset=16 (i32.load offset=4 (local.get 0)))))"#;
    let vtable: &[Word] = &[Number(0), Number(8), Number(4), Function(2), Function(3)];
    let program = program(functions, &[(".Lanon.5.0", vtable)], &[]);
    assert_eq!(instrumented_with(&program, Precision::Slots), ["entry"]);
    assert_eq!(instrumented(&program), ["<a::First as a::X>::f", "entry", "reads"]);
    let analysis = |precision| Analysis::new(&program, &NoSuspend::default(), precision).unwrap();
    let by_type_only = |precision| {
        let plan = SuspendPlan::new(&program, &analysis(precision));
        Vec::from_iter(plan.by_type_only.into_iter().map(|index| program.symbol(index)))
    };
    assert_eq!(by_type_only(Precision::Types), ["<a::First as a::X>::f", "reads"]);
    assert_eq!(by_type_only(Precision::Slots), [""; 0]);
}

#[test]
fn each_word_of_a_vtable_is_called_through_its_offset() {
    let functions = r#"
        (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
        (import "asyncify" "stop_unwind" (func $stop_unwind))
        (type $t (func (param i32)))
        (table 9 funcref) (elem (i32.const 1) func 2 3 4)
        (func $"core::ptr::drop_in_place::<a::T>" (param i32) (call $suspend))
        (func $first (param i32) (call $suspend))
        (func $second (param i32) (call $suspend))
        (func $suspend (call $start_unwind (i32.const 0)))
        (func $resume (call $entry (i32.const 0)) (call $stop_unwind))
        (func $entry (param i32)
          (call_indirect (type $t) (i32.const 0)
            (i32.load offset=OFFSET (i32.load offset=4 (local.get 0)))))"#;
    let vtable: &[Word] = &[Function(2), Number(8), Number(4), Function(3), Function(4)];
    for (offset, called) in
        [("0", "core::ptr::drop_in_place::<a::T>"), ("12", "first"), ("16", "second")]
    {
        let functions = functions.replace("OFFSET", offset);
        let program = program(&functions, &[(".Lanon.5.0", vtable)], &[]);
        assert_eq!(instrumented_with(&program, Precision::Slots), [called, "entry"]);
    }
}

#[test]
fn what_something_is_read_from_by_itself_is_no_vtable() {
    let constants = [(".Lanon.5.0", VTABLE)];
    let reading = |code: &str| {
        let functions =
            format!("{FUNCTIONS} (func $memcpy (param i32 i32 i32)) (func (local $at i32) {code})");
        let program = program(&functions, &constants, &[]);
        (program.vtables.len(), program.functions[FunctionIndex(METHOD)].address_taken.anywhere)
    };
    // The vtable is 16 bytes at 1024.
    assert_eq!(reading("(drop (i32.load (i32.const 1020)))"), (1, false));
    assert_eq!(reading("(drop (i32.load offset=1040 (i32.const 0)))"), (1, false));
    for code in [
        "(drop (i32.load offset=1036 (i32.const 0)))",
        "(drop (i64.load (i32.const 1032)))",
        "(local.set $at (i32.const 1024)) (drop (i32.load offset=12 (local.get $at)))",
        "(memory.copy (i32.const 8) (i32.const 1024) (i32.const 16))",
        "(call $memcpy (i32.const 8) (i32.const 1024) (i32.const 16))",
    ] {
        assert_eq!(reading(code), (0, true), "{code}");
    }
}

#[test]
fn calls_that_rest_on_the_assumption_are_those_of_who_can_unwind() {
    let functions = r#"
        (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
        (import "asyncify" "stop_unwind" (func $stop_unwind))
        (type $t (func (param i32)))
        (table 9 funcref) (elem (i32.const 1) func 2 3)
        (func $"<a::First as a::X>::f" (param i32) (call $c (i32.const 0)))
        (func $"<a::First as a::X>::g" (param i32) (call $suspend))
        (func $c (param i32) (call $suspend) (call $quiet) (call $calls_c))
        (func $calls_c (call $c (i32.const 0)))
        (func $quiet)
        (func $suspend (call $start_unwind (i32.const 0)))
        (func $resume (call $entry (i32.const 0)) (call $stop_unwind))
        (func $entry (param i32)
          (call_indirect (type $t) (i32.const 0)
            (i32.load offset=16 (i32.load offset=4 (local.get 0))))
          (call $b (i32.const 0)))
        (func $b (param i32)
          (call_indirect (type $t) (i32.const 0) (i32.const 7))
          (call_indirect (type $t) (i32.const 0)
            (i32.load offset=20 (i32.load offset=4 (local.get 0)))))"#;
    let vtable: &[Word] = &[Number(0), Number(8), Number(4), Function(2), Function(3)];
    let program = program(functions, &[(".Lanon.5.0", vtable)], &[]);
    let assumed_with = |precision| {
        let analysis = Analysis::new(&program, &NoSuspend::default(), precision).unwrap();
        let sound = analysis.without_assumptions(&program);
        assumed(&program, &sound, &SuspendPlan::new(&program, &analysis))
    };
    assert_eq!(instrumented_with(&program, Precision::Slots), ["<a::First as a::X>::g", "entry"]);
    let index = |name: &str| program.named(name).unwrap();
    let watched = |direct: &[&str], indirect: &[(u32, &str)]| WatchedCalls {
        direct: direct.iter().map(|name| index(name)).collect(),
        indirect: indirect.iter().map(|(at, name)| (*at, Some(index(name)))).collect(),
    };
    assert_eq!(
        assumed_with(Precision::Slots),
        BTreeMap::from([
            // `calls_c` and its indirect callers need no check: an earlier check fails first.
            (index("c"), watched(&["suspend"], &[])),
            (index("b"), watched(&[], &[(1, "<a::First as a::X>::g")])),
        ])
    );
    assert_eq!(assumed_with(Precision::Types), BTreeMap::new());
}
