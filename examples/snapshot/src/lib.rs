//! Writes an invoice. It asks questions, and between a question and its answer there may be days, and another computer.
//!
//! Nothing here is about saving: a program that waits is in the memory.

mod host;

use host::{ask, print};

struct Item {
    name: String,
    cents: u64,
}

/// The program, from the first question to the last line.
fn invoice() {
    let customer = ask("Who is the customer?");
    let mut items = Vec::new();
    while let Some(item) = ask_for_item(items.len() + 1) {
        items.push(item);
    }
    print(&format!("Invoice for {customer}"));
    for Item { name, cents } in &items {
        print(&line(name, *cents));
    }
    print(&line("total", items.iter().map(|item| item.cents).sum()));
}

/// One line of the invoice, if there is another.
fn ask_for_item(number: usize) -> Option<Item> {
    let name = ask(&format!("What is item {number}? (Nothing ends.)"));
    if name.is_empty() {
        return None;
    }
    let cents = ask_for_number(&format!("How many cents for {name}?"));
    Some(Item { name, cents })
}

/// Asks again until the answer is a number.
fn ask_for_number(question: &str) -> u64 {
    loop {
        let answer = ask(question);
        match answer.parse::<u32>() {
            Ok(number) => return number.into(),
            Err(error) => print(&format!("`{answer}`: {error}")),
        }
    }
}

fn line(name: &str, cents: u64) -> String {
    format!("{name:<20} {:>6}.{:02}", cents / 100, cents % 100)
}
