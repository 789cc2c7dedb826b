// Tests of the whole program: `BYSYNCIFY_WASM=…/cookbook-calamine.wasm node test.mjs`. A workbook that others
// write is by the package `xlsx` of npm's.

import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveRanges } from '../host/files.mjs';
import { program, test, wasm } from '../host/testing.mjs';
import { workbook } from './host.mjs';

const xlsx = createRequire(import.meta.url)('xlsx');
const path = await workbook(wasm);
const { size } = await stat(path);

/** Adds up a sheet of a workbook. */
async function addUp(path, sheet) {
  const server = await serveRanges(path);
  const printed = await program([server.url, sheet]);
  await server.close();
  return { printed, seen: server.seen };
}

/** The same of one that has this content. */
async function addUpThose(content, sheet) {
  const folder = await mkdtemp(join(tmpdir(), 'bysyncify-'));
  await writeFile(join(folder, 'book.xlsx'), content);
  const { printed } = await addUp(join(folder, 'book.xlsx'), sheet);
  await rm(folder, { recursive: true });
  return printed;
}

await test({
  async 'a sheet of twelve is fetched, and little else'() {
    const { printed, seen } = await addUp(path, 'July');
    assert.deepEqual(printed, {
      status: 0,
      stdout: `bread      3700276.19
butter     3771944.54
coffee     3760886.43
tea        3749299.29
30000 rows of July, beside January, February, March, April, May, June, July, August, September, October, November, December
${seen.requests} requests, ${seen.bytes} of ${size} bytes
`,
      stderr: '',
    });
    assert.ok(size > 4e6, `${size}`);
    assert.deepEqual(seen, { requests: 7, bytes: 529490 });
  },

  async 'as a user runs it'() {
    const script = fileURLToPath(new URL('host.mjs', import.meta.url));
    const { status, stdout, stderr } = await program(['May'], { script, env: { COOKBOOK_STATS: '1' } });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^30000 rows of May, beside January, /m);
    const [, stack, waits] = /^stack (\d+) bytes, waited (\d+) times\n$/.exec(stderr);
    assert.ok(stack < 128 * 1024 && waits > 5, stderr);
  },

  async 'a workbook that another program wrote'() {
    const book = xlsx.utils.book_new();
    for (const [name, price] of [['first', 1.5], ['second', 2.25]]) {
      const rows = [['what', 'price'], ...Array.from({ length: 1000 }, (_, row) => [row % 2 ? 'odd' : 'even', price])];
      xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet(rows), name);
    }
    const content = xlsx.write(book, { type: 'buffer', compression: true, bookSST: true });
    assert.deepEqual(await addUpThose(content, 'second'), {
      status: 0,
      stdout: `even          1125.00
odd           1125.00
1000 rows of second, beside first, second
3 requests, 51016 of ${content.length} bytes
`,
      stderr: '',
    });
  },

  async 'a sheet that is not there, and what is no workbook'() {
    const { printed } = await addUp(path, 'Undecember');
    assert.deepEqual(printed, { status: 1, stdout: '', stderr: "Worksheet 'Undecember' not found\n" });
    assert.deepEqual(await addUpThose('It is a text.', 'July'), {
      status: 1, stdout: '', stderr: 'Zip error: invalid Zip archive: Could not find EOCD\n',
    });
  },
});
