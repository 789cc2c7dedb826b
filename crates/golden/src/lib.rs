//! Golden files: what a test has made must be what stands in a file.
//!
//! With `BLESS=1` in the environment the file is written instead. Read the difference before you
//! commit it: the file is then what the test asserts.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Asserts that `text` is what stands in a file, whose path is relative to the folder of the source
/// file. With `BLESS=1` the file is written.
#[macro_export]
macro_rules! assert_golden {
    ($path:expr, $text:expr $(,)?) => {
        $crate::check(env!("CARGO_MANIFEST_DIR"), file!(), $path, &$text)
    };
}

/// What [`assert_golden!`] does.
///
/// # Panics
///
/// If the file has another text, or cannot be read or written.
#[doc(hidden)]
#[track_caller]
pub fn check(manifest: &str, source: &str, path: &str, text: &str) {
    let file = beside(Path::new(manifest), source, path);
    compare(&file, text, env::var_os("BLESS").is_some_and(|value| value == "1"));
}

/// Cargo compiles a package from the root of its workspace, and `file!()` is relative to that.
fn beside(manifest: &Path, source: &str, path: &str) -> PathBuf {
    let source = manifest.ancestors().map(|folder| folder.join(source)).find(|it| it.is_file());
    source.expect("the source file is in the workspace").with_file_name(path)
}

#[track_caller]
fn compare(file: &Path, text: &str, bless: bool) {
    let name = file.display();
    if bless {
        return fs::write(file, text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let expected = fs::read_to_string(file).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(
        text == expected,
        "this is not what stands in {name} (BLESS=1 writes it there):\n{text}"
    );
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn file_is_compared_or_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file.txt");
        let is_well = |text: &str, bless| catch_unwind(|| compare(&file, text, bless)).is_ok();
        assert!(!is_well("one", false), "there is no file");
        assert!(is_well("one", true));
        assert!(is_well("one", false));
        assert!(!is_well("two", false));
        assert!(is_well("two", true));
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
    }

    #[test]
    fn path_is_relative_to_the_source_file() {
        let manifest = env!("CARGO_MANIFEST_DIR");
        let file = beside(Path::new(manifest), file!(), "file.txt");
        assert_eq!(file, Path::new(manifest).join("src/file.txt"));
    }
}
