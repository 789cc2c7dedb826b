//! The order of the code that sets locals to 0 on the paths out of a function.

use wasmparser::ValType;

use crate::instrument::labels::Label;
use crate::instrument::zeroes::Ways;
use crate::module::LocalIndex;

/// By path: what is set to 0 before it continues, and where it continues. Then the path of each site.
fn shown(sites: &[(Label, &[u32])]) -> String {
    let locals =
        |locals: &[u32]| locals.iter().map(|local| (LocalIndex(*local), ValType::I32)).collect();
    let sites: Vec<_> = sites.iter().map(|(exit, zeroed)| (*exit, locals(zeroed))).collect();
    let ways = Ways::new(&sites);
    let of: Vec<_> = (0..sites.len()).map(|site| ways.of(site)).collect();
    let ways = ways.into_ways().into_iter().map(|way| {
        let own: Vec<_> = way.own.into_iter().map(|(local, _)| local.0).collect();
        format!("{own:?} to {:?}", way.next)
    });
    format!("{}; {of:?}", ways.collect::<Vec<_>>().join(", "))
}

#[test]
fn what_a_site_has_more_than_another_is_set_to_0_before() {
    let sites: [(Label, &[u32]); 5] = [
        (Label::Unwind, &[1, 2, 3]),
        (Label::Unwind, &[1, 2]),
        (Label::Unwind, &[]),
        (Label::Unwind, &[2, 4]),
        (Label::Unwind, &[1, 2, 3]),
    ];
    assert_eq!(
        shown(&sites),
        "[3] to Zeroes(1), [1, 2] to Unwind, [2, 4] to Unwind; \
         [Some(Zeroes(0)), Some(Zeroes(1)), None, Some(Zeroes(2)), Some(Zeroes(0))]"
    );
}

#[test]
fn sites_with_other_exits_share_nothing() {
    assert_eq!(
        shown(&[(Label::Unwind, &[1, 2]), (Label::Entry(1), &[1])]),
        "[1] to Entry(1), [1, 2] to Unwind; [Some(Zeroes(1)), Some(Zeroes(0))]"
    );
}

#[test]
fn the_last_of_several_falls_into_the_one_where_they_go_on() {
    let sites: [(Label, &[u32]); 4] = [
        (Label::Unwind, &[1]),
        (Label::Unwind, &[1, 2]),
        (Label::Unwind, &[1, 3]),
        (Label::Unwind, &[1, 2, 4]),
    ];
    assert_eq!(
        shown(&sites),
        "[4] to Zeroes(1), [2] to Zeroes(3), [3] to Zeroes(3), [1] to Unwind; \
         [Some(Zeroes(3)), Some(Zeroes(1)), Some(Zeroes(2)), Some(Zeroes(0))]"
    );
}
