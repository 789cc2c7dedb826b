//! The choice of a program, in a workspace that has all kinds.

use serde_json::json;

use super::*;

/// `/w` is a package with an example; `/w/tool` has two binaries; `/w/lib` is a cdylib with a host. `/w/both` is for
/// a page, and has a binary and an example with the name of the example in `/w`.
fn workspace() -> Vec<Program> {
    let target = |kind: &str, crate_type: &str, name: &str| json!({ "kind": [kind], "crate_types": [crate_type], "name": name });
    let package = |name: &str, folder: &str, metadata: Value, targets: Vec<Value>| {
        json!({
            "name": name,
            "manifest_path": format!("{folder}/Cargo.toml"),
            "metadata": metadata,
            "targets": targets,
        })
    };
    let metadata = json!({ "packages": [
        package("root", "/w", Value::Null, vec![
            target("lib", "lib", "root"),
            target("custom-build", "bin", "build-script-build"),
            target("test", "bin", "run"),
            target("example", "bin", "demo"),
            target("example", "lib", "not_a_program"),
        ]),
        package("tool", "/w/tool", Value::Null, vec![
            target("bin", "bin", "one"),
            target("bin", "bin", "two"),
        ]),
        package("lib", "/w/lib", json!({ "bysyncify": { "host": "host.mjs" } }), vec![
            target("cdylib", "cdylib", "lib"),
        ]),
        package("both", "/w/both", json!({ "bysyncify": { "web": "page", "isolated": true } }), vec![
            target("bin", "bin", "both"),
            target("example", "bin", "demo"),
        ]),
    ] });
    programs_in(&metadata).unwrap()
}

fn named(name: &str) -> Wanted {
    Wanted { name: Some(name.into()), ..Wanted::default() }
}

/// The arguments that select the chosen program, or the error message.
fn chosen(wanted: &Wanted, current: &str) -> Result<String, String> {
    choose(&workspace(), wanted, Path::new(current))
        .map(|program| program.shown())
        .map_err(|error| error.to_string())
}

#[test]
fn only_what_makes_a_module_is_a_program() {
    let shown: Vec<String> = workspace().iter().map(Program::shown).collect();
    assert_eq!(
        shown,
        [
            "-p root --example demo",
            "-p tool --bin one",
            "-p tool --bin two",
            "lib",
            "-p both --bin both",
            "-p both --example demo",
        ]
    );
}

#[test]
fn host_is_what_the_packages_metadata_says() {
    let mut hosts: Vec<_> = workspace().into_iter().map(|program| program.host).collect();
    hosts.dedup();
    let page = Host::Page { folder: "/w/both/page".into(), isolated: true };
    assert_eq!(hosts, [Host::Node, Host::Script("/w/lib/host.mjs".into()), page]);
}

#[test]
fn name_is_a_package_then_a_binary_or_example() {
    assert_eq!(chosen(&named("lib"), "/w"), Ok("lib".into()));
    assert_eq!(chosen(&named("two"), "/w"), Ok("-p tool --bin two".into()));
    assert_eq!(chosen(&named("both"), "/w"), Ok("-p both --bin both".into()));
}

#[test]
fn the_package_one_stands_in_comes_first() {
    assert_eq!(chosen(&named("demo"), "/w/both/src"), Ok("-p both --example demo".into()));
    assert_eq!(chosen(&named("demo"), "/w/src"), Ok("-p root --example demo".into()));
    assert_eq!(chosen(&Wanted::default(), "/w/lib/src"), Ok("lib".into()));
}

#[test]
fn options_narrow_it_down() {
    let wanted = Wanted { example: Some("demo".into()), ..Wanted::default() };
    let in_root = Wanted { package: Some("root".into()), ..wanted };
    assert_eq!(chosen(&in_root, "/w/both"), Ok("-p root --example demo".into()));
    let bin = Wanted { bin: Some("one".into()), ..Wanted::default() };
    assert_eq!(chosen(&bin, "/w"), Ok("-p tool --bin one".into()));
}

#[test]
fn several_or_none_are_listed_as_one_would_type_them() {
    assert_eq!(
        chosen(&named("tool"), "/w"),
        Err("several programs could be meant; say which:\n    \
             cargo bysyncify run -p tool --bin one\n    \
             cargo bysyncify run -p tool --bin two"
            .into())
    );
    let wanted = Wanted { package: Some("lib".into()), ..named("nothing") };
    assert_eq!(
        chosen(&wanted, "/w"),
        Err("there is no such program; there are:\n    cargo bysyncify run lib".into())
    );
    let wanted = Wanted { package: Some("none".into()), ..Wanted::default() };
    assert_eq!(
        chosen(&wanted, "/w"),
        Err("there is no program here: no package `none` with a binary, an example or a cdylib"
            .into())
    );
}

#[test]
fn module_is_found_among_the_messages_of_a_build() {
    let message = |folder: &str, kind: &str, name: &str, file: &str| {
        json!({
            "reason": "compiler-artifact",
            "manifest_path": format!("{folder}/Cargo.toml"),
            "target": { "kind": [kind], "crate_types": ["bin"], "name": name },
            "filenames": [format!("{file}.d"), format!("{file}.wasm")],
        })
        .to_string()
    };
    let messages = [
        "not json".to_owned(),
        json!({ "reason": "build-finished", "success": true }).to_string(),
        message("/w", "example", "demo", "/t/root"),
        message("/w/both", "example", "other", "/t/other"),
        message("/w/both", "bin", "demo", "/t/bin"),
        message("/w/both", "example", "demo", "/t/both"),
    ]
    .join("\n");
    let program = choose(&workspace(), &named("demo"), Path::new("/w/both")).unwrap();
    assert_eq!(module_in(&messages, &program), Some("/t/both.wasm".into()));
}
