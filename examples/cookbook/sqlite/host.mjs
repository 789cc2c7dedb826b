// `node host.mjs cookbook-sqlite.wasm [customer]`: makes a database of 100 MB unless it is there, serves it, and
// has the program ask it.

import { pathToFileURL } from 'node:url';
import { made, serveRanges } from '../host/files.mjs';
import { run } from '../host/host.mjs';

/** The database. Another content needs another name. */
export const database = (wasm) => made(wasm, 'orders-1.sqlite');

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [wasm, customer = 'Customer 31337'] = process.argv.slice(2);
  // Until it has ended: Node ends when there is nothing left to wait for.
  process.exitCode = 1;
  const server = await serveRanges(await database(wasm));
  if (await run(wasm, [server.url, customer])) process.exitCode = 0;
  await server.close();
}
