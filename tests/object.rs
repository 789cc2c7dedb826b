//! The switch object: what the build script emits is what `build/switch.wat` says.

use wasmparser::{Operator, Parser, Payload, RelocSectionReader, RelocationType};

#[path = "../build/abi.rs"]
#[allow(dead_code, reason = "the library uses the rest")]
mod abi;
#[path = "../build/archive.rs"]
mod archive;
#[path = "../build/encode.rs"]
mod encode;
#[path = "../build/object.rs"]
mod object;

#[path = "../build/threads.rs"]
mod threads;

use encode::Width;

/// What must agree: everything but the encoding, names and linking information.
fn content(module: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.expect("a valid module") {
            Payload::TypeSection(types) => {
                lines.extend(types.into_iter().map(|ty| format!("type {:?}", ty.unwrap())));
            }
            Payload::ImportSection(imports) => {
                let imports = imports.into_imports();
                lines.extend(imports.map(|import| format!("import {:?}", import.unwrap())));
            }
            Payload::FunctionSection(functions) => {
                lines.extend(functions.into_iter().map(|ty| format!("function {}", ty.unwrap())));
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    let global = global.unwrap();
                    let init: Vec<_> =
                        global.init_expr.get_operators_reader().into_iter().collect();
                    lines.push(format!("global {:?} {init:?}", global.ty));
                }
            }
            Payload::CodeSectionEntry(body) => {
                let locals: Vec<_> =
                    body.get_locals_reader().unwrap().into_iter().map(Result::unwrap).collect();
                lines.push(format!("body {}", flat(&locals)));
                for operator in body.get_operators_reader().unwrap() {
                    lines.push(format!("  {:?}", operator.unwrap()));
                }
            }
            _ => {}
        }
    }
    lines
}

/// Locals one by one: an assembler may group them differently.
fn flat(locals: &[(u32, wasmparser::ValType)]) -> String {
    locals.iter().flat_map(|(count, ty)| (0..*count).map(move |_| format!("{ty} "))).collect()
}

/// The text for wasm64: what its first lines say is all that differs.
fn widened(text: &str) -> String {
    let mut widened = String::new();
    for line in text.lines() {
        let number =
            ["offset=12", "offset=32", ";; a number"].iter().any(|mark| line.contains(mark));
        let mut line = line.split(";;").next().unwrap_or("").trim_end().to_string();
        for (field, pointer) in [
            ("offset=4", 8),
            ("offset=8", 16),
            ("offset=12", 24),
            ("offset=20", 40),
            ("offset=32", 64),
            ("offset=52", 104),
            ("offset=56", 112),
        ] {
            if line.ends_with(field) {
                line = line.replace(field, &format!("offset={pointer}"));
                break;
            }
        }
        line = line.replace("i32.const 64", "i32.const 128");
        let address = !number
            && [
                "i32.load",
                "i32.store",
                "i32.le_u",
                "i32.gt_",
                "i32.add",
                "i32.sub",
                "(param",
                "(global",
                "(local",
            ]
            .iter()
            .any(|word| line.contains(word));
        // These and results are numbers, not addresses.
        if address {
            line = line.replace("i32", "i64");
            line = line.replace("$finished i64", "$finished i32");
            if !line.contains("$current (func") {
                line = line.replace("(result i64)", "(result i32)");
            }
        }
        if line.contains("$current (func") {
            line = line.replace("i32", "i64");
        }
        line = line.replace("(memory 0)", "(memory i64 0)").replace("(table 0 ", "(table i64 0 ");
        widened.push_str(&line);
        widened.push('\n');
    }
    // A null, and the test for one.
    widened
        .replace("i32.const 0\n    global.set", "i64.const 0\n    global.set")
        .replace("i32.eqz\n    i32.eqz", "i64.eqz\n    i32.eqz")
        .replace("local.get $core\n    i32.eqz", "local.get $core\n    i64.eqz")
        .replace("(type $current)\n    i32.const 0", "(type $current)\n    i64.const 0")
        // The size of a core.
        .replace("i32.const 128\n    i64.add", "i64.const 128\n    i64.add")
}

#[test]
fn the_object_is_what_the_text_says() {
    let text = include_str!("../build/switch.wat");
    let golden = wat::parse_str(text).expect("the text assembles");
    assert_eq!(content(&object::emit(Width::W32, false)), content(&golden));
}

#[test]
fn for_wasm64_only_the_width_differs() {
    let text = widened(include_str!("../build/switch.wat"));
    let golden = wat::parse_str(text).expect("the text assembles");
    assert_eq!(content(&object::emit(Width::W64, false)), content(&golden));
}

