//! What the guide says cannot happen has a test, which it names: that test must be there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Names in backquotes that are those of tests: nothing else has so many words.
fn tests_named_in(text: &str) -> BTreeSet<&str> {
    let is_name = |span: &&str| {
        let words: Vec<_> = span.split('_').collect();
        let is_word = |word: &&str| {
            !word.is_empty()
                && word.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
        };
        words.len() > 3 && words.iter().all(is_word)
    };
    text.split('`').skip(1).step_by(2).filter(is_name).collect()
}

/// All Rust code in a folder, without what was built.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs") {
            into.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn each_test_that_the_guide_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    for folder in ["tests", "crates", "xtask"] {
        sources(&root.join(folder), &mut code);
    }
    let documents = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut named = 0;
    for document in documents.chain([root.join("README.md")]) {
        let text = fs::read_to_string(&document).unwrap();
        for name in tests_named_in(&text) {
            // The last thing that a program says is the name of a function, too.
            let is_there =
                code.contains(&format!("fn {name}(")) || code.contains(&format!("\"{name}\""));
            assert!(
                is_there || name == "cannot_wait_in_a_panic_hook",
                "{}: {name}",
                document.display()
            );
            named += 1;
        }
    }
    assert!(named > 10, "only {named} names were found");
}
