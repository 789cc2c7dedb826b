// For test.mjs: archives made by hand, what should be reported about them (worked out here in
// its own way, without a line of the program), and a way to run the program.

import { spawn } from 'node:child_process';
import { gunzipSync } from 'node:zlib';

export const READ = 64 * 1024;

/** A tar entry. `options`: `type`, `size` to claim another one than the content's. */
export function entry(name, content = '', { type = '0', size } = {}) {
  const data = Buffer.from(content);
  if (Buffer.byteLength(name) > 100) {
    // GNU's way, in an entry before it.
    return Buffer.concat([entry('././@LongLink', `${name}\0`, { type: 'L' }),
      entry(name.slice(0, 100), content, { type, size })]);
  }
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${(size ?? data.length).toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc(-data.length & 511)]);
}

/** A pax header that gives the next entry a name. */
export function paxName(name) {
  const rest = ` path=${name}\n`;
  let length = Buffer.byteLength(rest);
  while (Buffer.byteLength(`${length}${rest}`) !== length) length += 1;
  return entry('PaxHeaders/x', `${length}${rest}`, { type: 'x' });
}

export const tar = (...entries) => Buffer.concat([...entries, Buffer.alloc(1024)]);

/** Random bytes that are the same each time. */
export function noise(length, seed = 1) {
  const bytes = Buffer.alloc(length);
  let x = seed;
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    bytes[i] = x >>> 24;
  }
  return bytes;
}

const CRC_TABLE = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

/** The entries of a tar file: `{ name, type, data }`. */
function* walk(bytes) {
  let name = null;
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const field = (start, length) =>
      bytes.toString('utf8', at + start, at + start + length).replace(/\0.*$/s, '');
    const size = parseInt(field(124, 12), 8);
    const type = field(156, 1) || '0';
    const data = bytes.subarray(at + 512, at + 512 + size);
    if (type === 'L') name = data.toString().replace(/\0.*$/s, '');
    else if (type === 'x') name = /^\d+ path=(.*)$/m.exec(data.toString())?.[1] ?? name;
    else if (type !== 'g') {
      const prefix = field(345, 155);
      yield { name: name ?? (prefix ? `${prefix}/${field(0, 100)}` : field(0, 100)), type, data };
      name = null;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

function csvRecords(text) {
  // A record is a line that is not empty, and a line ends outside quotes only.
  const lines = text.match(/(?:"[^"]*"|[^"\r\n])+/g) ?? [];
  return Math.max(0, lines.length - 1);
}

function jsonValues(value) {
  if (value === null || typeof value !== 'object') return 1;
  return Object.values(value).reduce((sum, inner) => sum + jsonValues(inner), 1);
}

/** Counts a file of one JSON text, or of one a line, up to the first that is not. */
function countJson(text) {
  const parse = (source) => {
    try {
      return jsonValues(JSON.parse(source));
    } catch {
      return null;
    }
  };
  const whole = parse(text);
  if (whole !== null) return { values: whole, invalid: 0 };
  let values = 0;
  for (const line of text.split('\n').filter((source) => source.trim() !== '')) {
    const inLine = parse(line);
    if (inLine === null) return { values, invalid: 1 };
    values += inLine;
  }
  return { values, invalid: 0 };
}

/** What the program should print about the archive `gz`. */
export function expected(path, gz) {
  const n = { entries: 0, csv: 0, records: 0, json: 0, values: 0, invalid: 0, text: 0, lines: 0, binary: 0 };
  const contents = [];
  for (const { name, type, data } of walk(gunzipSync(gz))) {
    n.entries += 1;
    if (type !== '0') continue;
    contents.push(data);
    const text = data.toString();
    if (/\.csv$/i.test(name)) {
      n.csv += 1;
      n.records += csvRecords(text);
    } else if (/\.json$/i.test(name)) {
      const { values, invalid } = countJson(text);
      n.json += 1;
      n.values += values;
      n.invalid += invalid;
    } else if (data.includes(0)) {
      n.binary += 1;
    } else {
      n.text += 1;
      n.lines += text.split('\n').length - (text === '' || text.endsWith('\n') ? 1 : 0);
    }
  }
  const all = Buffer.concat(contents);
  const reads = Math.ceil(gz.length / READ) + 1;
  const row = (kind, files, count, unit) =>
    `  ${kind.padEnd(7)} ${String(files).padStart(6)} files ${String(count).padStart(9)} ${unit}`;
  return [
    path,
    `  ${n.entries} entries, ${contents.length} files, ${all.length} bytes, crc32 ${crc32(all)}`,
    row('csv', n.csv, n.records, 'records'),
    row('json', n.json, n.values, 'values') + (n.invalid ? `, ${n.invalid} files not valid` : ''),
    row('text', n.text, n.lines, 'lines'),
    `  binary  ${String(n.binary).padStart(6)} files`,
    `  reads ${reads}, suspended ${reads + 1} times\n`,
  ].join('\n');
}

/** Starts the program. `exit` resolves when it has ended; `until` when stderr says something. */
export function start(args, env = {}) {
  const host = new URL('host.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [host, process.env.BYSYNCIFY_WASM, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const run = { child, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (run.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (run.stderr += text));
  run.exit = new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ ...run, code, signal }));
  });
  run.until = (pattern) => new Promise((resolve, reject) => {
    const check = () => pattern.test(run.stderr) && resolve();
    child.stderr.on('data', check);
    child.on('close', () => reject(new Error(`ended without ${pattern} in:\n${run.stderr}`)));
    check();
  });
  return run;
}

export const run = (args, env) => start(args, env).exit;
