// The other side of `src/host.rs`, for a terminal and for a page.

const [DONE, END_OF_INPUT, STOPPED] = [0, 1, 2];

/**
 * Runs a script, or what is typed. The terminal has `print(line)`, `fail(line)` and
 * `async readLine(prompt)`, whose line is null at the end.
 *
 * Returns at once: `ended` is a promise of whether all went well, and `stop()` interrupts what runs.
 */
export async function run(wasm, terminal, script) {
  // What the program waits for. One that was stopped waits for something else, or for nothing.
  let waiting = 0;
  const settle = (number, outcome, text) => {
    if (number !== waiting) return;
    waiting += 1;
    if (text !== undefined) write(text);
    exports.settled(outcome);
  };
  const later = (promise) => {
    const number = waiting;
    promise.then((line) => (line === null ? settle(number, END_OF_INPUT) : settle(number, DONE, line)))
      .catch(fail);
  };

  let end, fail;
  const ended = new Promise((resolve, reject) => ([end, fail] = [resolve, reject]));
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const host = {
    print: (...where) => terminal.print(read(...where)),
    fail: (...where) => terminal.fail(read(...where)),
    seconds: () => performance.now() / 1000,
    ended: (isGood) => end(isGood === 1),
    read_line: (...where) => later(terminal.readLine(read(...where))),
    sleep: (seconds) => later(wait(Math.max(0, seconds) * 1000)),
    tick: () => later(wait(0)),
  };
  const { instance: { exports } } = await WebAssembly.instantiate(wasm, { host });

  const read = (address, length) =>
    new TextDecoder().decode(new Uint8Array(exports.memory.buffer, address >>> 0, length));
  const write = (text) => {
    const bytes = new TextEncoder().encode(text);
    const address = exports.buffer(bytes.length);
    new Uint8Array(exports.memory.buffer, address >>> 0, bytes.length).set(bytes);
  };

  if (script !== undefined) write(script);
  exports.start(script !== undefined);
  return { ended, stop: () => settle(waiting, STOPPED) };
}
