//! The configurations that a guest is tested in: compiler options times Binaryen versions.

use core::fmt;

use anyhow::{Result, bail};

use crate::module::Checks;

/// The newest Binaryen, and the one that `--quick` uses.
pub(crate) const NEWEST: u32 = 132;
const OLDEST: u32 = 108;
/// The matrix of the programs that must be safe in every build.
pub(crate) const SAFE: &str = "safe";
const BINARYENS: [u32; 4] = [OLDEST, 116, 125, NEWEST];

/// How rustc compiles and links the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Build {
    /// The value of `opt-level = …`, without quotes.
    pub(crate) opt_level: char,
    pub(crate) fat_lto: bool,
}

impl Build {
    /// The name of the cargo profile, and therefore of the folder: builds do not evict each other.
    pub(crate) fn profile(self) -> String {
        format!("guest-{self}")
    }

    /// `--config` arguments for cargo that define [`Build::profile`]. `panic` is `abort` or `unwind`.
    pub(crate) fn cargo_config(self, panic: &str) -> Vec<String> {
        let profile = self.profile();
        let opt_level = match self.opt_level {
            digit if digit.is_ascii_digit() => digit.to_string(),
            letter => format!("\"{letter}\""),
        };
        // Debug assertions and overflow checks matter only at level 0, and users have them there as well.
        let base = if self.opt_level == '0' { "dev" } else { "release" };
        let lto = if self.fat_lto { "fat" } else { "off" };
        [
            format!("inherits=\"{base}\""),
            format!("opt-level={opt_level}"),
            format!("lto=\"{lto}\""),
            format!("panic=\"{panic}\""),
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
    /// The level of wasm-opt after Asyncify, as in `-O3`; `None` runs Asyncify alone.
    pub(crate) optimise: Option<char>,
    /// Whether the module is made as our linker does it; then wasm-opt only optimises. Otherwise it is made as users
    /// without our toolchain do it, with Binaryen's own analysis.
    pub(crate) ours: bool,
    /// Whether functions are resumed all at once, where our linker would have them resumed one by one.
    pub(crate) all_at_once: bool,
}

impl Configuration {
    fn new(opt_level: char, fat_lto: bool, binaryen: u32) -> Self {
        let optimise = if opt_level == '0' { '1' } else { opt_level };
        let build = Build { opt_level, fat_lto };
        Self { build, binaryen, optimise: Some(optimise), ours: false, all_at_once: false }
    }

    fn without_optimisation(self) -> Self {
        Self { optimise: None, ..self }
    }

    fn ours(self) -> Self {
        Self { ours: true, ..self }
    }

    fn all_at_once(self) -> Self {
        Self { all_at_once: true, ..self }
    }

    /// Whether the module checks itself at run time: our linker adds that to debug builds.
    pub(crate) fn is_checked(self) -> bool {
        self.ours && self.build.opt_level == '0'
    }

    /// What the module checks at run time.
    pub(crate) fn checks(self) -> Checks {
        Checks { all: self.is_checked(), stack: self.ours }
    }

    /// Whether wasm-opt is used.
    pub(crate) fn needs_binaryen(self) -> bool {
        !self.ours || self.optimise.is_some()
    }

    fn both_ways(self) -> [Self; 2] {
        [self, self.ours()]
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = if self.optimise.is_none() { "-plain" } else { "" };
        let ours = if self.ours { "-ours" } else { "" };
        let all_at_once = if self.all_at_once { "-all-at-once" } else { "" };
        let binaryen =
            if self.needs_binaryen() { format!("-b{}", self.binaryen) } else { String::new() };
        // Not `write!`, which would ignore the width in tables.
        f.pad(&format!("{}{binaryen}{plain}{ours}{all_at_once}", self.build))
    }
}

/// The configurations of a guest with the matrix `name`.
pub(crate) fn named(name: &str) -> Result<Vec<Configuration>> {
    match name {
        "full" => Ok(full()),
        "small" => Ok(small()),
        "optimised" => Ok(optimised()),
        "brief" => Ok(brief()),
        SAFE => Ok(safe()),
        other => bail!(
            "there is no matrix `{other}`: write `full`, `small`, `optimised`, `brief` or `{SAFE}`"
        ),
    }
}

/// The single configuration of `--quick`, both ways.
pub(crate) fn quick() -> Vec<Configuration> {
    Configuration::new('3', false, NEWEST).both_ways().into()
}

/// The configurations of a matrix with `--quick`. Programs that must be safe are tested with our linker only.
pub(crate) fn quick_of(matrix: &str) -> Vec<Configuration> {
    let ours = |configuration: &Configuration| matrix != SAFE || configuration.ours;
    quick().into_iter().filter(ours).collect()
}

/// Every build both ways, each way with a Binaryen in turn. So each version has two builds of each way, one of them
/// with LTO. Not every build with every Binaryen: npm's takes minutes for an unoptimised build.
fn full() -> Vec<Configuration> {
    // No optimisation at all, before or after, as for debugging. It comes first, so that it is beside the others of
    // the same build.
    let plain = Configuration::new('0', false, NEWEST).without_optimisation();
    let mut all = plain.both_ways().to_vec();
    all.push(plain.ours().all_at_once());
    for (row, opt_level) in ['0', '1', '3', 's'].into_iter().enumerate() {
        for fat_lto in [false, true] {
            let of_version = |version| Configuration::new(opt_level, fat_lto, version);
            let turn = row + 1 + 2 * usize::from(fat_lto);
            let in_turn = |turn| of_version(BINARYENS[turn % BINARYENS.len()]);
            let ours = in_turn(turn).ours();
            all.extend([in_turn(turn + 2), ours]);
            if (opt_level, fat_lto) == ('3', true) {
                all.push(ours.all_at_once());
            }
        }
    }
    all
}

fn small() -> Vec<Configuration> {
    let all = [('0', false, NEWEST), ('3', true, NEWEST), ('3', true, OLDEST)];
    all.into_iter()
        .flat_map(|(opt_level, fat_lto, version)| {
            Configuration::new(opt_level, fat_lto, version).both_ways()
        })
        .collect()
}

/// For guests that take minutes without optimisation, in an interpreter.
fn optimised() -> Vec<Configuration> {
    let all = [
        (false, OLDEST, false),
        (false, NEWEST, false),
        (false, NEWEST, true),
        (true, OLDEST, false),
        (true, OLDEST, true),
        (true, NEWEST, false),
    ];
    all.into_iter()
        .map(|(fat_lto, version, ours)| {
            let configuration = Configuration::new('3', fat_lto, version);
            if ours { configuration.ours() } else { configuration }
        })
        .collect()
}

/// All levels of rustc. With our linker, and without wasm-opt: whatever goes wrong goes wrong before that.
fn safe() -> Vec<Configuration> {
    let of = |opt_level, fat_lto| {
        Configuration::new(opt_level, fat_lto, NEWEST).without_optimisation().ours()
    };
    let mut all = Vec::new();
    for level in ['0', '1', '2', '3', 's', 'z'] {
        for fat_lto in [false, true] {
            all.push(of(level, fat_lto));
            if [('0', false), ('3', true)].contains(&(level, fat_lto)) {
                all.push(of(level, fat_lto).all_at_once());
            }
        }
    }
    all
}

/// For modules so large that wasm-opt takes most of a minute for each.
fn brief() -> Vec<Configuration> {
    Configuration::new('3', true, NEWEST).both_ways().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn stock(all: &[Configuration]) -> impl Iterator<Item = &Configuration> {
        all.iter().filter(|configuration| !configuration.ours)
    }

    #[test]
    fn every_build_is_stock_once_and_every_binaryen_gets_two() {
        let names: Vec<String> = stock(&full()).map(ToString::to_string).collect();
        assert_eq!(
            names,
            [
                "o0-b132-plain",
                "o0-b132",
                "o0-lto-b116",
                "o1-b108",
                "o1-lto-b125",
                "o3-b116",
                "o3-lto-b132",
                "os-b125",
                "os-lto-b108",
            ]
        );
    }

    #[test]
    fn every_build_is_ours_once_and_every_binaryen_gets_two() {
        let ours: Vec<String> =
            full().iter().filter(|it| it.ours).map(ToString::to_string).collect();
        assert_eq!(
            ours,
            [
                "o0-plain-ours",
                "o0-plain-ours-all-at-once",
                "o0-b116-ours",
                "o0-lto-b132-ours",
                "o1-b125-ours",
                "o1-lto-b108-ours",
                "o3-b132-ours",
                "o3-lto-b116-ours",
                "o3-lto-b116-ours-all-at-once",
                "os-b108-ours",
                "os-lto-b125-ours",
            ]
        );
    }

    #[test]
    fn only_our_debug_builds_are_checked() {
        for configuration in [full(), small(), optimised(), brief(), safe()].concat() {
            let name = configuration.to_string();
            let expected = name.starts_with("o0") && name.contains("-ours");
            assert_eq!(configuration.is_checked(), expected, "{name}");
        }
    }

    #[test]
    fn what_is_ours_is_stock_as_well() {
        for others in [small(), optimised(), brief(), quick()] {
            for configuration in others.iter().filter(|it| it.ours) {
                let stock = Configuration { ours: false, ..*configuration };
                assert!(others.contains(&stock), "{configuration}");
            }
            assert!(others.iter().any(|it| it.ours));
        }
    }

    #[test]
    fn safe_is_every_build_by_us_alone() {
        let names: Vec<String> = safe().iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), 6 * 2 + 2);
        assert_eq!(names[..3], ["o0-plain-ours", "o0-plain-ours-all-at-once", "o0-lto-plain-ours"]);
        assert_eq!(names[13], "oz-lto-plain-ours");
        assert!(!safe().iter().any(|configuration| configuration.needs_binaryen()));
    }

