// Archives for test.mjs and measure.mjs, and what should be found in them.

import { createCipheriv, createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGzip, deflateRawSync, gzipSync } from 'node:zlib';
import { entry } from '../untar/test-support.mjs';

/** Random bytes that are the same each time. */
function noise(length, seed) {
  const key = createHash('md5').update(`seed ${seed}`).digest();
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** A text in which little is new. */
function words(length, seed) {
  const all = noise(256, 'words').map((byte) => 97 + (byte % 26)).toString().match(/.{2,9}/g);
  const text = Array.from(noise(20_000, seed), (byte) => all[byte % all.length]).join(' ');
  return Buffer.from(text.repeat(Math.ceil(length / text.length)).slice(0, length));
}

/** Contents of several kinds, each of this many bytes: inflating them is work of several kinds. */
function contents(length, seed) {
  return {
    [`noise-${seed}.bin`]: noise(length, seed),
    [`digits-${seed}.txt`]: Buffer.from(noise(length / 2, seed).toString('hex')),
    [`words-${seed}.txt`]: words(length, seed),
  };
}

/** What the page is to show of a file: its path, its length and its hash. */
const found = (path, content) =>
  [path, content.length, createHash('sha256').update(content).digest('hex')];

/**
 * Writes a .tar.gz of at least this many bytes to a path, with files of `each` bytes and one of as
 * many zeros as `zeros`. What is to be found in it.
 */
export async function writeTarGz(path, { bytes, each, zeros }) {
  // Most is random, or nearly, so that level 1 is as good as any other, and soon done.
  const gzip = createGzip({ level: 1 });
  const file = createWriteStream(path);
  gzip.pipe(file);
  const expected = [];
  const add = async (name, content) => {
    expected.push(found(name, content));
    if (!gzip.write(entry(name, content))) await new Promise((resolve) => gzip.once('drain', resolve));
  };
  await add('zeros.bin', Buffer.alloc(zeros));
  for (let seed = 0; file.bytesWritten < bytes; seed += 1) {
    for (const [name, content] of Object.entries(contents(each, seed))) await add(`files/${name}`, content);
  }
  gzip.end(Buffer.alloc(1024));
  await finished(file);
  return { path, expected };
}

/** A .tar.gz with these contents, in memory. */
export function tarGz(files) {
  const entries = Object.entries(files).map(([name, content]) => entry(name, content));
  const bytes = gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]), { level: 1 });
  return { bytes, expected: expectedOf(files) };
}

export const expectedOf = (files) => Object.entries(files).map(([name, content]) => found(name, content));

/**
 * A .zip with these contents. With `descriptors` a file's length stands behind it, as programs write
 * it that write to a pipe.
 */
export function zip(files, { descriptors = false } = {}) {
  const [locals, directory] = [[], []];
  let at = 0;
  for (const [name, content] of [['folder/', Buffer.alloc(0)], ...Object.entries(files)]) {
    const packed = deflateRawSync(content);
    const crc = gzipSync(content).readUInt32LE(gzipSync(content).length - 8);
    const sizes = Buffer.alloc(12);
    [crc, packed.length, content.length].forEach((value, i) => sizes.writeUInt32LE(value, 4 * i));
    const common = Buffer.alloc(10);
    [20, descriptors ? 8 : 0, 8].forEach((value, i) => common.writeUInt16LE(value, 2 * i));
    const lengths = Buffer.from([name.length, 0, 0, 0]);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, descriptors ? Buffer.alloc(12) : sizes,
      lengths, Buffer.from(name), packed, descriptors ? Buffer.concat([Buffer.from('PK\x07\x08'), sizes]) : Buffer.alloc(0)]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), common, sizes, lengths, place, Buffer.from(name));
    locals.push(local);
    at += local.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  const count = Object.keys(files).length + 1;
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(listing.length, 8);
  end.writeUInt32LE(at, 12);
  return { bytes: Buffer.concat([...locals, listing, Buffer.from('PK\x05\x06'), end]), expected: expectedOf(files) };
}

export { contents };
