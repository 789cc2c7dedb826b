// The other side of `src/host/imports.rs`, for a terminal and for a page.

const [DONE, END_OF_INPUT, STOPPED] = [0, 1, 2];

/**
 * Loads the module. What is returned runs a script, or what is typed: any number of them at once.
 * The terminal has `print(line)`, `fail(line)` and `async readLine(prompt)`, whose line is null at
 * the end.
 *
 * It returns at once: `ended` is a promise of whether all went well, and `stop()` interrupts what
 * runs. Its own `dump()` returns a text: what all programs wait for, and where.
 */
export async function load(wasm) {
  const programs = [];
  let dumped;
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const host = {
    seconds: () => performance.now() / 1000,
    print: (number, ...where) => programs[number].terminal.print(read(...where)),
    fail: (number, ...where) => programs[number].terminal.fail(read(...where)),
    dumped: (...where) => (dumped = read(...where)),
    ended: (number, isGood) => programs[number].end(isGood === 1),
    read_line: (number, ...where) => programs[number].later(programs[number].terminal.readLine(read(...where))),
    sleep: (number, seconds) => programs[number].later(wait(Math.max(0, seconds) * 1000)),
    tick: (number) => programs[number].later(wait(0)),
  };
  const { instance: { exports } } = await WebAssembly.instantiate(wasm, { host });

  const read = (address, length) =>
    new TextDecoder().decode(new Uint8Array(exports.memory.buffer, address >>> 0, length));
  const write = (text) => {
    const bytes = new TextEncoder().encode(text);
    const address = exports.buffer(bytes.length);
    new Uint8Array(exports.memory.buffer, address >>> 0, bytes.length).set(bytes);
  };

  const run = (terminal, script) => {
    const number = programs.length;
    // What the program waits for. One that was stopped waits for something else, or for nothing.
    let waiting = 0;
    const settle = (what, outcome, text) => {
      if (what !== waiting) return;
      waiting += 1;
      if (text !== undefined) write(text);
      exports.settled(number, outcome);
    };
    const ended = new Promise((end, fail) => {
      const later = (promise) => {
        const what = waiting;
        promise.then((line) => (line === null ? settle(what, END_OF_INPUT) : settle(what, DONE, line)))
          .catch(fail);
      };
      programs.push({ terminal, end, later });
    });
    if (script !== undefined) write(script);
    exports.start(number, script !== undefined);
    return { ended, stop: () => settle(waiting, STOPPED) };
  };
  run.dump = () => {
    exports.dump();
    return dumped;
  };
  return run;
}
