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
  return {
    plain: () => exports.plain() >>> 0,
    inside: () => exports.inside() >>> 0,
    suspends: () => exports.suspends() >>> 0,
    result: () => Buffer.from(exports.memory.buffer, exports.result() >>> 0, exports.result_len()),
  };
}
