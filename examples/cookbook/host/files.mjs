// Files for the cookbook's programs: one that a program makes, and a server of ranges of one.

import { mkdir, open, rename, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './host.mjs';
import { serve } from './serve.mjs';

/** A file that the program makes with `--make`, where this machine keeps what can be made anew. */
export async function made(wasm, name) {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bysyncify', 'cookbook');
  const file = join(folder, name);
  if (await stat(file).catch(() => undefined)) return file;
  await mkdir(folder, { recursive: true });
  console.error(`making ${file} …`);
  let content;
  if (!(await run(wasm, ['--make'], { save: (bytes) => (content = bytes) }))) throw new Error(`there is no ${name}`);
  // Whole or not at all, also if two make it at once.
  const part = `${file}.${process.pid}`;
  await writeFile(part, content);
  await rename(part, file);
  return file;
}

/** Serves ranges of a file, as web servers do, and counts. */
export async function serveRanges(path) {
  const file = await open(path);
  const { size } = await file.stat();
  const seen = { requests: 0, bytes: 0 };
  const server = await serve(async ({ method, headers }, response) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    if (method === 'HEAD' || range === null) {
      response.writeHead(method === 'HEAD' ? 200 : 416, { 'accept-ranges': 'bytes', 'content-length': size }).end();
      return;
    }
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]) + 1, size)];
    const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    seen.requests += 1;
    seen.bytes += buffer.length;
    response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${size}` }).end(buffer);
  });
  const close = () => {
    server.close();
    return file.close();
  };
  return { url: server.url, seen, close };
}
