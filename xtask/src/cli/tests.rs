//! What the command line is taken for.

use clap::ValueEnum as _;

use super::*;
use crate::options::{DEFAULT_SEED, Part};

fn parse_line(line: &str) -> Result<Command, clap::Error> {
    let words = ["xtask"].into_iter().chain(line.split_whitespace());
    Cli::try_parse_from(words)?.checked().map(|cli| cli.command)
}

fn parse_test_line(line: &str) -> TestOptions {
    match parse_line(line) {
        Ok(Command::Test(options)) => options,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn every_command_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn defaults_test_everything() {
    let options = parse_test_line("test");
    assert_eq!(options, TestOptions::default());
    for part in [
        Part::Host,
        Part::Native,
        Part::Guests,
        Part::Examples,
        Part::Everywhere,
        Part::Unwind,
        Part::StackSwitching,
        Part::Fuzz,
    ] {
        assert!(options.wants(part));
    }
}

#[test]
fn quick_is_what_takes_minutes() {
    let parts = |line| {
        let options = parse_test_line(line);
        Part::value_variants().iter().filter(|part| options.wants(**part)).copied().collect()
    };
    let quick: Vec<Part> = parts("test --quick");
    assert_eq!(quick, [Part::Guests]);
    assert_eq!(parts("test --quick --only examples"), [Part::Examples]);
}

#[test]
fn every_option_of_test_is_read() {
    let options = parse_test_line(
        "test --engine wasmi --quick --guest g --config o3 --filter f --seed 0x1_0 --verbose",
    );
    assert!(options.quick && options.run.verbose);
    assert_eq!(options.guest.as_deref(), Some("g"));
    assert_eq!(options.config.as_deref(), Some("o3"));
    assert_eq!(options.run.engine.as_deref(), Some("wasmi"));
    assert_eq!(options.run.filter.as_deref(), Some("f"));
    assert_eq!(options.run.seed, 16);
}

#[test]
fn naming_a_guest_leaves_out_host_and_examples() {
    let options = parse_test_line("test --guest g");
    assert!(options.wants(Part::Guests));
    assert!(!options.wants(Part::Host) && !options.wants(Part::Examples));
}

#[test]
fn naming_an_example_leaves_out_the_rest() {
    let options = parse_test_line("test --example e");
    assert_eq!(options.example.as_deref(), Some("e"));
    assert!(options.wants(Part::Examples));
    assert!(!options.wants(Part::Guests) && !options.wants(Part::Host));
}

#[test]
fn only_wins_over_what_options_imply() {
    let options = parse_test_line("test --filter f --only host");
    assert!(options.wants(Part::Host) && !options.wants(Part::Guests));
}

#[test]
fn run_takes_one_module() {
    let Ok(Command::Run { module, options, checked }) = parse_line("run a.wasm --seed 7 --checked")
    else {
        panic!("not a run command")
    };
    assert_eq!((module.to_str(), options.seed, checked), (Some("a.wasm"), 7, true));
    assert!(parse_line("run").is_err() && parse_line("run a.wasm b.wasm").is_err());
}

#[test]
fn bench_takes_a_name_and_options() {
    let all = BenchOptions { json: true, node: Some("n".into()), ..BenchOptions::default() };
    assert_eq!(parse_line("bench --json --node n").ok(), Some(Command::Bench(all)));
    for (line, switch, programs, browser) in [
        ("bench", true, true, true),
        ("bench switch", true, false, false),
        ("bench switch --wasmtime", true, false, false),
        ("bench programs --program p", false, true, false),
        ("bench --program p", false, true, false),
        ("bench --wasm-opt w --json", false, true, false),
        ("bench browser", false, false, true),
        ("bench engine --program p", false, false, false),
    ] {
        let Ok(Command::Bench(options)) = parse_line(line) else { panic!("{line}") };
        let wants = [Benchmark::Switch, Benchmark::Programs, Benchmark::Browser];
        assert_eq!(wants.map(|it| options.wants(it)), [switch, programs, browser], "{line}");
    }
}

#[test]
fn fuzz_takes_what_a_mismatch_says() {
    let (seed, only) = (16, Some(3));
    let all = FuzzOptions { programs: 7, crates: 2, steps: 9, throws: 5, mutants: 4, seed, only };
    let line =
        "fuzz --programs 7 --crates 2 --steps 9 --throws 5 --mutants 4 --seed 0x10 --program 3";
    assert_eq!(parse_line(line).ok(), Some(Command::Fuzz(all)));
    let Ok(Command::Fuzz(usual)) = parse_line("fuzz") else { panic!("not a fuzz command") };
    assert_eq!((usual.programs, usual.seed, usual.only), (2000, DEFAULT_SEED, None));
}

#[test]
fn mistakes_are_named() {
    for (line, expected) in [
        ("tset", "'tset'"),
        ("test --sed 1", "'--sed'"),
        ("test --seed x", "invalid value 'x' for '--seed <SEED>': it is not a 64-bit number"),
        ("test --guest", "'--guest <PACKAGE>'"),
        ("test --only all", "'all' for '--only <PART>'"),
        ("check now", "'now'"),
        ("bench switch programs", "'programs'"),
        ("bench browser --json", "`bench browser` has no such option"),
        ("fuzz --programs many", "'many' for '--programs <N>'"),
        ("bench switch --program p", "`bench switch` has no such option"),
        ("bench switch --wasm-opt w", "`bench switch` has no such option"),
        ("bench literature --program p", "`bench literature` has no such option"),
        ("bench --wasmtime", "`bench programs` has no such option"),
        ("bench engine --wasmtime", "`bench engine` has no such option"),
    ] {
        let error = parse_line(line).expect_err(line).to_string();
        assert!(error.contains(expected), "{line}: {error}");
    }
}
