// `node host.mjs cookbook-calamine.wasm [sheet]`: makes a workbook unless it is there, serves it, and has the program
// add up a sheet.

import { pathToFileURL } from 'node:url';
import { made, serveRanges } from '../host/files.mjs';
import { run } from '../host/host.mjs';

/** The workbook. Another content needs another name. */
export const workbook = (wasm) => made(wasm, 'sales-1.xlsx');

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [wasm, sheet = 'July'] = process.argv.slice(2);
  process.exitCode = 1;
  const server = await serveRanges(await workbook(wasm));
  if (await run(wasm, [server.url, sheet])) process.exitCode = 0;
  await server.close();
}
