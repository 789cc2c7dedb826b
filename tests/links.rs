//! Rule S12 of the design: one copy of the crate in a program. Asyncify has one state for each
//! module, so two copies could not see each other's running coroutine.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn cargo_refuses_a_second_copy() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("links");
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file in a folder")).unwrap();
        fs::write(path, text).unwrap();
    };
    // Another version, which says of itself what this one does.
    write("other/src/lib.rs", "");
    write("other/build.rs", "fn main() {}");
    let package = "[package]\nname = \"bysyncify\"\nversion = \"0.2.99\"\nlinks = \"bysyncify\"\n";
    write("other/Cargo.toml", package);
    write("src/lib.rs", "");
    let ours = env!("CARGO_MANIFEST_DIR");
    write(
        "Cargo.toml",
        &format!(
            "[workspace]\n[package]\nname = \"both\"\nversion = \"0.0.0\"\n[dependencies]\n\
             other = {{ package = \"bysyncify\", path = \"other\" }}\n\
             ours = {{ package = \"bysyncify\", path = {ours:?} }}\n"
        ),
    );
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--offline"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&cargo.stderr);
    assert!(!cargo.status.success());
    assert!(
        message
            .contains("links to the native library `bysyncify`, but it conflicts with a previous"),
        "{message}"
    );
}
