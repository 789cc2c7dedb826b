//! The program of a vending machine. Where it waits, it is paused. Its variables and its position in the code are what
//! other programs keep in a table of states.

use crate::{Event, Mailbox, say};

/// The price of a drink, in cents.
const PRICE: u32 = 50;

/// The error that ends every wait.
struct SwitchedOff;

/// Sells drinks until the machine is switched off.
pub(crate) fn run(name: usize, mailbox: &Mailbox) {
    let mut sold = 0;
    while let Ok(drink) = sell(name, mailbox) {
        sold += 1;
        say(&format!("machine {name}: here is drink {drink}"));
    }
    say(&format!("machine {name}: off, {sold} sold"));
}

/// Sells one drink: takes the money, then asks which.
fn sell(name: usize, mailbox: &Mailbox) -> Result<u32, SwitchedOff> {
    let mut paid = 0;
    while paid < PRICE {
        match mailbox.wait() {
            Event::Coin(cents) => paid = paid.saturating_add(cents),
            Event::Button(_) => say(&format!("machine {name}: {} cents more", PRICE - paid)),
            Event::Off => return give_back(name, paid),
        }
    }
    say(&format!("machine {name}: which drink?"));
    loop {
        match mailbox.wait() {
            Event::Coin(cents) => paid = paid.saturating_add(cents),
            Event::Button(drink) => {
                if paid > PRICE {
                    say(&format!("machine {name}: {} cents back", paid - PRICE));
                }
                return Ok(drink);
            }
            Event::Off => return give_back(name, paid),
        }
    }
}

/// Ends a sale.
fn give_back<T>(name: usize, paid: u32) -> Result<T, SwitchedOff> {
    if paid > 0 {
        say(&format!("machine {name}: {paid} cents back"));
    }
    Err(SwitchedOff)
}
