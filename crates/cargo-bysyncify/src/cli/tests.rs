//! How command lines are parsed, and the messages for wrong ones.

use clap::CommandFactory as _;

use super::*;
use crate::link_options::LinkOptions;
use crate::run::Request;
use crate::watch::Watch;

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

/// Returns the command, or the message, which ends with the usage.
fn parsed(line: &str) -> Result<Command, String> {
    parse(&words(line)).map(|cli| cli.command).map_err(|error| error.to_string())
}

fn message(line: &str) -> String {
    let message = parsed(line).unwrap_err();
    message.split("\n\n").next().unwrap().to_owned()
}

fn built(line: &str) -> BuildArguments {
    match parsed(&format!("build {line}")) {
        Ok(Command::Build(arguments)) => arguments,
        other => panic!("{line}: {other:?}"),
    }
}

/// Returns the request, and the program's own arguments.
fn asked(line: &str) -> (Request, Vec<OsString>) {
    match parsed(&format!("run {line}")) {
        Ok(Command::Run { program, arguments, .. }) => (program.request("dev"), arguments),
        other => panic!("{line}: {other:?}"),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().copied().map(str::to_owned).collect()
}

#[test]
fn commands_are_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn target_is_taken_out_and_the_rest_is_cargos() {
    let rest = |arguments: &BuildArguments| arguments.cargo.for_cargo().collect::<Vec<_>>();
    let arguments =
        built("-r --target a -j 4 -p x --config k=v -Z f -- --target b -q --assume-no-suspend=c");
    assert_eq!(arguments.cargo.target.as_deref(), Some("a"));
    assert_eq!(arguments.cargo.watch(), Watch::default());
    assert_eq!(
        rest(&arguments),
        words("-r -j 4 -p x --config k=v -Z f -- --target b -q --assume-no-suspend=c")
    );
    assert_eq!(built("--target=a").cargo.target.as_deref(), Some("a"));
    assert_eq!(built("").cargo.target, None);
    assert_eq!(
        message("build --target a --target=b"),
        "error: the argument '--target <T>' cannot be used multiple times"
    );
    assert_eq!(
        message("build -r --target"),
        "error: a value is required for '--target <T>' but none was supplied"
    );
}

#[test]
fn options_for_the_linker_are_taken_out() {
    let arguments =
        built("--assume-no-suspend core::fmt,a -r --everything --precise --assume-no-suspend=b");
    let assume_no_suspend = names(&["core::fmt", "a", "b"]);
    let expected = LinkOptions {
        assume_no_suspend,
        precise: true,
        everything: true,
        ..LinkOptions::default()
    };
    assert_eq!(arguments.link, expected);
    assert_eq!(arguments.cargo.for_cargo().collect::<Vec<_>>(), words("-r"));
    let arguments = built("--suspends=env.a,env.b --checks=on -r --stack-checks off");
    let suspends = names(&["env.a", "env.b"]);
    let (checks, stack_checks) = (Some(true), Some(false));
    let expected = LinkOptions { suspends, checks, stack_checks, ..LinkOptions::default() };
    assert_eq!(arguments.link, expected);
    assert_eq!(
        message("build --assume-no-suspend a,,b"),
        "error: invalid value '' for '--assume-no-suspend <NAMES>': a name is missing"
    );
    assert_eq!(
        message("build --stack-checks no"),
        "error: invalid value 'no' for '--stack-checks <on|off>': it is `on` or `off`"
    );
}

#[test]
fn what_cargo_is_to_print_is_seen_and_left_to_cargo() {
    let quiet = || Watch { quiet: true, ..Watch::default() };
    let json = || Watch { json: true, ..Watch::default() };
    for (line, rest, watch) in [
        ("-q", "-q", quiet()),
        ("-rqv", "-rqv", quiet()),
        ("--quiet", "--quiet", quiet()),
        ("-Fq -vv", "-Fq -vv", Watch::default()),
        ("--message-format short", "--message-format=short", Watch::default()),
        (
            "--message-format=json-diagnostic-short,json-render-diagnostics",
            "--message-format=json-diagnostic-short,json-render-diagnostics",
            json(),
        ),
        ("--message-format json --message-format short", "--message-format=json,short", json()),
        (
            "--color never",
            "--color=never",
            Watch { colour: Some("never".into()), ..Watch::default() },
        ),
    ] {
        let arguments = built(line);
        let for_cargo: Vec<_> = arguments.cargo.for_cargo().collect();
        assert_eq!((arguments.cargo.watch(), for_cargo), (watch, words(rest)), "{line}");
    }
}

#[test]
fn run_is_for_debugging_unless_said_otherwise() {
    for (line, profile) in [
        ("", "dev"),
        ("--release", "release"),
        ("--dev", "dev"),
        ("--dev -r", "release"),
        ("--release --dev", "dev"),
        ("--profile small", "small"),
        ("--profile small --dev", "dev"),
    ] {
        assert_eq!(asked(line).0.profile, profile, "{line}");
    }
}

#[test]
fn own_options_are_told_from_cargos_and_the_programs() {
    let (request, arguments) = asked(
        "demo -p pkg --target T -F a,b --locked -qv --assume-no-suspend a,b --everything -j 2 -Zx --config k=v \
         --color never --manifest-path m/Cargo.toml -- --dev -- x",
    );
    assert_eq!(request.wanted.name.as_deref(), Some("demo"));
    assert_eq!(request.wanted.package.as_deref(), Some("pkg"));
    assert_eq!(request.triple, "T");
    assert_eq!(request.profile, "dev");
    assert_eq!(
        request.cargo_options,
        words(
            "--locked --quiet --verbose --features a,b --config k=v -Z x --jobs 2 \
             --color never --manifest-path m/Cargo.toml"
        )
    );
    assert_eq!(request.manifest, Some("m/Cargo.toml".into()));
    let assume_no_suspend = names(&["a", "b"]);
    assert_eq!(
        request.link,
        LinkOptions { assume_no_suspend, everything: true, ..LinkOptions::default() }
    );
    let colour = Some("never".to_owned());
    assert_eq!(request.watch, Watch { quiet: true, colour, ..Watch::default() });
    assert_eq!(arguments, words("--dev -- x"));
}

#[test]
fn cargos_messages_are_for_programs_in_every_format() {
    for (format, for_cargo, json) in [
        ("human", None, false),
        ("short", Some("json-render-diagnostics,json-diagnostic-short"), false),
        ("json", Some("json"), true),
        ("json-diagnostic-short", Some("json-diagnostic-short"), true),
    ] {
        let (request, _) = asked(&format!("--message-format {format}"));
        assert_eq!((request.message_format.as_deref(), request.watch.json), (for_cargo, json));
    }
}

#[test]
fn report_has_options_of_its_own() {
    let Ok(Command::Report { options, program }) =
        parsed("report demo --format=html --dev --output o.html --sort size -q --limit all")
    else {
        panic!("not a report")
    };
    assert_eq!(options.output, Some("o.html".into()));
    assert_eq!(options.limit, usize::MAX);
    let request = program.request("release");
    assert_eq!((request.profile.as_str(), request.watch.quiet), ("dev", true));
    let Ok(Command::Report { program, .. }) = parsed("report demo") else { panic!("not a report") };
    assert_eq!(program.request("release").profile, "release");
    for (line, expected) in [
        (
            "--format yaml",
            "error: invalid value 'yaml' for '--format <F>'\n  [possible values: table, json, html]",
        ),
        ("--limit few", "error: invalid value 'few' for '--limit <N>': it is a number, or `all`"),
        ("demo -- x", "error: unexpected argument 'x' found"),
    ] {
        assert_eq!(message(&format!("report {line}")), expected);
    }
    for (line, expected) in [
        (
            "a.wasm --dev --assume-no-suspend x",
            "`a.wasm` is built already, and has only --assume-no-suspend and --precise of the options that say \
             how to build: leave out the others",
        ),
        (
            "--why f --format json",
            "--why, --function and --stack print text, and have neither --format nor --output: \
             --format json has the calls of all functions",
        ),
        (
            "--stack --format json",
            "--why, --function and --stack print text, and have neither --format nor --output: \
             --format json has the calls of all functions",
        ),
    ] {
        let command = parsed(&format!("report {line}")).unwrap();
        assert_eq!(execute(command).unwrap_err().to_string(), expected);
    }
}

#[test]
fn all_after_the_module_is_the_programs() {
    let Ok(Command::Runner { test, module }) = parsed("runner --test a.wasm --test --help -- x")
    else {
        panic!("not a runner")
    };
    assert_eq!((test, module), (true, words("a.wasm --test --help -- x")));
}

#[test]
fn what_is_not_known_is_refused_with_what_was_meant() {
    for (line, expected) in [
        ("run demo input.txt", "error: unexpected argument 'input.txt' found"),
        (
            "run --assume-no-supsend x",
            "error: unexpected argument '--assume-no-supsend' found\n\n  tip: a similar argument exists: '--assume-no-suspend'",
        ),
        (
            "biuld",
            "error: unrecognized subcommand 'biuld'\n\n  tip: a similar subcommand exists: 'build'",
        ),
        ("new", "error: the following required arguments were not provided:\n  <NAME>"),
    ] {
        let message = parsed(line).unwrap_err();
        assert!(message.starts_with(&format!("{expected}\n")), "{line}: {message}");
    }
}

#[test]
fn help_is_as_it_was_read_last() {
    let mut cli = Cli::command();
    cli.build();
    let mut text = cli.render_long_help().to_string();
    for command in cli.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        text += &format!("\n\n# {}\n\n", command.get_name());
        text += &command.render_long_help().to_string();
    }
    golden::assert_golden!("tests/help.expected.txt", &text);
}
