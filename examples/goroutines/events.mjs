// The other side of `src/host/events.rs`, for Node and for pages.

/** Starts the program. What it does later is called by the event loop. */
export async function start(wasm, argument, say) {
  const started = performance.now();
  const text = (address, length) =>
    new TextDecoder().decode(new Uint8Array(exports.memory.buffer, address >>> 0, length));
  const host = {
    now: () => performance.now() - started,
    wake_in: (milliseconds) => setTimeout(exports.wake, milliseconds),
    argument: () => (argument === '--dump' ? -1 : Number(argument ?? 0)),
    say: (address, length) => say(text(address, length)),
  };
  const { instance: { exports } } = await WebAssembly.instantiate(wasm, { host });
  exports.main(0, 0);
}
