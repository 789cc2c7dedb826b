// For the test: makes a module export its mutable globals, to look at them while it waits.

const [GLOBAL_SECTION, EXPORT_SECTION] = [6, 7];
const [GLOBAL, I32, I32_CONST, END] = [3, 0x7f, 0x41, 0x0b];

/** The module with the exports `global 0`, `global 1` and so on, if all its globals are i32. */
export function withExportedGlobals(wasm) {
  const parts = [wasm.subarray(0, 8)];
  let mutable = [];
  for (let at = 8; at < wasm.length;) {
    const id = wasm[at];
    const [size, start] = number(wasm, at + 1);
    const content = wasm.subarray(start, start + size);
    if (id === GLOBAL_SECTION) mutable = mutableGlobals(content);
    parts.push(...id === EXPORT_SECTION ? section(id, withExports(content, mutable)) : [wasm.subarray(at, start + size)]);
    at = start + size;
  }
  return Buffer.concat(parts);
}

/** The indices of the mutable globals. */
function mutableGlobals(content) {
  const [count, start] = number(content, 0);
  const mutable = [];
  let at = start;
  for (let index = 0; index < count; index += 1) {
    if (content[at] !== I32 || content[at + 2] !== I32_CONST) throw new Error(`global ${index} is not a constant i32`);
    if (content[at + 1] === 1) mutable.push(index);
    const [, end] = number(content, at + 3);
    if (content[end] !== END) throw new Error(`global ${index} is not a constant i32`);
    at = end + 1;
  }
  return mutable;
}

function withExports(content, globals) {
  const [count, start] = number(content, 0);
  const added = globals.map((index) => {
    const name = Buffer.from(`global ${index}`);
    return Buffer.concat([leb(name.length), name, Buffer.of(GLOBAL), leb(index)]);
  });
  return Buffer.concat([leb(count + globals.length), content.subarray(start), ...added]);
}

const section = (id, content) => [Buffer.of(id), leb(content.length), content];

/** Reads a LEB128 number; it and where it ends. (The sign does not matter to who skips it.) */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    value |= (bytes[at] & 0x7f) << shift;
    if (bytes[at] < 0x80) return [value >>> 0, at + 1];
  }
}

function leb(value) {
  const bytes = [];
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}
