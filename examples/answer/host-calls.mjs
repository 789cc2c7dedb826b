// The other side of `src/host.rs`, for Node and for pages: asynchronous functions as imports.

/**
 * Instantiates a module. `later` are asynchronous functions, `now` are all others. The module's
 * program is paused while one of the former runs; this function and the page are not.
 */
export async function instantiate(wasm, { now, later }) {
  const started = Object.entries(later).map(([name, call]) => [name, async (number, ...values) => {
    try {
      exports.settled(number, true, await call(...values));
    } catch (error) {
      // What the module does in `settled` has faults of its own.
      if (error instanceof WebAssembly.RuntimeError) throw error;
      console.error(`${name}: ${error.message}`);
      exports.settled(number, false, 0);
    }
  }]);
  const env = { ...now(() => exports.memory), ...Object.fromEntries(started) };
  const { instance: { exports } } = await WebAssembly.instantiate(wasm, { env });
  return exports;
}

/** A `print` that hands lines to a function. */
export const printTo = (show) => (memory) => ({
  print: (address, length) => show(new TextDecoder().decode(new Uint8Array(memory().buffer, address >>> 0, length))),
});
