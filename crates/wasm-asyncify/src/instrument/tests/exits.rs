//! The entries that a function gets to the code that saves its frame.

use std::collections::BTreeSet;

use wasmparser::ValType;

use crate::instrument::exits::{Exits, Local};
use crate::module::LocalIndex;

/// The exits for locals that are live after these sites.
fn exits(live: &[(ValType, &[usize])], sites: usize) -> Exits {
    let live: Vec<_> = live
        .iter()
        .map(|(ty, sites)| (*ty, sites.iter().copied().collect::<BTreeSet<_>>()))
        .collect();
    let locals = live.iter().enumerate().map(|(index, (ty, sites))| Local {
        index: LocalIndex(index as u32),
        ty: *ty,
        sites,
    });
    Exits::new(&locals.collect::<Vec<_>>(), sites)
}

/// The sites' entries, what each saves before the next, and what is set to 0 at each site.
fn shown(exits: &Exits, sites: usize) -> String {
    let of: Vec<_> = (0..sites).map(|site| exits.of(site)).collect();
    let saved: Vec<_> = (0..exits.count()).map(|entry| exits.saved(entry)).collect();
    let zeroed: Vec<_> = (0..sites).map(|site| exits.zeroed(site)).collect();
    format!("{of:?} save {saved:?}, zero {zeroed:?}")
}

#[test]
fn an_entry_must_save_more_code_than_it_is() {
    // An entry takes 17 bytes; without it, 4 bytes and 2 for each local.
    let few: [(ValType, &[usize]); 7] = [(ValType::I32, &[0]); 7];
    let with_position =
        |few: &[(ValType, &'static [usize])]| [few, &[(ValType::I32, &[0, 1][..])]].concat();
    assert_eq!(
        shown(&exits(&with_position(&few[..6]), 2), 2),
        "[0, 0] save [[0, 1, 2, 3, 4, 5, 6]], zero [[], [0, 1, 2, 3, 4, 5]]"
    );
    assert_eq!(
        shown(&exits(&with_position(&few), 2), 2),
        "[0, 1] save [[0, 1, 2, 3, 4, 5, 6], [7]], zero [[], []]"
    );
}

#[test]
fn references_are_always_saved() {
    let words: [(ValType, &[usize]); 9] = [(ValType::I32, &[0]); 9];
    let others: [(ValType, &[usize]); 2] = [(ValType::EXTERNREF, &[0]), (ValType::I32, &[0, 1])];
    assert_eq!(
        shown(&exits(&[&others[..], &words].concat(), 2), 2),
        "[0, 1] save [[2, 3, 4, 5, 6, 7, 8, 9, 10], [1, 0]], zero [[], [0]]"
    );
}

/// Whatever is live is saved, and what is dead is set to 0 if it is saved. No other entries would make the
/// code shorter.
#[test]
fn there_are_no_better_entries() {
    let mut seed = 1_u32;
    let mut random = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % below
    };
    for _ in 0..200 {
        let (sites, count) = (2 + random(6) as usize, 1 + random(7) as usize);
        let mut live: Vec<BTreeSet<usize>> = (0..count)
            .map(|_| {
                let often = random(5);
                (0..sites).filter(|_| random(5) < often).collect()
            })
            .collect();
        live.push((0..sites).collect());
        // Locals with large numbers take more code.
        let locals: Vec<_> = (100_u32..)
            .step_by(4)
            .zip(&live)
            .map(|(index, sites)| Local { index: LocalIndex(index), ty: ValType::I32, sites })
            .collect();
        let exits = Exits::new(&locals, sites);
        let order: Vec<_> =
            (0..exits.count()).flat_map(|entry| exits.saved(entry)).copied().collect();
        for site in 0..sites {
            let saved: BTreeSet<_> =
                (exits.of(site)..exits.count()).flat_map(|it| exits.saved(it)).copied().collect();
            let zeroed: BTreeSet<_> = exits.zeroed(site).iter().copied().collect();
            let is_live = |number: &usize| live[*number].contains(&site);
            let live: BTreeSet<_> = (0..=count).filter(is_live).collect();
            assert_eq!(&saved - &zeroed, live);
        }
        // Sites with the same dead locals share the code.
        let is_live_at = |site: usize| live.iter().map(|it| it.contains(&site)).collect::<Vec<_>>();
        let different: Vec<_> = (0..sites)
            .filter(|site| (0..*site).all(|other| is_live_at(other) != is_live_at(*site)))
            .collect();
        let bytes = |places: &BTreeSet<usize>| -> usize {
            let zeroes = |site| {
                let mut last = order.iter().position(|it| live[*it].contains(&site)).unwrap();
                while !places.contains(&last) {
                    last -= 1;
                }
                let dead = order[last..].iter().filter(|it| !live[**it].contains(&site));
                let bytes: usize =
                    dead.map(|it| if locals[*it].index.0 < 128 { 2 } else { 3 }).sum();
                if bytes > 0 { bytes + 4 } else { 0 }
            };
            17 * (places.len() - 1) + different.iter().map(|site| zeroes(*site)).sum::<usize>()
        };
        let mut at = 0;
        let chosen = (0..exits.count()).map(|entry| {
            let place = at;
            at += exits.saved(entry).len();
            place
        });
        let chosen = bytes(&chosen.collect());
        for others in 0..1_u32 << count {
            let places = (1..=count).filter(|place| others >> (place - 1) & 1 == 1).chain([0]);
            assert!(bytes(&places.collect()) >= chosen, "{exits:?}");
        }
    }
}
