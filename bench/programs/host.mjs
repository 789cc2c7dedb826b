// The host of a program: what test.mjs and `cargo xtask bench programs` have in common.

/**
 * An instance of a program, with its input. `plain()` and `inside()` run it and return its
 * result's checksum; `suspends()` is how often the last run was suspended, `result()` its bytes.
 */
export function start(wasm, input) {
  const module = new WebAssembly.Module(wasm);
  // Only a module that was not asyncified imports anything.
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = () => {
      throw new Error(`${from}.${name} was called: the module was not asyncified`);
    };
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const address = exports.provide(input.length) >>> 0;
  new Uint8Array(exports.memory.buffer, address, input.length).set(input);
  const result = () =>
    Buffer.from(exports.memory.buffer, exports.result() >>> 0, exports.result_len());
  const run = (name) => {
    try {
      return exports[name]() >>> 0;
    } catch (error) {
      // After a panic the result is its message.
      if (error instanceof WebAssembly.RuntimeError) error.message += `: ${result()}`;
      throw error;
    }
  };
  return {
    plain: () => run('plain'),
    inside: () => run('inside'),
    suspends: () => exports.suspends() >>> 0,
    result,
  };
}
