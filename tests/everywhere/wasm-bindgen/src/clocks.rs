//! What `wasm32-unknown-unknown` has not by itself: the time, and random numbers. Crates ask JavaScript for
//! both, as they do anywhere: nothing of that waits.

use wasm_bindgen::prelude::*;
use web_time::Instant;

use crate::{coroutine, pause};

/// How many milliseconds a wait of 20 took; and random numbers, before the wait and after it.
#[wasm_bindgen]
pub async fn clocks_and_randomness() -> Vec<f64> {
    coroutine(|| {
        let begin = Instant::now();
        let before = random();
        pause(20);
        let elapsed = begin.elapsed().as_secs_f64() * 1000.0;
        [&[elapsed][..], &before, &random()].concat()
    })
    .await
}

/// One of each version of `getrandom`.
fn random() -> [f64; 3] {
    let mut bytes = [[0; 4]; 3];
    getrandom_02::getrandom(&mut bytes[0]).expect("0.2, with the feature `js`");
    getrandom_03::fill(&mut bytes[1]).expect("0.3, with the feature `wasm_js` and a cfg");
    getrandom_04::fill(&mut bytes[2]).expect("0.4, with the feature `wasm_js`");
    bytes.map(|bytes| u32::from_le_bytes(bytes).into())
}
