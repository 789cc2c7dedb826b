//! The user's options for the linker, passed on through cargo and rustc.
//!
//! They are passed as arguments of the linker, because cargo then links again when they change. They have to be added
//! to the user's own flags for rustc. Of the places that can have these, cargo reads only one: the environment,
//! `target.….rustflags`, or `build.rustflags`.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::cargo;

/// Options of `build`, `run` and `test` that are for the linker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Options for the linker")]
pub(crate) struct LinkOptions {
    /// Functions or crates that never suspend, by your word, separated by commas: they are not
    /// instrumented, nor is what could suspend only through them. `cargo bysyncify report` says what
    /// would be worth it
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = name)]
    pub(crate) assume_no_suspend: Vec<String>,
    /// Take constants that look like vtables for vtables: fewer functions are instrumented. Wrong
    /// if a program copies function pointers out of tables of its own that look so: see
    /// docs/tools.md
    #[arg(long)]
    pub(crate) precise: bool,
    /// Imports that the host answers later, as MODULE.NAME, separated by commas: it suspends who
    /// has called them, by Asyncify's exports
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = name)]
    pub(crate) suspends: Vec<String>,
    /// With `off`, do nothing when a coroutine's stack overflows, instead of ending the program with
    /// a message before anything is overwritten
    #[arg(long, value_name = "on|off", value_parser = is_on)]
    pub(crate) stack_checks: Option<bool>,
    /// Whether the module also checks what was left uninstrumented; it does if it is not optimised
    #[arg(long, value_name = "on|off", value_parser = is_on)]
    pub(crate) checks: Option<bool>,
    /// Put into the module what names, files and lines there are for backtraces of coroutines that wait; without it
    /// only debug builds have them
    #[arg(long)]
    pub(crate) symbols: bool,
    /// What pauses coroutines. With `stack-switching` nothing is instrumented: it is for engines that have this proposal
    #[arg(long, value_name = "asyncify|stack-switching", value_parser = lowering)]
    pub(crate) lowering: Option<String>,
    /// Have wasm-opt's Asyncify do it, which instruments far more
    #[arg(long)]
    pub(crate) everything: bool,
}

/// Parses one name of a list.
fn name(text: &str) -> Result<String, &'static str> {
    let name = text.trim();
    if name.is_empty() { Err("a name is missing") } else { Ok(name.to_owned()) }
}

fn is_on(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("it is `on` or `off`"),
    }
}

fn lowering(text: &str) -> Result<String, &'static str> {
    match text {
        "asyncify" | "stack-switching" => Ok(text.to_owned()),
        _ => Err("it is `asyncify` or `stack-switching`"),
    }
}

impl LinkOptions {
    /// Makes cargo pass the options on.
    pub(crate) fn apply(&self, cargo: &mut Command, triple: &str) -> Result<()> {
        let flags = self.flags();
        if flags.is_empty() {
            return Ok(());
        }
        if let Some((name, value)) = environment(|name| env::var_os(name), &flags) {
            cargo.env(name, value);
            return Ok(());
        }
        let is_set = |name: &str| env::var_os(name).is_some();
        let target = is_set(&cargo::target_variable(triple, "RUSTFLAGS"));
        let build = is_set("CARGO_BUILD_RUSTFLAGS");
        let setting = setting(&cargo::config(), triple, target, build, &flags)?;
        cargo.args(["--config", &setting]);
        Ok(())
    }

    /// The options as flags for rustc.
    fn flags(&self) -> Vec<String> {
        let list = |name: &str, all: &[String]| {
            (!all.is_empty()).then(|| format!("{name}={}", all.join(",")))
        };
        let flag = |name: &str, is_set: bool| is_set.then(|| name.to_owned());
        let switch = |name: &str, is_on: Option<bool>| {
            is_on.map(|is_on| format!("{name}={}", if is_on { "on" } else { "off" }))
        };
        let options = [
            list("assume-no-suspend", &self.assume_no_suspend),
            list("suspends", &self.suspends),
            flag("precise", self.precise),
            flag("everything", self.everything),
            switch("checks", self.checks),
            switch("stack-checks", self.stack_checks),
            flag("symbols", self.symbols),
            self.lowering.as_ref().map(|lowering| format!("lowering={lowering}")),
        ];
        let options = options.into_iter().flatten();
        options.map(|option| format!("-Clink-arg=--bysyncify-{option}")).collect()
    }
}

/// The environment variable that has the flags for rustc, if there is one, and its value with our flags added.
fn environment(
    variable: impl Fn(&str) -> Option<OsString>,
    flags: &[String],
) -> Option<(&'static str, OsString)> {
    // In this variable white space may be part of a flag.
    const ENCODED: &str = "CARGO_ENCODED_RUSTFLAGS";
    let flags = flags.join("\x1f");
    let mut value = if let Some(encoded) = variable(ENCODED) {
        encoded
    } else {
        let plain = variable("RUSTFLAGS")?;
        let words = plain.to_str()?.split_whitespace();
        OsString::from(words.collect::<Vec<_>>().join("\x1f"))
    };
    if !value.is_empty() {
        value.push("\x1f");
    }
    value.push(flags);
    Some((ENCODED, value))
}