    #[test]
    fn those_of_one_build_stand_together() {
        for all in [full(), small(), optimised(), brief(), safe()] {
            let mut builds: Vec<Build> = all.iter().map(|it| it.build).collect();
            builds.dedup();
            let names: HashSet<String> = builds.iter().map(ToString::to_string).collect();
            assert_eq!(builds.len(), names.len(), "{all:?}");
        }
    }

    #[test]
    fn wasm_opt_level_follows_the_build() {
        let levels = ['0', '1', '3', 's'].map(|o| Configuration::new(o, false, NEWEST).optimise);
        assert_eq!(levels, ['1', '1', '3', 's'].map(Some));
    }

    #[test]
    fn profile_is_defined_for_cargo() {
        let config = Build { opt_level: 's', fat_lto: true }.cargo_config("abort");
        assert!(config.contains(&"profile.guest-os-lto.opt-level=\"s\"".into()), "{config:?}");
        assert!(config.contains(&"profile.guest-os-lto.lto=\"fat\"".into()), "{config:?}");
        let config = Build { opt_level: '0', fat_lto: false }.cargo_config("unwind");
        assert!(config.contains(&"profile.guest-o0.inherits=\"dev\"".into()), "{config:?}");
    }

    #[test]
    fn unknown_matrix_is_an_error() {
        assert!(named("huge").is_err());
    }
}
