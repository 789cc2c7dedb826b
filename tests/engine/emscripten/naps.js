// Counts how often the program was really suspended: its glue sets a timer for each nap.
(() => {
  let timers = 0;
  const setTimeout = globalThis.setTimeout;
  globalThis.setTimeout = (...rest) => {
    timers++;
    return setTimeout(...rest);
  };
  process.on("exit", () => console.log(`timers: ${timers}`));
})();
