//! Two tasks that wait for each other forever, as can happen in any program with two locks: `--dump`. The executor sees
//! that no task sleeps, and shows what each of them waits for.

use std::rc::Rc;

use async_lock::Mutex;
use bysyncify::embed;
use futures_lite::future::yield_now;

use crate::tasks::go_named;

struct Account(Mutex<u32>);

/// Moves an amount from one account to another.
fn transfer(from: &Account, to: &Account, amount: u32) {
    let mut from = embed(from.0.lock());
    // Let the other task run.
    embed(yield_now());
    deposit(to, amount);
    *from -= amount;
}

fn deposit(to: &Account, amount: u32) {
    let mut balance = embed(to.0.lock());
    *balance += amount;
}

/// Never returns.
pub(crate) fn run() {
    let [savings, current] = [100, 200].map(|balance| Rc::new(Account(Mutex::new(balance))));
    let (from, to) = (savings.clone(), current.clone());
    let spends = go_named("spends", move || transfer(&from, &to, 10));
    let saves = go_named("saves", move || transfer(&current, &savings, 20));
    embed(spends);
    embed(saves);
}
