// The PNG that this program reads, and what it should make of it.

import { deflateSync, inflateSync } from 'node:zlib';
import { numbers } from '../random.mjs';

const WIDTH = 960;
const HEIGHT = 720;

/** What a PNG's chunks end with. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  }
  return ~crc >>> 0;
}

function chunk(type, data) {
  const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(type), data, Buffer.alloc(4)]);
  bytes.writeUInt32BE(data.length, 0);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
  return bytes;
}

/** Rings of colour, and some noise: neither all pattern nor none. */
function scanLines() {
  const random = numbers(3);
  const lines = Buffer.alloc(HEIGHT * (1 + 3 * WIDTH));
  let at = 0;
  for (let y = 0; y < HEIGHT; y += 1) {
    at += 1; // No filter.
    for (let x = 0; x < WIDTH; x += 1) {
      const distance = Math.floor(((x - 480) ** 2 + (y - 360) ** 2) / 256);
      for (const colour of [1, 2, 3]) lines[at++] = ((distance * colour) & 0xe0) + (random(4) ? 0 : random(16));
    }
  }
  return lines;
}

const header = Buffer.alloc(13);
header.writeUInt32BE(WIDTH, 0);
header.writeUInt32BE(HEIGHT, 4);
header.set([8, 2], 8); // Eight bits of each of three colours.

export const input = Buffer.concat([
  Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  chunk('IHDR', header),
  chunk('IDAT', deflateSync(scanLines())),
  chunk('IEND', Buffer.alloc(0)),
]);

export function expected() {
  return { png: [160, 120], lines: 120 * (1 + 3 * 160), jpeg: [WIDTH, HEIGHT] };
}

/** What can be told of the images without decoding a JPEG; the PNG is checked to its end. */
export function read(result) {
  const chunks = {};
  let at = 8;
  while (!chunks.IEND) {
    const length = result.readUInt32BE(at);
    const type = result.toString('latin1', at + 4, at + 8);
    (chunks[type] ??= []).push(result.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const jpeg = result.subarray(at);
  // The segment that begins a frame: its length, bits, height, width.
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0, 0x00, 0x11]));
  const [ihdr] = chunks.IHDR;
  return {
    png: [ihdr.readUInt32BE(0), ihdr.readUInt32BE(4)],
    lines: inflateSync(Buffer.concat(chunks.IDAT)).length,
    jpeg: [jpeg.readUInt16BE(frame + 7), jpeg.readUInt16BE(frame + 5)],
  };
}
