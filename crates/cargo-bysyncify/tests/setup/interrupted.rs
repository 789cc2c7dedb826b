//! Installing once, after one that was killed, and two at once.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::{TARGET, command, machine_without_wasm_opt, script, setup, stderr};

#[test]
fn wasm_opt_is_installed_once_and_whole() {
    let machine = machine_without_wasm_opt();
    let npm = machine.path().join("npm");
    let place = machine.path().join("cache/binaryen-132");

    script(&npm, "exit 7");
    assert!(!setup(&machine).status.success());
    assert!(!place.exists());

    // Arguments: install, five flags, --prefix, the folder, the package.
    script(&npm, "echo \"$9\" > \"$8/package\"");
    let output = setup(&machine);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!(
            "{TARGET}: {0}/lib\n\
             wasm-opt 132: {0}/cache/binaryen-132/node_modules/binaryen/bin/wasm-opt\n\
             node: {0}/node\n",
            machine.path().display()
        )
    );
    assert_eq!(fs::read_to_string(place.join("package")).unwrap(), "binaryen@132.0.0\n");

    script(&npm, "exit 7");
    assert!(setup(&machine).status.success());
}

#[test]
fn install_that_was_killed_is_begun_anew_whatever_goes_on_of_it() {
    let machine = machine_without_wasm_opt();
    let file = |name: &str| machine.path().join(name);
    let wait_for = |path: &Path| {
        let end = Instant::now() + Duration::from_secs(60);
        while !path.exists() {
            assert!(Instant::now() < end, "`{}` is not there", path.display());
            thread::sleep(Duration::from_millis(20));
        }
    };
    // The first npm goes on after the end of who called it, and writes while the second one does.
    let folder = machine.path().display();
    let wait = |name: &str| format!("while [ ! -e {folder}/{name} ]; do /bin/sleep 0.05; done");
    let script_of_first = format!(
        ": > \"$8/half\"; : > {folder}/begun; {}; \
         /bin/mkdir -p \"$8\"; : > \"$8/late\"; : > {folder}/ended",
        wait("second")
    );
    script(&file("npm"), &script_of_first);
    let mut child = command(&machine).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(&file("begun"));
    child.kill().unwrap();
    child.wait().unwrap();
    let place = file("cache/binaryen-132");
    assert!(!place.exists());

    fs::remove_file(file("npm")).unwrap();
    let script_of_second = format!(": > {folder}/second; {}; : > \"$8/whole\"", wait("ended"));
    script(&file("npm"), &script_of_second);
    let output = setup(&machine);
    assert!(output.status.success(), "{}", stderr(&output));
    let names: Vec<_> =
        fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["whole"]);
}

#[test]
fn second_setup_says_that_it_waits_for_the_first() {
    let machine = machine_without_wasm_opt();
    let lock = machine.path().join("cache/binaryen-132.lock");
    fs::create_dir(machine.path().join("cache")).unwrap();
    let lock = fs::File::create(lock).unwrap();
    lock.lock().unwrap();
    script(&machine.path().join("npm"), "exit 0");
    let mut child = command(&machine).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "    Blocking until another setup of binaryen-132 has ended\n");
    lock.unlock().unwrap();
    assert!(child.wait().unwrap().success());
}
