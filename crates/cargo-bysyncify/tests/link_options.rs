//! Options for the linker: they get to rustc beside the flags that the user has set, wherever
//! that was.

use std::fs;
use std::path::Path;
use std::process::Command;

const OURS: &str = "-Clink-arg=--bysyncify-assume-no-suspend=core::fmt,a -Clink-arg=--bysyncify-everything \
                    -Clink-arg=--bysyncify-stack-checks=off";

/// The command that compiles a library, as cargo shows it.
fn rustc(folder: &Path, words: &str, variables: &[(&str, &str)]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"))
        .args(["bysyncify", "build", "-v"])
        .args(words.split_whitespace())
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env_remove("RUSTFLAGS")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said.lines().find(|line| line.contains("Running `")).expect(&said).to_owned()
}

#[test]
fn options_are_added_to_the_users_flags() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"small\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
    fs::create_dir(dir.path().join("src")).unwrap();
    fs::write(dir.path().join("src/lib.rs"), "").unwrap();
    fs::create_dir(dir.path().join(".cargo")).unwrap();
    let options =
        "--assume-no-suspend core::fmt --stack-checks off --everything --assume-no-suspend=a";
    let target = "[target.wasm32-unknown-unknown]\nrustflags =";
    let in_target = |value: &str| format!("{target} {value}");
    let variable = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";
    for (config, variables) in [
        (in_target("[\"--cfg\", \"user\"]"), &[][..]),
        (in_target("\"--cfg user\""), &[]),
        ("[target.'cfg(all())']\nrustflags = \"--cfg user\"".to_owned(), &[]),
        ("[build]\nrustflags = [\"--cfg\", \"user\"]".to_owned(), &[]),
        ("[build]\nrustflags = \"--cfg user\"".to_owned(), &[]),
        (in_target("\"--cfg not_user\""), &[("RUSTFLAGS", "--cfg user")]),
        (String::new(), &[(variable, "--cfg user")]),
        ("[build]\nrustflags = \"--cfg not_user\"".to_owned(), &[(variable, "--cfg user")]),
        (String::new(), &[("CARGO_BUILD_RUSTFLAGS", "--cfg user")]),
    ] {
        fs::write(dir.path().join(".cargo/config.toml"), &config).unwrap();
        let without = rustc(dir.path(), "", variables);
        assert!(without.contains(" --cfg user"), "{without}");
        assert!(!without.contains("bysyncify-"), "{without}");

        let with = rustc(dir.path(), options, variables);
        assert!(with.contains(" --cfg user"), "{config} {variables:?}: {with}");
        assert!(!with.contains("not_user"), "{config} {variables:?}: {with}");
        let ours = with.replace('\'', "");
        assert!(ours.contains(OURS), "{config} {variables:?}: {with}");
        // Nothing is left for the next.
        fs::remove_dir_all(dir.path().join("target")).unwrap();
    }
}
