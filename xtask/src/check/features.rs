//! Every combination of the library's features, on the host and as wasm.

use anyhow::Result;

use super::{Context, quietly};

pub(super) fn check(context: &Context) -> Result<()> {
    let library = context.workspace.library()?;
    for features in combinations(&library.documented_features()) {
        for mut command in [context.cargo("check"), context.cargo_wasm("check")] {
            command
                .args(["--package", &library.name, "--no-default-features"])
                .args(["--features", &features.join(",")])
                .env("RUSTFLAGS", "-D warnings");
            quietly(&mut command)?;
        }
    }
    Ok(())
}

/// All subsets, the empty one first.
fn combinations(features: &[String]) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    for feature in features {
        let with_it = all.clone().into_iter().map(|mut subset: Vec<String>| {
            subset.push(feature.clone());
            subset
        });
        all.extend(with_it.collect::<Vec<_>>());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::combinations;

    #[test]
    fn combinations_are_all_subsets() {
        let features = ["a", "b", "c"].map(String::from);
        let all: Vec<String> = combinations(&features).iter().map(|set| set.concat()).collect();
        assert_eq!(all, ["", "a", "b", "ab", "c", "ac", "bc", "abc"]);
    }
}
