//! Combinations of the library's features, on the host and as wasm.

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

/// The empty set, each feature, each pair, and all. Failures nearly always come from one feature without another, or
/// from two together. The number of all subsets would double with each feature.
fn combinations(features: &[String]) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    for (index, one) in features.iter().enumerate() {
        all.push(vec![one.clone()]);
        all.extend(features[..index].iter().map(|other| vec![other.clone(), one.clone()]));
    }
    if features.len() > 2 {
        all.push(features.to_vec());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::combinations;

    #[test]
    fn combinations_are_none_one_two_and_all() {
        let of = |features: &[&str]| {
            let features: Vec<String> = features.iter().copied().map(String::from).collect();
            combinations(&features).iter().map(|set| set.concat()).collect::<Vec<_>>()
        };
        assert_eq!(
            of(&["a", "b", "c", "d"]),
            ["", "a", "b", "ab", "c", "ac", "bc", "d", "ad", "bd", "cd", "abcd"]
        );
        assert_eq!(of(&["a", "b"]), ["", "a", "b", "ab"]);
        assert_eq!(of(&[]), [""]);
    }
}
