// `node host.mjs cookbook-parquet.wasm [day]`: makes a file unless it is there, serves it, and has the program ask it.

import { pathToFileURL } from 'node:url';
import { made, serveRanges } from '../host/files.mjs';
import { run } from '../host/host.mjs';

/** The file. Another content needs another name. */
export const table = (wasm) => made(wasm, 'orders-1.parquet');

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [wasm, day = '205'] = process.argv.slice(2);
  process.exitCode = 1;
  const server = await serveRanges(await table(wasm));
  if (await run(wasm, [server.url, day])) process.exitCode = 0;
  await server.close();
}
