//! What shells offer, asked of the shells themselves. Those that are not there are not asked.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

/// The script for a shell, in a folder of its own.
fn script(shell: &str, name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut bysyncify = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"));
    let output = bysyncify.args(["bysyncify", "completions", shell]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::write(folder.path().join(name), output.stdout).unwrap();
    folder
}

/// What a shell prints that runs this in the script's folder; nothing if there is no such shell.
fn run(folder: &TempDir, shell: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(shell);
    command.args(arguments).current_dir(folder.path()).env("HOME", folder.path());
    let Ok(output) = command.output() else {
        println!("skipped: there is no `{shell}`");
        return None;
    };
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Calls what completes the first of the words, as bash does, and prints what it offers.
const COMPLETE_IN_BASH: &str = r#"
    _of_cargo() { COMPREPLY=("cargo's own, for $2 after $3"); }
    complete -F _of_cargo cargo
    # Twice, as in a shell in which `.bashrc` is read once more.
    source bysyncify.bash
    source bysyncify.bash
    function=$(complete -p "$1")
    function=${function#* -F }
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    "${function%% *}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\n' "${COMPREPLY[@]}"
"#;

const COMMANDS: &str =
    "new init run build test check clippy clean report setup runner trace completions help";

#[test]
fn bash_completes_both_names_and_leaves_cargo_its_own() {
    let folder = script("bash", "bysyncify.bash");
    let offered = |words: &[&str]| {
        let fixed = ["--norc", "--noprofile", "-c", COMPLETE_IN_BASH, "bash"];
        Some(run(&folder, "bash", &[&fixed, words].concat())?.trim().replace('\n', " "))
    };
    for (words, expected) in [
        (&["cargo", "bysyncify", "re"][..], "report"),
        (&["cargo", "bysyncify", "report", "--format", ""], "table json html"),
        (&["cargo", "bysyncify", "completions", "z"], "zsh"),
        (&["cargo", "bysyncify", "run", "--wat"], "--watch"),
        (&["cargo-bysyncify", "run", "--wat"], "--watch"),
        (&["cargo", "build", "--rel"], "cargo's own, for --rel after build"),
        (&["cargo", "bysync"], "cargo's own, for bysync after cargo"),
    ] {
        let Some(offered) = offered(words) else { return };
        assert_eq!(offered, expected, "{words:?}");
    }
    let options = format!("-h -V --help --version {COMMANDS}");
    assert_eq!(offered(&["cargo", "bysyncify", ""]).as_deref(), Some(&*options));
}

#[test]
fn fish_completes_both_names() {
    let folder = script("fish", "bysyncify.fish");
    for (line, expected) in [
        ("cargo bysyncify rep", "report"),
        ("cargo-bysyncify rep", "report"),
        ("cargo bysyncify report --format ", "html json table"),
        ("cargo bysyncify run --wat", "--watch"),
    ] {
        let complete = format!("source bysyncify.fish; complete -C '{line}'");
        let Some(offered) = run(&folder, "fish", &["--no-config", "-c", &complete]) else { return };
        let words = offered.lines().filter_map(|line| line.split('\t').next());
        assert_eq!(words.collect::<Vec<_>>().join(" "), expected, "{line}");
    }
}

#[test]
fn zsh_finds_what_completes_the_program() {
    let folder = script("zsh", "_cargo-bysyncify");
    // zsh's own completion of cargo calls the function of this name for `cargo bysyncify`.
    let find = r#"
        fpath=($PWD $fpath)
        autoload -Uz compinit
        compinit -u -D
        autoload +X _cargo-bysyncify
        print -r -- $_comps[cargo-bysyncify] ${functions[_cargo-bysyncify]:+is there}
    "#;
    let Some(found) = run(&folder, "zsh", &["-f", "-c", find]) else { return };
    assert_eq!(found, "_cargo-bysyncify is there\n");
}
