//! Objects on either side: a struct that JavaScript uses, a class that Rust uses, and errors.

use js_sys::{Array, Error, Promise};
use wasm_bindgen::prelude::*;

use crate::page::Account;
use crate::{coroutine, pause, wait};

/// What JavaScript sees as a class.
#[wasm_bindgen]
#[derive(Default)]
pub struct Basket {
    items: Vec<JsValue>,
    /// A field that JavaScript reads and writes.
    pub limit: u32,
}

#[wasm_bindgen]
impl Basket {
    #[wasm_bindgen(constructor)]
    pub fn new(limit: u32) -> Self {
        Self { items: Vec::new(), limit }
    }

    /// Fails if the basket is full.
    pub fn put(&mut self, item: JsValue) -> Result<usize, JsError> {
        if self.items.len() >= self.limit as usize {
            return Err(JsError::new("the basket is full"));
        }
        self.items.push(item);
        Ok(self.items.len())
    }

    #[wasm_bindgen(getter)]
    pub fn items(&self) -> Array {
        self.items.iter().cloned().collect()
    }

    /// Takes the basket, and waits for each thing in it.
    pub async fn unpack(self) -> Array {
        coroutine(move || {
            let unpack = |item| wait(Promise::resolve(&item)).expect("it resolves");
            self.items.into_iter().map(unpack).inspect(|_| pause(1)).collect()
        })
        .await
    }

    /// Waits inside, while the basket is borrowed.
    pub async fn refill(&mut self, items: Vec<JsValue>) -> usize {
        let (limit, mut kept) = (self.limit, std::mem::take(&mut self.items));
        self.items = coroutine(move || {
            for item in items.into_iter().take(limit as usize) {
                pause(1);
                kept.push(item);
            }
            kept
        })
        .await;
        self.items.len()
    }

    pub fn merge(baskets: Vec<Basket>) -> Basket {
        let limit = baskets.iter().map(|basket| basket.limit).sum();
        Basket { items: baskets.into_iter().flat_map(|basket| basket.items).collect(), limit }
    }
}

/// Uses a class of JavaScript's, with waits between the calls.
#[wasm_bindgen]
pub async fn use_class(owner: JsValue) -> Array {
    coroutine(move || {
        let account = Account::new(&owner);
        let balance = wait(account.deposit(70)).expect("money is welcome");
        let left = account.withdraw(30).expect("there is enough");
        account.set_note("no more than 40");
        // JavaScript's exception is an error here, and the coroutine goes on.
        let error: Error = account.withdraw(41).expect_err("there is not enough").unchecked_into();
        pause(1);
        let more = wait(account.deposit(2)).expect("money is welcome");
        Array::of(&[
            account.owner(),
            balance,
            left.into(),
            error.message().into(),
            more,
            Account::count().into(),
        ])
    })
    .await
}

/// What a rejected promise says comes out as an error, by `?` all the way.
#[wasm_bindgen]
pub async fn rejected(reason: JsValue) -> Result<u32, JsValue> {
    coroutine(move || {
        wait(Promise::resolve(&JsValue::NULL))?;
        pause(1);
        wait(Promise::reject(&reason))?;
        Ok(1)
    })
    .await
}
