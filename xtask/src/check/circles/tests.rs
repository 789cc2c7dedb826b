//! Tests the check with small crates.

use super::*;

/// The files of a cycle in a crate with these files.
fn circle(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut read = Files::default();
    read.read(&folder.path().join("lib.rs"), &[]).unwrap();
    assert_eq!(read.0.len(), files.len());
    let circle = read.circle().unwrap_or_default();
    let names = circle.iter().map(|path| path.strip_prefix(folder.path()).unwrap());
    names.map(|name| name.display().to_string().replace('\\', "/")).collect()
}

/// The same, for a crate with two modules.
fn circle_of(a: &str, b: &str) -> Vec<String> {
    circle(&[("lib.rs", "mod a;\npub(crate) mod b;\n"), ("a.rs", a), ("b.rs", b)])
}

#[test]
fn two_files_that_import_each_other_are_found() {
    assert_eq!(circle_of("use crate::b::B;", "use super::a::A;"), ["a.rs", "b.rs"]);
    assert_eq!(circle_of("use crate::b::B;", "use super::c::A;"), [""; 0]);
}

#[test]
fn an_import_is_found_however_it_is_written() {
    for import in [
        "use crate::{a, c};",
        "use crate::{c::{D, E},\n    a::{self, A},\n};",
        "pub(in crate::b) use crate::c::C;\nuse super::a::A as B;",
        "use crate::a::*;",
        "fn b() { r#\"}\"#; crate::a::f::<'\"'>(); }",
        "fn b<'a>() -> super::a::A<'a> {}",
    ] {
        assert_eq!(circle_of("use super::b;", import), ["a.rs", "b.rs"], "{import}");
    }
}

#[test]
fn what_is_no_code_of_the_crate_is_none() {
    for none in [
        "// use crate::a::A;",
        "/// See [`crate::a::A`].\nfn b() {}",
        "const B: &str = \"\\\" crate::a\";",
        "use a::A;\nuse std::a;",
        "#[cfg(test)]\nuse crate::a::A;",
        "#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}",
    ] {
        assert_eq!(circle_of("use super::b;", none), [""; 0], "{none}");
    }
}

#[test]
fn a_circle_over_others_is_found() {
    let lib = "mod a;\nmod b;\nmod c;\nmod d;\n";
    let files = [
        ("lib.rs", lib),
        ("a.rs", "use crate::b;"),
        ("b.rs", "use crate::c;"),
        ("d.rs", "use crate::a;"),
    ];
    let with = |c| circle(&[&files[..], &[("c.rs", c)]].concat());
    assert_eq!(with("use crate::b;"), ["b.rs", "c.rs"]);
    assert_eq!(with("use crate::a;"), ["a.rs", "b.rs", "c.rs"]);
    assert_eq!(with("use crate::d;"), ["a.rs", "b.rs", "c.rs", "d.rs"]);
    assert_eq!(with(""), [""; 0]);
}

#[test]
fn a_name_that_is_re_exported_is_of_the_file_that_has_it() {
    let front =
        "mod one;\nmod two;\npub(crate) use one::One;\npub(crate) use self::two::Two as Other;\n";
    let circle = |a, one| {
        let lib = "mod a;\nmod folder;\n";
        let files = [("lib.rs", lib), ("a.rs", a), ("folder/mod.rs", front), ("folder/two.rs", "")];
        circle(&[&files[..], &[("folder/one.rs", one)]].concat())
    };
    assert_eq!(circle("use crate::folder::One;", "use crate::a::A;"), ["a.rs", "folder/one.rs"]);
    assert_eq!(circle("use crate::folder::Other;", "use crate::a::A;"), [""; 0]);
}

#[test]
fn a_folder_and_what_is_in_it_may_refer_to_each_other() {
    let lib = "mod folder;\n";
    let circle = |one, two| {
        let front = "mod one;\nmod two;\nuse one::One;\nfn f() { crate::folder::two::f() }";
        let files = [("lib.rs", lib), ("folder/mod.rs", front)];
        circle(&[&files[..], &[("folder/one.rs", one), ("folder/two.rs", two)]].concat())
    };
    assert_eq!(circle("use super::f;", "use super::one::One;"), [""; 0]);
    assert_eq!(
        circle("use super::two::Two;", "use super::one::One;"),
        ["folder/one.rs", "folder/two.rs"]
    );
}