/// The setting that adds these flags to the flags of `config`, or of the variables with the same meaning.
fn setting(
    config: &Value,
    triple: &str,
    target_variable: bool,
    build_variable: bool,
    flags: &[String],
) -> Result<String> {
    let any_target = config["target"].as_object().is_some_and(|targets| {
        // Of the `cfg(…)` targets, cargo uses those whose condition holds. We assume that it does, which is likely.
        targets.iter().any(|(name, target)| {
            (name == triple || name.starts_with("cfg(")) && !target["rustflags"].is_null()
        })
    });
    let in_build = build_variable || !config["build"]["rustflags"].is_null();
    let (key, set) = if in_build && !any_target && !target_variable {
        ("build".to_owned(), &config["build"]["rustflags"])
    } else {
        (format!("target.{triple}"), &config["target"][triple]["rustflags"])
    };
    // Cargo joins lists, but would replace a text.
    let value = match set.as_str() {
        Some(text) => format!("{text} {}", flags.join(" ")).into(),
        None => Value::from(flags),
    };
    // A text, or a list of texts, is the same in JSON and in TOML.
    Ok(format!("{key}.rustflags={}", serde_json::to_string(&value)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ours() -> Vec<String> {
        vec!["-Clink-arg=a b".to_owned(), "-Clink-arg=c".to_owned()]
    }

    #[test]
    fn options_are_arguments_of_the_linker() {
        let mut options = LinkOptions::default();
        assert_eq!(options.flags(), [""; 0]);
        options.assume_no_suspend = vec!["core::fmt".into(), "a::b".into()];
        assert_eq!(options.flags(), ["-Clink-arg=--bysyncify-assume-no-suspend=core::fmt,a::b"]);
        options = LinkOptions { everything: true, ..LinkOptions::default() };
        assert_eq!(options.flags(), ["-Clink-arg=--bysyncify-everything"]);
        options = LinkOptions { precise: true, ..LinkOptions::default() };
        assert_eq!(options.flags(), ["-Clink-arg=--bysyncify-precise"]);
        options = LinkOptions {
            suspends: vec!["env.sleep".into(), "env.fetch".into()],
            checks: Some(true),
            stack_checks: Some(false),
            symbols: true,
            lowering: Some("stack-switching".into()),
            ..LinkOptions::default()
        };
        assert_eq!(
            options.flags(),
            [
                "-Clink-arg=--bysyncify-suspends=env.sleep,env.fetch",
                "-Clink-arg=--bysyncify-checks=on",
                "-Clink-arg=--bysyncify-stack-checks=off",
                "-Clink-arg=--bysyncify-symbols",
                "-Clink-arg=--bysyncify-lowering=stack-switching"
            ]
        );
    }

    #[test]
    fn flags_in_the_environment_are_added_to() {
        let with = |set: &'static [(&str, &str)]| {
            let variable = |name: &str| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
            };
            environment(variable, &ours()).map(|(name, value)| (name, value.into_string().unwrap()))
        };
        let encoded = |text: &str| Some(("CARGO_ENCODED_RUSTFLAGS", text.to_owned()));
        assert_eq!(with(&[]), None);
        assert_eq!(
            with(&[("RUSTFLAGS", "-g  --cfg x")]),
            encoded("-g\x1f--cfg\x1fx\x1f-Clink-arg=a b\x1f-Clink-arg=c")
        );
        // Cargo treats an empty variable as set.
        assert_eq!(with(&[("RUSTFLAGS", "")]), encoded("-Clink-arg=a b\x1f-Clink-arg=c"));
        assert_eq!(
            with(&[("RUSTFLAGS", "-g"), ("CARGO_ENCODED_RUSTFLAGS", "--cfg\x1fx y")]),
            encoded("--cfg\x1fx y\x1f-Clink-arg=a b\x1f-Clink-arg=c")
        );
    }

    #[test]
    fn flags_in_the_configuration_are_added_to_where_cargo_looks() {
        let with = |config: Value, target: bool, build: bool| {
            setting(&config, "T", target, build, &ours()).unwrap()
        };
        let list = r#".rustflags=["-Clink-arg=a b","-Clink-arg=c"]"#;
        let in_target = format!("target.T{list}");
        let in_build = format!("build{list}");
        let flags = || json!({ "rustflags": ["-g"] });
        assert_eq!(with(Value::Null, false, false), in_target);
        assert_eq!(with(Value::Null, false, true), in_build);
        assert_eq!(with(Value::Null, true, true), in_target);
        assert_eq!(with(json!({ "build": flags() }), false, false), in_build);
        assert_eq!(with(json!({ "build": flags() }), true, false), in_target);
        for name in ["T", "cfg(all())"] {
            let config = json!({ "build": flags(), "target": { name: flags() } });
            assert_eq!(with(config, false, false), in_target);
        }
        let other = json!({ "build": flags(), "target": { "other": flags(), "T": {} } });
        assert_eq!(with(other, false, false), in_build);
        let text = json!({ "target": { "T": { "rustflags": "-g" } } });
        assert_eq!(
            with(text, false, false),
            r#"target.T.rustflags="-g -Clink-arg=a b -Clink-arg=c""#
        );
    }
}