#[test]
fn it_is_valid() {
    for width in [Width::W32, Width::W64] {
        for threads in [false, true] {
            let features = wasmparser::WasmFeatures::MVP
                | wasmparser::WasmFeatures::MUTABLE_GLOBAL
                | wasmparser::WasmFeatures::MEMORY64;
            wasmparser::Validator::new_with_features(features)
                .validate_all(&object::emit(width, threads))
                .expect("valid with nothing but mutable globals (and memory64)");
        }
    }
}

#[test]
fn every_index_of_a_symbol_is_relocated() {
    let module = object::emit(Width::W32, false);
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    let mut code_start = 0;
    for payload in Parser::new(0).parse_all(&module) {
        match payload.unwrap() {
            Payload::CodeSectionStart { unchecked_range, .. } => code_start = unchecked_range.start,
            Payload::CodeSectionEntry(body) => {
                let mut operators = body.get_operators_reader().unwrap();
                while !operators.eof() {
                    let (operator, offset) = operators.read_with_offset().unwrap();
                    // One byte of opcode, then the index.
                    let offset = (offset + 1 - code_start) as u32;
                    expected.extend(match operator {
                        Operator::Call { function_index } => {
                            Some((RelocationType::FunctionIndexLeb, offset, function_index))
                        }
                        Operator::CallIndirect { type_index, .. } => {
                            Some((RelocationType::TypeIndexLeb, offset, type_index))
                        }
                        Operator::GlobalGet { global_index }
                        | Operator::GlobalSet { global_index } => {
                            // In the symbol table globals come after the thirteen functions.
                            Some((RelocationType::GlobalIndexLeb, offset, 13 + global_index))
                        }
                        _ => None,
                    });
                }
            }
            Payload::CustomSection(section) if section.name() == "reloc.CODE" => {
                let reader = wasmparser::BinaryReader::new(section.data(), section.data_offset());
                for entry in RelocSectionReader::new(reader).unwrap().entries() {
                    let entry = entry.unwrap();
                    found.push((entry.ty, entry.offset, entry.index));
                }
            }
            _ => {}
        }
    }
    assert_eq!(found.len(), 40);
    assert_eq!(found, expected);
}

#[test]
fn the_archive_holds_it_and_nothing_that_varies() {
    let object = object::emit(Width::W32, false);
    let archive = archive::archive("switch.o", &object);
    let size = object.len();
    let header =
        format!("!<arch>\n{:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", "switch.o/", 0, 0, 0, 644);
    assert_eq!(archive[..header.len()], *header.as_bytes());
    assert_eq!(archive[header.len()..][..size], *object);
    assert_eq!(archive.len() % 2, 0);
}

/// What the object's section `target_features` says.
fn features(object: &[u8]) -> Vec<String> {
    let section = Parser::new(0).parse_all(object).find_map(|payload| match payload.unwrap() {
        Payload::CustomSection(section) if section.name() == "target_features" => Some(section),
        _ => None,
    });
    let mut reader =
        wasmparser::BinaryReader::new(section.expect("a section of features").data(), 0);
    let count = reader.read_var_u32().unwrap();
    let feature = |_| {
        let prefix = char::from(reader.read_u8().unwrap());
        format!("{prefix}{}", reader.read_string().unwrap())
    };
    (0..count).map(feature).collect()
}

#[test]
fn it_says_whether_memory_may_be_shared() {
    for width in [Width::W32, Width::W64] {
        assert_eq!(features(&object::emit(width, true)), ["+atomics", "+bulk-memory"]);
        assert_eq!(features(&object::emit(width, false)), ["-shared-mem"]);
    }
}

#[test]
fn threads_are_possible_wherever_the_feature_comes_from() {
    let plain = "wasm32-unknown-unknown";
    let of_flags =
        |flags: &str| threads::possible(plain, "bulk-memory", &flags.replace(' ', "\u{1f}"));
    assert!(threads::possible("wasm32-wasip1-threads", "", ""));
    assert!(threads::possible(plain, "atomics,bulk-memory", ""));
    assert!(!threads::possible(plain, "bulk-memory,sign-ext", ""));
    for flags in [
        "-Ctarget-feature=+atomics",
        "-C target-feature=+simd128,+atomics,+bulk-memory",
        "-Cpanic=abort --codegen target-feature=+atomics",
        "--codegen=target-feature=+atomics",
        "-Ctarget-feature=-atomics -Ctarget-feature=+atomics",
        "-Ctarget-cpu=bleeding-edge",
        "-C target-cpu=native",
        "-Cllvm-args=-mattr=+atomics",
    ] {
        assert!(of_flags(flags), "{flags}");
    }
    for flags in [
        "",
        "-Ctarget-feature=+simd128",
        "-Ctarget-feature=+atomics,-atomics",
        "-Ctarget-cpu=generic",
        "--cfg target-feature=+atomics",
    ] {
        assert!(!of_flags(flags), "{flags}");
    }
}
