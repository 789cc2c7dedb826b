//! The source files of a program, and when each was changed.
//!
//! Cargo writes a list of them beside each module, `demo.d` beside `demo.wasm`, in make's notation: the module, a
//! colon, and the files of all packages that are path dependencies.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::project::{Host, Program};

/// The files, with their state at the last check.
#[derive(Debug)]
pub(super) struct Inputs {
    /// The time of each file's last change; `None` if the file does not exist.
    files: BTreeMap<PathBuf, Option<SystemTime>>,
    /// Folders in which any new file counts.
    folders: Vec<PathBuf>,
}

impl Inputs {
    /// The inputs of a program that was not built yet: the files of its package.
    pub(super) fn before_a_build(program: &Program) -> Self {
        let mut inputs = Self { files: BTreeMap::new(), folders: Vec::new() };
        inputs.add_package(program);
        inputs.have_changed();
        inputs
    }

    /// Adds the files in cargo's list, now that the module has been built. A change of a known file during the build
    /// is still noticed.
    pub(super) fn learn(&mut self, program: &Program, module: &Path) {
        let Ok(list) = fs::read_to_string(module.with_extension("d")) else { return };
        let known = std::mem::take(&mut self.files);
        self.folders.clear();
        self.add_package(program);
        for file in files_in(&list) {
            self.files.insert(file, None);
        }
        for (file, time) in &mut self.files {
            *time = known.get(file).copied().unwrap_or_else(|| changed_at(file));
        }
    }

    fn add_package(&mut self, program: &Program) {
        let mut add = |path: PathBuf| self.files.insert(path.clone(), changed_at(&path));
        add(program.folder.join("Cargo.toml"));
        // A `mod` may name a file there that is still missing.
        self.folders.push(program.folder.join("src"));
        match &program.host {
            Host::Node => {}
            Host::Script(script) => drop(add(script.clone())),
            Host::Page { folder, .. } => self.folders.push(folder.clone()),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether a file was changed, added or removed since the last call.
    pub(super) fn have_changed(&mut self) -> bool {
        let mut names: Vec<PathBuf> = self.files.keys().cloned().collect();
        for folder in &self.folders {
            add_files(folder, &mut names);
        }
        let now = names.into_iter().map(|name| (name.clone(), changed_at(&name))).collect();
        let have_changed = self.files != now;
        self.files = now;
        have_changed
    }
}

fn changed_at(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

/// Adds the files in a folder and below it, except hidden ones.
fn add_files(folder: &Path, names: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // Links are not followed: a link may lead to the folder itself.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => add_files(&path, names),
            Ok(_) => names.push(path),
            Err(_) => {}
        }
    }
}

/// The files after the colon of make's rule. A space in a name has a backslash before it.
fn files_in(list: &str) -> Vec<PathBuf> {
    let Some((_, names)) = list.lines().next().unwrap_or_default().split_once(": ") else {
        return Vec::new();
    };
    let mut files = vec![String::new()];
    let mut letters = names.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek() == Some(&' ') => {
                letters.next();
                files.last_mut().expect("one at least").push(' ');
            }
            ' ' => files.push(String::new()),
            other => files.last_mut().expect("one at least").push(other),
        }
    }
    files.into_iter().filter(|name| !name.is_empty()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::project::Kind;

    #[test]
    fn names_in_cargos_list_may_have_spaces() {
        let list =
            "/t/debug/a\\ b.wasm: /w/a\\ b/src/main.rs /w/lib.rs C:\\w\\x.rs\n\n/w/lib.rs:\n";
        let names = ["/w/a b/src/main.rs", "/w/lib.rs", r"C:\w\x.rs"];
        assert_eq!(files_in(list), names.map(PathBuf::from));
        assert!(files_in("").is_empty() && files_in("a:\n").is_empty());
    }

    /// A package for a page, in an empty folder.
    fn package(folder: &Path) -> Program {
        for (file, text) in [("Cargo.toml", ""), ("src/main.rs", ""), ("web/index.html", "")] {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Program {
            package: "demo".into(),
            folder: folder.to_owned(),
            host: Host::Page { folder: folder.join("web"), isolated: false },
            kind: Kind::Bin,
            name: "demo".into(),
        }
    }

    /// Changes a file's modification time.
    fn touch(file: &Path) {
        let file = fs::File::options().append(true).create(true).open(file).unwrap();
        let later = file.metadata().unwrap().modified().unwrap() + Duration::from_secs(1);
        file.set_modified(later).unwrap();
    }

    #[test]
    fn what_is_changed_added_or_removed_is_noticed_once() {
        let dir = tempfile::tempdir().unwrap();
        let at = |file: &str| dir.path().join(file);
        let mut inputs = Inputs::before_a_build(&package(dir.path()));
        assert!(!inputs.have_changed());
        for file in ["Cargo.toml", "src/main.rs", "src/new.rs", "web/index.html", "web/new.css"] {
            touch(&at(file));
            assert!(inputs.have_changed(), "{file}");
            assert!(!inputs.have_changed(), "{file}");
        }
        fs::remove_file(at("src/new.rs")).unwrap();
        assert!(inputs.have_changed());
        touch(&at("web/.hidden"));
        touch(&at("other"));
        assert!(!inputs.have_changed());
    }

    #[test]
    fn after_a_build_it_is_what_cargo_says() {
        let dir = tempfile::tempdir().unwrap();
        let at = |file: &str| dir.path().join(file);
        let program = package(dir.path());
        let mut inputs = Inputs::before_a_build(&program);
        // A change during the build.
        touch(&at("src/main.rs"));
        fs::write(at("shared.rs"), "").unwrap();
        let (main, shared) = (at("src/main.rs"), at("shared.rs"));
        let list = format!("demo.wasm: {} {}\n", main.display(), shared.display());
        fs::write(at("demo.d"), list).unwrap();
        inputs.learn(&program, &at("demo.wasm"));
        assert!(inputs.have_changed());
        assert!(!inputs.have_changed());
        for file in ["shared.rs", "src/new.rs", "Cargo.toml", "web/index.html"] {
            touch(&at(file));
            assert!(inputs.have_changed(), "{file}");
        }
    }
}
