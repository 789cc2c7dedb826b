// Suspends the program in its naps, as a host of Asyncify's does. It has to come to what it comes to if
// nobody is suspended. `wasm`: what wasm-bindgen made of it.

const UNWINDING = 1;
const REWINDING = 2;
const DEPTH = 4;

const slept = (number) => 3 * number + 1;

export async function run(wasm) {
  let naps = 0;
  globalThis.nap = (number) => {
    naps++;
    return slept(number);
  };
  const expected = wasm.program(DEPTH);

  const asyncify = wasm.everything_exported();
  const frames = wasm.frames();
  let result;
  globalThis.nap = (number) => {
    if (asyncify.asyncify_get_state() === REWINDING) {
      asyncify.asyncify_stop_rewind();
      return result;
    }
    result = slept(number);
    asyncify.asyncify_start_unwind(frames);
    // It is unwound: nobody looks at this.
    return 0;
  };
  let suspended = 0;
  let found = wasm.program(DEPTH);
  while (asyncify.asyncify_get_state() === UNWINDING) {
    asyncify.asyncify_stop_unwind();
    suspended++;
    await new Promise((resolve) => setTimeout(resolve, 0));
    asyncify.asyncify_start_rewind(frames);
    found = wasm.program(DEPTH);
  }
  if (naps > 0 && suspended === naps && found === expected) {
    return `test suspended ${suspended} times ... ok\ntest result: ok. 1 passed; 0 failed`;
  }
  return `it was suspended ${suspended} times in ${naps} naps, and came to ${found}, not ${expected}
test result: FAILED. 0 passed; 1 failed`;
}
