// Numbers for inputs: without a pattern, and the same each time.

/** A function of `n` that returns whole numbers below `n`. */
export function numbers(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
