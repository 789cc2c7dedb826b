//! Which `wasm-opt` is used, and what is said where there is none.

use std::fs;
use std::process::Stdio;

use tempfile::TempDir;

use super::{command, machine_without_wasm_opt, script, setup, stderr};

/// What helps where `wasm-opt` cannot be installed.
fn remedies(machine: &TempDir) -> String {
    format!(
        "Run one of these, then try again:\n    \
         cargo bysyncify setup\n        \
         where the npm registry can be reached\n    \
         npm install --prefix {}/cache/binaryen-132 binaryen-132.0.0.tgz\n        \
         with the file that `npm pack binaryen@132.0.0` makes on another machine\n    \
         sudo apt-get install binaryen\n        \
         or what else your system installs Binaryen with: any version from 108 on will do\n\
         or set WASM_OPT to the path of a wasm-opt.\n",
        machine.path().display()
    )
}

#[test]
fn without_npm_the_message_says_what_to_run() {
    let machine = machine_without_wasm_opt();
    assert_eq!(
        stderr(&setup(&machine)),
        format!(
            "error: wasm-opt is needed and could not be installed: npm is not on PATH: \
             install it (it comes with Node; Debian: `apt-get install npm`)\n{}",
            remedies(&machine)
        )
    );
}

#[test]
fn without_a_network_the_message_says_what_to_run() {
    let machine = machine_without_wasm_opt();
    // The real npm, which is a script for the real Node.
    fs::remove_file(machine.path().join("node")).unwrap();
    for name in ["node", "npm"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|folder| folder.join(name))
            .find(|file| file.exists())
            .unwrap();
        std::os::unix::fs::symlink(found, machine.path().join(name)).unwrap();
    }
    let mut child = command(&machine);
    child.env("npm_config_registry", "http://127.0.0.1:9/");
    child.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = child.spawn().unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    let npm = format!(
        "{0}/npm install --no-audit --no-fund --no-update-notifier --fetch-retry-mintimeout=1000 \
         --fetch-retry-maxtimeout=5000 --prefix {0}/cache/binaryen-132.partial-{1} binaryen@132.0.0",
        machine.path().display(),
        pid
    );
    let said = stderr(&output);
    let start = format!("     Running {npm}\n");
    let end = format!(
        "error: wasm-opt is needed and could not be installed: `{npm}` failed (exit status: 1)\n{}",
        remedies(&machine)
    );
    assert!(said.starts_with(&start), "{said}");
    assert!(said.contains("ECONNREFUSED"), "{said}");
    assert!(said.ends_with(&end), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn wasm_opt_on_path_that_is_of_no_use_is_named() {
    let machine = machine_without_wasm_opt();
    let wasm_opt = machine.path().join("wasm-opt");
    let path = wasm_opt.display();
    for (body, reason) in [
        (
            "echo wasm-opt version 107",
            format!("`{path}` on PATH is of version 107, but 108 or later is needed"),
        ),
        (
            "echo broken >&2; exit 1",
            format!(
                "`{path}` on PATH cannot be used: `{path} --version` failed (exit status: 1):\n\
                 broken"
            ),
        ),
        (
            "echo unknown",
            format!("`{path}` on PATH cannot be used: `{path} --version` printed `unknown`"),
        ),
    ] {
        script(&wasm_opt, body);
        assert_eq!(
            stderr(&setup(&machine)),
            format!(
                "        Note {reason}\nerror: wasm-opt is needed and could not be \
                 installed: npm is not on PATH: install it (it comes with Node; Debian: `apt-get \
                 install npm`)\n{reason}.\n{}",
                remedies(&machine)
            )
        );
    }
    script(&wasm_opt, "echo wasm-opt version 108");
    let output = setup(&machine);
    assert_eq!(stderr(&output), "");
    assert!(String::from_utf8_lossy(&output.stdout).contains(&format!("wasm-opt 108: {path}\n")));
}

#[test]
fn wasm_opt_that_was_named_is_used_or_refused() {
    let machine = machine_without_wasm_opt();
    let named = machine.path().join("named");
    let path = named.display();
    let said = || stderr(&command(&machine).env("WASM_OPT", &named).output().unwrap());
    assert_eq!(
        said(),
        format!(
            "error: WASM_OPT cannot be used: cannot read `{path}`: No such file or directory (os \
             error 2)\n"
        )
    );
    script(&named, "echo wasm-opt version 107");
    assert_eq!(
        said(),
        format!("error: WASM_OPT is wasm-opt 107: {path}, but version 108 or later is needed\n")
    );
    script(&named, "echo wasm-opt version 130");
    assert_eq!(said(), "");
}
