// The other side of `src/host.rs`, for Node and for pages: asynchronous functions as imports.

/**
 * Instantiates a module. `later` are asynchronous functions, `now` are all others. The module's
 * program is paused while one of the former runs; this function and the page are not.
 *
 * `suspending` are asynchronous functions that `api` suspends the module for: it is `asyncify-wasm`
 * then (see `host-driven.mjs`), and in place of WebAssembly.
 */
export async function instantiate(wasm, { now, later, suspending = unavailable, api = WebAssembly }) {
  const settle = async (name, call, number, values) => {
    try {
      await exports.settled(number, true, await call(...values));
    } catch (error) {
      // What the module does in `settled` has faults of its own.
      if (error instanceof WebAssembly.RuntimeError) throw error;
      console.error(`${name}: ${error.message}`);
      await exports.settled(number, false, 0);
    }
  };
  const started = Object.entries(later).map(([name, call]) => [name, (number, ...values) => {
    // Its promise is not returned: that is how an import tells `asyncify-wasm` to suspend.
    settle(name, call, number, values);
  }]);
  const env = { ...now(() => exports.memory), ...Object.fromEntries(started), ...suspending };
  const { instance: { exports } } = await api.instantiate(wasm, { env });
  return exports;
}

/** What the module imports but does not call, where nobody suspends it from the outside. */
const unavailable = {
  await_answer() {
    throw new Error('await_answer: this host does not suspend modules, but host-driven.mjs does');
  },
};

/** A `print` that hands lines to a function. */
export const printTo = (show) => (memory) => ({
  print: (address, length) => show(new TextDecoder().decode(new Uint8Array(memory().buffer, address >>> 0, length))),
});
