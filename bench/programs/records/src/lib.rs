//! A program to measure: a `.tar.gz` of csv files → records → regexes → a report in JSON.
//!
//! Ordinary code over crates that everybody uses (`flate2`, `tar`, `csv`, `serde`, `regex`). It
//! waits wherever one of these reads on: in the middle of inflating, of a tar header, of a record,
//! of a JSON string.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;

use bench_support::{Source, program};
use flate2::read::GzDecoder;
use regex::Regex;
use serde::{Deserialize, Serialize};

program!(report);

/// What an archive of these says to look for: its entry `patterns.json`, the first one.
#[derive(Deserialize)]
struct Pattern {
    name: String,
    regex: String,
}

/// A line of a csv file.
#[derive(Deserialize)]
struct Record {
    id: u64,
    user: String,
    amount: f64,
    note: Option<String>,
}

/// What is reported of one csv file.
#[derive(Default, Serialize)]
struct Summary {
    records: u64,
    ids: u64,
    amount: f64,
    longest_user: String,
    /// How many notes match, by the pattern's name.
    matches: BTreeMap<String, u64>,
    /// What the patterns' first groups caught, the first few of them.
    caught: Vec<String>,
}

/// The most that is kept in [`Summary::caught`].
const CAUGHT: usize = 5;

fn report(source: Source) -> Vec<u8> {
    let summaries = read(source).expect("the input is well formed");
    serde_json::to_vec_pretty(&summaries).expect("a summary can be written as JSON")
}

fn read(source: impl Read) -> Result<BTreeMap<String, Summary>, Box<dyn Error>> {
    let mut archive = tar::Archive::new(GzDecoder::new(source));
    let mut patterns = Vec::new();
    let mut summaries = BTreeMap::new();
    for entry in archive.entries()? {
        let entry = entry?;
        let path = entry.path()?.display().to_string();
        if path.ends_with(".csv") {
            summaries.insert(path, summarise(entry, &patterns)?);
        } else if path == "patterns.json" {
            patterns = compile(serde_json::from_reader(entry)?)?;
        }
    }
    Ok(summaries)
}

fn compile(patterns: Vec<Pattern>) -> Result<Vec<(String, Regex)>, regex::Error> {
    let compiled = |Pattern { name, regex }| Ok((name, Regex::new(&regex)?));
    patterns.into_iter().map(compiled).collect()
}

fn summarise(file: impl Read, patterns: &[(String, Regex)]) -> Result<Summary, csv::Error> {
    let mut summary = Summary::default();
    for record in csv::Reader::from_reader(file).deserialize() {
        let Record { id, user, amount, note } = record?;
        summary.records += 1;
        summary.ids = summary.ids.wrapping_mul(31).wrapping_add(id) % 1_000_003;
        summary.amount += amount;
        if user.len() > summary.longest_user.len() {
            summary.longest_user = user;
        }
        for (name, regex) in patterns {
            let Some(captures) = note.as_deref().and_then(|note| regex.captures(note)) else {
                continue;
            };
            *summary.matches.entry(name.clone()).or_default() += 1;
            if summary.caught.len() < CAUGHT
                && let Some(group) = captures.get(1)
            {
                summary.caught.push(group.as_str().to_owned());
            }
        }
    }
    Ok(summary)
}
