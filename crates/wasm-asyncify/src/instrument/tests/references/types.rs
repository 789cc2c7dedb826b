//! The code for references to types that the module defines, and the checker's errors if that code is changed.

use golden::assert_golden;

use crate::check::check;
use crate::instrument::tests::{Form, instrumented, read, waits};

const MODULE: &str = r#"(module
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (memory 1)
    (type $leaf (struct (field i64)))
    (type $node (struct (field (mut i32)) (field (ref null $node)) (field (ref $leaf))))
    (func $suspend (call $start_unwind (i32.const 8)))
    (func $waits (param $x (ref $leaf)) (param $y (ref null $node)) (result (ref $node))
        (local $z (ref $leaf))
      (local.set $z (local.get $x))
      (call $suspend)
      (drop (struct.get $leaf 0 (local.get $z)))
      (struct.new $node (i32.const 7) (local.get $y) (local.get $x))))"#;

#[test]
fn types_of_the_module() {
    let wasm = instrumented(MODULE, Form::Fast).unwrap();
    assert_golden!("types.expected.wat", wasmprinter::print_bytes(wasm).unwrap());
}

/// The checker's error if the first `from` is replaced.
#[track_caller]
fn caught(form: Form, (from, to): (&str, &str)) -> String {
    let (wasm, sites) = read(MODULE, form);
    let text = wasmprinter::print_bytes(instrumented(MODULE, form).unwrap()).unwrap();
    let lines = text.lines().map(|line| line.split(";; ").next().unwrap_or_default());
    let text = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    assert!(text.contains(from), "this is not there: {from}\n{text}");
    let changed = wat::parse_str(text.replacen(from, to, 1)).unwrap();
    wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
        .validate_all(&changed)
        .expect("a change leaves the module valid, or everybody would notice");
    check(&wasm, &changed, &sites).map_err(|wrong| wrong.to_string()).unwrap_err()
}

#[test]
fn a_cast_traps() {
    // The new cast traps on null, the old one does not.
    for (form, offset) in [(Form::Fast, "0x189"), (Form::Compact, "0x1dc")] {
        assert_eq!(
            caught(form, ("ref.cast (ref null $node)", "ref.cast (ref $node)")),
            format!(
                "function 2: site 0 (the call at 0x61): when it is rewound there is \
                 `RefCastNonNull` at {offset} in the place of `Call` at 0x61"
            )
        );
    }
}

#[test]
fn what_may_be_null_is_said_not_to_be() {
    let change = (
        "local.get $y local.get $x struct.new",
        "local.get $y ref.as_non_null local.get $x struct.new",
    );
    assert_eq!(
        caught(Form::Fast, change),
        "function 2: in the place of `StructNew` at 0x70 there is RefAsNonNull"
    );
}

#[test]
fn a_stand_in_is_returned_to_somebody() {
    assert_eq!(
        caught(
            Form::Fast,
            ("struct.new $node return", "struct.new $node drop global.get 3 return")
        ),
        "function 2: operand 0 of `End` at 0x73 is not what it was in the original: a value that is \
         in no local there, a value that is in no local here"
    );
}

/// To a validator, a spilled `ref.func` has a function's type. To an engine that does not know such types, it has
/// not.
#[test]
fn older_engines_are_told_nothing_of_newer_types() {
    let text = waits(
        "(table $other 1 funcref)
        (elem declare func $plain)
        (func $waits
          (i32.const 0)
          (ref.func $plain)
          (drop (call $suspend (i32.const 1)))
          (table.set $other))",
    );
    for newer in ["ref.cast", "ref.as_non_null", "(ref "] {
        assert!(!text.contains(newer), "{text}");
    }
    assert!(text.contains("(local"), "{text}");
}
