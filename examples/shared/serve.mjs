// A web server for the page of an example: to this machine only, and only the files that it is given.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Browsers insist on these. */
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/**
 * Serves files, by their path in the address: `{ '/': 'page.html' }`. The page's address, and how
 * to end. A port that is not given is any that is free.
 */
export async function serve(files, port = 0) {
  const server = createServer(async ({ url }, response) => {
    const file = files[new URL(url, 'http://localhost').pathname];
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(String(file))] ?? 'text/plain';
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(await readFile(file));
  });
  await new Promise((resolve, reject) => server.on('error', reject).listen(port, 'localhost', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections?.();
  };
  return { address: `http://localhost:${server.address().port}/`, close };
}

/** What `--page` does in a host script: serves until Ctrl-C is pressed. */
export async function servePage(files) {
  const port = Number(process.env.PORT ?? 8000);
  try {
    const { address } = await serve(files, port);
    console.error(`Serving ${address} until Ctrl-C is pressed`);
  } catch (error) {
    console.error(`cannot serve at port ${port}: ${error.message}\nSet PORT to another one.`);
    process.exitCode = 1;
  }
}

/** The path of a file beside the script: `beside(import.meta.url)('page.html')`. */
export const beside = (script) => (name) => fileURLToPath(new URL(name, script));
