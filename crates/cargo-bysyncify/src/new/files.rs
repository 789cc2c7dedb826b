//! The files of a new project.

use std::path::Path;

use anyhow::{Result, bail};

use super::Kind;

/// What determines the files of a project, besides its kind.
#[derive(Debug)]
pub(super) struct Details<'a> {
    pub(super) name: &'a str,
    /// The folder of the library; `None` for the registry.
    pub(super) library: Option<&'a Path>,
    /// Whether the project lies in another workspace.
    pub(super) in_workspace: bool,
    /// The command that `cargo bysyncify` stands for, where the program would not be found on `PATH`.
    pub(super) alias: Option<&'a str>,
}

/// Makes the project its own workspace: a member's `.cargo/config.toml` is not read when cargo
/// runs in the folder of the workspace.
const OWN_WORKSPACE: &str = "\
# Not a member of the workspace around it, where cargo would not see `.cargo/config.toml`.
[workspace]

";

/// The files: paths in the project, and contents.
pub(super) fn files(kind: Kind, details: &Details) -> Result<Vec<(&'static str, String)>> {
    let filled = |text: &str| text.replace("NAME", details.name);
    let manifest = |text: &str| {
        let text = filled(text).replace("WITH_WASI", &dependency(details.library, &["wasi"])?);
        let text = text.replace("BYSYNCIFY", &dependency(details.library, &[])?);
        let workspace = if details.in_workspace { OWN_WORKSPACE } else { "" };
        Ok::<_, anyhow::Error>(format!("{workspace}{text}"))
    };
    let mut files = vec![
        (".cargo/config.toml", config(kind, details.alias)),
        (".gitignore", "/target\n".to_owned()),
        ("src/main.rs", include_str!("template/main.rs").to_owned()),
        ("src/native.rs", include_str!("template/native.rs").to_owned()),
    ];
    match kind {
        Kind::Node => files.extend([
            ("Cargo.toml", manifest(include_str!("template/node/manifest.toml"))?),
            ("host.mjs", filled(include_str!("template/node/host.mjs"))),
            ("src/host.rs", include_str!("template/node/host.rs").to_owned()),
        ]),
        Kind::Web => files.extend([
            ("Cargo.toml", manifest(include_str!("template/web/manifest.toml"))?),
            ("src/host.js", include_str!("template/web/host.js").to_owned()),
            ("src/host.rs", include_str!("template/web/host.rs").to_owned()),
            ("web/index.html", filled(include_str!("template/web/index.html"))),
        ]),
        Kind::Wasi => files.extend([
            ("Cargo.toml", manifest(include_str!("template/wasi/manifest.toml"))?),
            ("src/host.rs", include_str!("template/wasi/host.rs").to_owned()),
        ]),
    }
    Ok(files)
}

/// The text after `bysyncify =` in the manifest, with these features.
fn dependency(library: Option<&Path>, features: &[&str]) -> Result<String> {
    // The library and its tools have the same version.
    let version = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
    // A string, and a list of strings, are the same in JSON and in TOML.
    let features = match features {
        [] => String::new(),
        some => format!(", features = {}", serde_json::to_string(some)?),
    };
    let Some(folder) = library else {
        return Ok(match features.as_str() {
            "" => format!("\"{version}\""),
            some => format!("{{ version = \"{version}\"{some} }}"),
        });
    };
    let Some(folder) = folder.to_str() else {
        bail!("`{}` is not UTF-8, so a Cargo.toml cannot name it", folder.display());
    };
    Ok(format!("{{ path = {}{features} }}", serde_json::to_string(folder)?))
}

fn config(kind: Kind, alias: Option<&str>) -> String {
    let config = include_str!("template/config.toml").replace("TARGET", kind.target());
    match alias {
        Some(alias) => format!(
            "{config}\n\
             # The alias of the checkout around this project would look for its program here.\n\
             [alias]\n\
             bysyncify = {alias:?}\n"
        ),
        None => config,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_comes_from_the_registry_or_from_a_folder() {
        let folder = Path::new(r"C:\b");
        assert_eq!(dependency(None, &[]).unwrap(), r#""0.3""#);
        assert_eq!(dependency(Some(folder), &[]).unwrap(), r#"{ path = "C:\\b" }"#);
        assert_eq!(
            dependency(None, &["wasi"]).unwrap(),
            r#"{ version = "0.3", features = ["wasi"] }"#
        );
        assert_eq!(
            dependency(Some(folder), &["a", "b"]).unwrap(),
            r#"{ path = "C:\\b", features = ["a","b"] }"#
        );
    }

    #[test]
    fn every_placeholder_is_filled() {
        let details = Details { name: "demo", library: None, in_workspace: true, alias: None };
        for kind in [Kind::Node, Kind::Web, Kind::Wasi] {
            for (path, text) in files(kind, &details).unwrap() {
                for placeholder in ["NAME", "BYSYNCIFY", "WITH_WASI", "TARGET"] {
                    assert!(!text.contains(placeholder), "{path}");
                }
            }
        }
    }
}
