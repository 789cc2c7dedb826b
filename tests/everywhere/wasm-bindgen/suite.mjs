// Calls everything that the module exports, and compares what comes back. Runs in Node and in
// browsers: `run(wasm)` takes the exports, and resolves to a report as `cargo test` writes it.

/** A class that Rust imports from the global scope. */
globalThis.Account = class Account {
  static #count = 0;
  #balance = 0;

  constructor(owner) {
    this.owner = owner;
    Account.#count += 1;
  }

  static count() {
    return Account.#count;
  }

  set note(text) {
    this.owner.note = text;
  }

  async deposit(amount) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return (this.#balance += amount);
  }

  withdraw(amount) {
    if (amount > this.#balance) throw new Error(`${amount} of ${this.#balance}`);
    return (this.#balance -= amount);
  }
};

function same(actual, expected) {
  const [got, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (got !== wanted) throw new Error(`${got} instead of ${wanted}`);
}

function identical(actual, expected) {
  if (!Object.is(actual, expected)) throw new Error(`${actual} is not the same as ${expected}`);
}

async function message(promise) {
  return promise.then(
    (value) => `no error, but ${value}`,
    (error) => error.message ?? error,
  );
}

const tests = {
  async "two coroutines take turns"(wasm) {
    same(await wasm.interleave(), "a3 b3 a2 b2 a1 b1 a0 b0 = 6+6");
  },

  async "tasks that a coroutine spawns run while it waits"(wasm) {
    same(
      await wasm.spawn_inside(),
      "spawned, x starts, y starts, x waited, x ends, y waited, y ends",
    );
  },

  async "a promise settles after its coroutine was dropped"(wasm) {
    same([...(await wasm.drop_while_waiting())], [1, 1]);
  },

  async "values come back as the same objects"(wasm) {
    const values = [{ an: "object" }, "text", 42, null, undefined, Symbol("symbol"), () => 1];
    const back = await Promise.all(values.map((value) => wasm.pass_through(value, 5)));
    values.forEach((value, index) => identical(back[index], value));
  },

  async "imports take externrefs, one and many"(wasm) {
    const target = { old: 1 };
    const result = await wasm.gather(target, ["a", "b", "c"], { last: true });
    identical(result, target);
    same(result, { old: 1, a: 0, b: 1, c: 2, last: true });
    same(await wasm.gather({}, [], undefined), {});
  },

  async "objects on the stack outlive many others"(wasm) {
    same(await Promise.all([wasm.keep_objects(), wasm.keep_objects()]), [33, 33]);
  },

  async "strings and arrays are copied"(wasm) {
    const copied = await wasm.copy("grüße", new Uint8Array([1, 2, 255]), new Float64Array([0.5, -1]));
    same(copied, ["GRÜSSE", "[255, 2, 1]", "[0.5, -1.0]"]);
  },

  async "an export is called while a coroutine waits"(wasm) {
    same([wasm.add(1, 2), wasm.add(1)], [3, 1001]);
    const calls = [];
    const add = (a, b) => {
      calls.push([a, b ?? null]);
      return wasm.add(a, b);
    };
    same(await wasm.call_back_in(add), 6);
    same(calls, [[1, null], [0, 1], [2, null], [1, 2], [3, null], [3, 3]]);
  },

  async "clocks and random numbers are the host's"(wasm) {
    const [milliseconds, ...numbers] = await wasm.clocks_and_randomness();
    if (!(milliseconds >= 19 && milliseconds < 30_000)) throw new Error(`${milliseconds} ms`);
    // Three versions of `getrandom`, 32 bits each, twice.
    same(new Set(numbers).size, 6);
  },

  async "a timer calls a closure on a suspended stack"(wasm) {
    same(await wasm.timer_closure(), "one two three");
  },

  async "a closure runs a coroutine of its own"(wasm) {
    same(await Promise.all([wasm.closure_with_a_coroutine(), wasm.closure_with_a_coroutine()]), [10, 10]);
  },

  async "coroutines run from beginning to end below JavaScript"(wasm) {
    same(await wasm.coroutines_below_javascript([0, 1, 5]), [1, 2, 6]);
  },

  async "a closure borrows from a suspended stack"(wasm) {
    same(await wasm.borrowed_closure(), 3);
  },

  async "closures that JavaScript keeps"(wasm) {
    const [join, late, caught] = wasm.make_closures();
    same([join("a", 1), join("b", undefined)], ["a Some(1)", "b None"]);
    same(await Promise.all([late(6, 7), late(0.5, 3)]), [42, 1.5]);
    const error = new Error("thrown");
    try {
      caught(() => {
        throw error;
      });
      throw new Error("it did not throw");
    } catch (thrown) {
      identical(thrown[0], error);
    }
  },

  async "functions of JavaScript that return promises"(wasm) {
    const f = async (value, more) => (more === undefined ? value + 1 : `${value} ${more}`);
    same(await wasm.call_function(f), "2 more");
    same(await message(wasm.call_function(() => Promise.reject(new Error("not now")))), "not now");
  },

  async "an exported struct and its methods"(wasm) {
    const basket = new wasm.Basket(2);
    const apple = { name: "apple" };
    same([basket.put(apple), basket.put("pear"), basket.limit], [1, 2, 2]);
    try {
      basket.put("third");
      throw new Error("there was no error");
    } catch (error) {
      same(error.message, "the basket is full");
    }
    basket.limit = 4;
    same(await basket.refill(["fig", "nut", "egg"]), 5);
    identical(basket.items[0], apple);
    const other = new wasm.Basket(1);
    other.put("bun");
    const both = wasm.Basket.merge([basket, other]);
    same(both.limit, 5);
    const items = await both.unpack();
    identical(items[0], apple);
    same(items, [apple, "pear", "fig", "nut", "egg", "bun"]);
    // JavaScript frees what was not taken, and is told of what was.
    new wasm.Basket(1).free();
    same(await message((async () => other.limit)()), "null pointer passed to rust");
  },

  async "a class of JavaScript's, and what it throws"(wasm) {
    const [ann, bob] = [{ name: "Ann" }, { name: "Bob" }];
    const results = await Promise.all([wasm.use_class(ann), wasm.use_class(bob)]);
    same(ann, { name: "Ann", note: "no more than 40" });
    same(results, [
      [ann, 70, 40, "41 of 40", 42, 2],
      [bob, 70, 40, "41 of 40", 42, 2],
    ]);
    identical(results[1][0], bob);
  },

  async "a rejected promise is an error"(wasm) {
    same(await message(wasm.rejected("no")), "no");
    const error = new Error("never");
    identical(await wasm.rejected(error).catch((reason) => reason), error);
  },
};

/** Runs every test; the text is what is to be shown. Never throws. */
export async function run(wasm) {
  const lines = [];
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("did not finish in 10 s")), 10_000);
    });
    try {
      await Promise.race([test(wasm), late]);
      lines.push(`test ${name} ... ok`);
    } catch (error) {
      failed += 1;
      lines.push(`test ${name} ... FAILED: ${error.stack ?? error}`);
    } finally {
      clearTimeout(timer);
    }
  }
  const passed = Object.keys(tests).length - failed;
  const result = failed === 0 ? "ok" : "FAILED";
  return `${lines.join("\n")}\ntest result: ${result}. ${passed} passed; ${failed} failed`;
}
