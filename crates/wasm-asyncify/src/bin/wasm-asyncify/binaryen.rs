//! Binaryen's spelling of the options: `--pass-arg=asyncify-imports@env.sleep`.

use anyhow::{Context, Result, bail};
use wasm_asyncify::analysis::{Choice, Imports};
use wasm_asyncify::{FrameMemory, Options, Producer, StateGlobals};

use crate::lists;

/// The options from pass arguments that begin with `asyncify-`; `arguments` has the rest of each.
///
/// # Errors
///
/// If one is unknown or not supported, or a list cannot be read.
pub(crate) fn options(arguments: &[String]) -> Result<(Options, bool)> {
    let mut choice = Choice { imports: Imports::All, ..Choice::default() };
    let (mut asserts, mut verify, mut is_verbose) = (false, false, false);
    let mut closed_world = false;
    let (mut memory, mut is_secondary, mut pages) = ("memory".to_owned(), false, 1);
    let mut globals = StateGlobals::Own;
    for argument in arguments {
        let (name, value) = match argument.split_once('@') {
            Some((name, value)) => (name, Some(value)),
            None => (argument.as_str(), None),
        };
        let list = || {
            let value = value.with_context(|| format!("`asyncify-{name}` wants a list: `@a,b`"))?;
            lists::read(value)
        };
        match name {
            "imports" => choice.imports = Imports::Matching(list()?),
            "ignore-imports" => choice.imports = Imports::default(),
            "ignore-indirect" => choice.ignore_indirect = true,
            // The other names are those of Binaryen before version 100.
            "onlylist" | "whitelist" => choice.only = Some(list()?),
            "addlist" => choice.add = list()?,
            "propagate-addlist" => choice.propagate_add = true,
            "removelist" | "blacklist" => choice.remove = list()?,
            "memory" => {
                let missing = "`asyncify-memory` wants a name: `@memory`";
                value.context(missing)?.clone_into(&mut memory);
            }
            "in-secondary-memory" => is_secondary = true,
            "secondary-memory-size" => {
                let size = value.and_then(|value| value.parse().ok());
                let size = size.filter(|size| (1..=65_536).contains(size));
                pages = size.context(
                    "`asyncify-secondary-memory-size` wants a number of pages: `@1`, up to 65536",
                )?;
            }
            "export-globals" => globals = StateGlobals::Exported,
            // The other name is that of Binaryen before version 118.
            "import-globals" | "relocatable" => globals = StateGlobals::Imported,
            "asserts" => asserts = true,
            "verbose" => is_verbose = true,
            // Only this command has these.
            "verify" => verify = true,
            "closed-world" => closed_world = true,
            _ => bail!(
                "`--pass-arg=asyncify-{name}` is not supported: leave it out, or run Binaryen's \
                 wasm-opt"
            ),
        }
    }
    if choice.only.is_some() && !(choice.add.is_empty() && choice.remove.is_empty()) {
        bail!("`asyncify-onlylist` says it all: leave it out, or the other lists");
    }
    let options = Options {
        producer: Producer::Any,
        choice,
        closed_world,
        driven_by_host: true,
        asserts,
        memory: match is_secondary {
            true => FrameMemory::Secondary { pages },
            false => FrameMemory::Named(memory),
        },
        globals,
        verify,
        ..Options::default()
    };
    Ok((options, is_verbose))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str]) -> Result<(Options, bool)> {
        options(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        assert_eq!(
            of(&["in-tertiary-memory"]).unwrap_err().to_string(),
            "`--pass-arg=asyncify-in-tertiary-memory` is not supported: leave it out, or run \
             Binaryen's wasm-opt"
        );
        assert_eq!(
            of(&["imports"]).unwrap_err().to_string(),
            "`asyncify-imports` wants a list: `@a,b`"
        );
        assert_eq!(
            of(&["onlylist@f", "addlist@g"]).unwrap_err().to_string(),
            "`asyncify-onlylist` says it all: leave it out, or the other lists"
        );
    }

    #[test]
    fn who_has_the_memory_and_the_globals_is_read() {
        let read = |arguments: &[&str]| {
            let options = of(arguments).unwrap().0;
            (options.memory, options.globals)
        };
        let named = |name: &str| FrameMemory::Named(name.to_owned());
        assert_eq!(read(&[]), (named("memory"), StateGlobals::Own));
        assert_eq!(
            read(&["memory@frames", "export-globals"]),
            (named("frames"), StateGlobals::Exported)
        );
        assert_eq!(
            read(&["in-secondary-memory", "secondary-memory-size@3", "import-globals"]),
            (FrameMemory::Secondary { pages: 3 }, StateGlobals::Imported)
        );
        assert_eq!(read(&["relocatable"]).1, StateGlobals::Imported);
        assert_eq!(
            of(&["secondary-memory-size@0"]).unwrap_err().to_string(),
            "`asyncify-secondary-memory-size` wants a number of pages: `@1`, up to 65536"
        );
    }

    #[test]
    fn the_lists_are_read() {
        let (options, is_verbose) =
            of(&["imports@env.a,env.b", "addlist@f", "removelist@g", "ignore-indirect", "verbose"])
                .unwrap();
        let expected = Choice {
            imports: Imports::Matching(vec!["env.a".into(), "env.b".into()]),
            ignore_indirect: true,
            add: vec!["f".into()],
            remove: vec!["g".into()],
            ..Choice::default()
        };
        assert_eq!(options.choice, expected);
        assert!(is_verbose && options.driven_by_host && !options.asserts);
        assert_eq!(of(&[]).unwrap().0.choice.imports, Imports::All);
    }
}
