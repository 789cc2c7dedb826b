//! Which configurations a guest is tested in: compiler options times Binaryen versions.

use core::fmt;

use anyhow::{Result, bail};

/// The newest Binaryen, and the one that `--quick` uses.
const NEWEST: u32 = 132;
const OLDEST: u32 = 108;
const BINARYENS: [u32; 4] = [OLDEST, 116, 125, NEWEST];

/// How rustc compiles and links the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Build {
    /// As in `opt-level = …`, without quotes.
    pub(crate) opt_level: char,
    pub(crate) fat_lto: bool,
}

impl Build {
    /// The name of the cargo profile, and so of the folder: builds do not evict each other.
    pub(crate) fn profile(self) -> String {
        format!("guest-{self}")
    }

    /// `--config` arguments of cargo that define [`Build::profile`].
    pub(crate) fn cargo_config(self) -> Vec<String> {
        let profile = self.profile();
        let opt_level = match self.opt_level {
            digit if digit.is_ascii_digit() => digit.to_string(),
            letter => format!("\"{letter}\""),
        };
        // Only at level 0 are debug assertions and overflow checks of interest, and there they
        // are what users have as well.
        let base = if self.opt_level == '0' { "dev" } else { "release" };
        let lto = if self.fat_lto { "fat" } else { "off" };
        [
            format!("inherits=\"{base}\""),
            format!("opt-level={opt_level}"),
            format!("lto=\"{lto}\""),
            "panic=\"abort\"".into(),
            "debug=0".into(),
            "incremental=false".into(),
        ]
        .into_iter()
        .flat_map(|setting| ["--config".into(), format!("profile.{profile}.{setting}")])
        .collect()
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "o{}{}", self.opt_level, if self.fat_lto { "-lto" } else { "" })
    }
}

/// A build, and how it is asyncified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Configuration {
    pub(crate) build: Build,
    /// Binaryen's version.
    pub(crate) binaryen: u32,
    /// wasm-opt's own level after Asyncify, as in `-O3`; none runs Asyncify alone.
    pub(crate) optimise: Option<char>,
}

impl Configuration {
    fn new(opt_level: char, fat_lto: bool, binaryen: u32) -> Self {
        let optimise = if opt_level == '0' { '1' } else { opt_level };
        Self { build: Build { opt_level, fat_lto }, binaryen, optimise: Some(optimise) }
    }

    fn without_optimisation(self) -> Self {
        Self { optimise: None, ..self }
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = if self.optimise.is_none() { "-plain" } else { "" };
        // Not `write!`, which would ignore the width that tables ask for.
        f.pad(&format!("{}-b{}{plain}", self.build, self.binaryen))
    }
}

/// The configurations of a guest that asks for the matrix called `name`.
pub(crate) fn named(name: &str) -> Result<Vec<Configuration>> {
    match name {
        "full" => Ok(full()),
        "small" => Ok(small()),
        "optimised" => Ok(optimised()),
        other => bail!("there is no matrix `{other}`: write `full`, `small` or `optimised`"),
    }
}

/// The one configuration of `--quick`.
pub(crate) fn quick() -> Vec<Configuration> {
    vec![Configuration::new('3', false, NEWEST)]
}

fn full() -> Vec<Configuration> {
    // Nothing optimised, before or after: what a debugging user looks at. First, so that it
    // stands beside those of the same build.
    let mut all = vec![Configuration::new('0', false, NEWEST).without_optimisation()];
    for opt_level in ['0', '1', '3', 's'] {
        for fat_lto in [false, true] {
            all.extend(BINARYENS.map(|version| Configuration::new(opt_level, fat_lto, version)));
        }
    }
    all
}

fn small() -> Vec<Configuration> {
    vec![
        Configuration::new('0', false, NEWEST),
        Configuration::new('3', true, NEWEST),
        Configuration::new('3', true, OLDEST),
    ]
}

/// For what takes minutes without optimisation, in an interpreter.
fn optimised() -> Vec<Configuration> {
    let builds = [false, true];
    let versions = |fat_lto| [OLDEST, NEWEST].map(|v| Configuration::new('3', fat_lto, v));
    builds.into_iter().flat_map(versions).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn full_is_every_combination_and_one_plain() {
        let names: HashSet<String> = full().iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), 4 * 2 * 4 + 1);
        for name in ["o0-b108", "o1-lto-b116", "o3-lto-b132", "os-b125", "o0-b132-plain"] {
            assert!(names.contains(name), "{name} is missing from {names:?}");
        }
    }

    #[test]
    fn the_others_are_parts_of_full() {
        let full = full();
        for configuration in [small(), optimised(), quick()].concat() {
            assert!(full.contains(&configuration), "{configuration}");
        }
    }

    #[test]
    fn wasm_opt_level_follows_the_build() {
        let levels = ['0', '1', '3', 's'].map(|o| Configuration::new(o, false, NEWEST).optimise);
        assert_eq!(levels, ['1', '1', '3', 's'].map(Some));
    }

    #[test]
    fn profile_is_defined_for_cargo() {
        let config = Build { opt_level: 's', fat_lto: true }.cargo_config();
        assert!(config.contains(&"profile.guest-os-lto.opt-level=\"s\"".into()), "{config:?}");
        assert!(config.contains(&"profile.guest-os-lto.lto=\"fat\"".into()), "{config:?}");
        let config = Build { opt_level: '0', fat_lto: false }.cargo_config();
        assert!(config.contains(&"profile.guest-o0.inherits=\"dev\"".into()), "{config:?}");
    }

    #[test]
    fn unknown_matrix_is_an_error() {
        assert!(named("huge").is_err());
    }
}
