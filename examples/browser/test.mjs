// Tests of the page, in a browser: `cargo xtask test --example browser`.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contents, tarGz, writeTarGz, zip } from './test-archives.mjs';
import { withArchives } from './test-support.mjs';

const folder = mkdtempSync(join(tmpdir(), 'bysyncify-browser-'));

/** Writes a file and returns its path. */
function file(name, bytes) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const few = { 'one.txt': Buffer.from('one'), 'empty': Buffer.alloc(0), 'päth/tö.bin': contents(300_000, 5)['noise-5.bin'] };
const asTar = tarGz(few);
const asZip = zip({ ...contents(500_000, 3), 'deep/er/z.txt': Buffer.from('z') });
const piped = zip(contents(40_000, 4), { descriptors: true });
const zeros = tarGz({ zeros: Buffer.alloc(150 << 20) });
const damaged = Buffer.from(asTar.bytes);
damaged[1000] ^= 0x10;

const big = await writeTarGz(join(folder, 'big.tar.gz'), { bytes: 8e6, each: 1 << 20, zeros: 4 << 20 });
const bigBytes = readFileSync(big.path);

/** Downloads that wait for the test: what they were sent, and who has gone. */
const held = { response: undefined, closed: undefined };
const hold = (bytes, count) => (response) => {
  held.closed = new Promise((resolve) => response.on('close', resolve));
  held.response = response;
  response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, count));
};

const archives = {
  'big.tar.gz': big.path,
  'big-too.tar.gz': big.path,
  'some.zip': asZip.bytes,
  'few.tar.gz': asTar.bytes,
  'piped.zip': piped.bytes,
  'held.tar.gz': hold(bigBytes, 5e6),
  'cut.tar.gz': bigBytes.subarray(0, 3e6),
  'broken-off.tar.gz': (response) => {
    response.writeHead(200, { 'content-length': bigBytes.length }).write(bigBytes.subarray(0, 3e6), () => response.destroy());
  },
  'zeros.tar.gz': zeros.bytes,
  'damaged.tar.gz': damaged,
};

/** Fails if a promise takes longer than so many seconds. */
async function within(seconds, promise, problem) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(problem)), seconds * 1000)));
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

const tests = {
  async 'a .tar.gz from the network, opened by keyboard'(page) {
    await page.openUrl('big.tar.gz');
    const { state, figures, rows } = await page.ended('big.tar.gz');
    assert.deepEqual(rows, big.expected);
    assert.equal(state, 'job done');
    const size = (statSync(big.path).size / 1e6).toFixed(1);
    const unpacked = (big.expected.reduce((sum, [, bytes]) => sum + bytes, 0) / 1e6).toFixed(1);
    assert.ok(figures.startsWith(`Done: ${size} MB of ${size} MB read, `), figures);
    assert.ok(figures.includes(` · ${unpacked} MB unpacked, `) && figures.endsWith(` · ${big.expected.length} files`), figures);
  },

  async 'archives of both kinds, dropped together'(page) {
    await page.drop(file('dropped.tar.gz', asTar.bytes), file('dropped.zip', asZip.bytes));
    assert.deepEqual((await page.ended('dropped.tar.gz')).rows, asTar.expected);
    assert.deepEqual((await page.ended('dropped.zip')).rows, asZip.expected);
  },

  async 'a .zip whose directory is needed, chosen; and one that is read without it'(page) {
    await page.choose('files', file('chosen.zip', piped.bytes));
    assert.deepEqual((await page.ended('chosen.zip')).rows, piped.expected);
    await page.openUrl('some.zip');
    assert.deepEqual((await page.ended('some.zip')).rows, asZip.expected);
    await page.openUrl('piped.zip');
    const { state, figures } = await page.ended('piped.zip');
    assert.equal(state, 'job failed');
    assert.match(figures, /^unsupported Zip archive: The file length is not available in the local header \(after /);
  },

  async 'a file is saved from an archive, opened from the private files, and deleted'(page) {
    await page.choose('add', file('kept.zip', zip({ 'in/few.tar.gz': asTar.bytes, 'in/few.txt': Buffer.from('few') }).bytes));
    await page.untilPrivate(['kept.zip']);
    await page.clickPrivate('Open kept.zip');
    await page.ended('kept.zip');
    await page.click('kept.zip', 'Save');
    await page.untilPrivate(['few.tar.gz', 'kept.zip']);
    await page.click('kept.zip', 'Save');
    await page.untilPrivate(['few-2.tar.gz', 'few.tar.gz', 'kept.zip']);
    await page.clickPrivate('Open few-2.tar.gz');
    assert.deepEqual((await page.ended('few-2.tar.gz')).rows, asTar.expected);
    for (const [name, rest] of [['few-2.tar.gz', ['few.tar.gz', 'kept.zip']], ['kept.zip', ['few.tar.gz']], ['few.tar.gz', []]]) {
      await page.clickPrivate(`Delete ${name}`);
      await page.untilPrivate(rest);
    }
  },

  async 'a file is saved from a download, which ends there'(page) {
    await page.openUrl('big.tar.gz');
    await page.ended('big.tar.gz');
    await page.click('big.tar.gz', 'Save');
    const { state, figures } = await page.ended('Saving zeros.bin');
    assert.equal(state, 'job done');
    // Of the 8 MB, what had arrived by then.
    assert.match(figures, /^Done: (\d+ kB|[0-4]\.\d MB) of .* 4\.2 MB unpacked, /);
    await page.untilPrivate(['zeros.bin']);
    await page.clickPrivate('Delete zeros.bin');
    await page.untilPrivate([]);
  },

  async 'while one waits for the network another one is read; then it goes on'(page) {
    await page.openUrl('held.tar.gz');
    await page.untilRows('held.tar.gz', 2);
    await page.openUrl('big.tar.gz');
    assert.deepEqual((await page.ended('big.tar.gz')).rows, big.expected);
    assert.equal((await page.shown('held.tar.gz')).state, 'job');
    held.response.end(bigBytes.subarray(5e6));
    assert.deepEqual((await page.ended('held.tar.gz')).rows, big.expected);
  },

  async 'two at once take turns'(page) {
    await page.drop(file('zeros-1.tar.gz', zeros.bytes), file('zeros-2.tar.gz', zeros.bytes));
    // Each has all its bytes from the beginning, and never waits but to give way.
    await page.page.until(`(([one, two]) => [one, two].every((job) => job.className === 'job'
      && / [1-9][0-9.]* MB unpacked/.test(job.querySelector('.figures').textContent)))(document.querySelectorAll('.job'))`);
    for (const number of [1, 2]) {
      assert.deepEqual((await page.ended(`zeros-${number}.tar.gz`)).rows, zeros.expected);
    }
  },

  async 'a chunk that unpacks to a thousand times its size does not keep the page from being drawn'(page) {
    await page.page.evaluate(`import('./frames.js').then(({ eachFrame }) => {
      window.drawn = 0;
      eachFrame(() => (drawn += document.querySelectorAll('.job:not(.done)').length));
    })`);
    // All of it is there at once.
    await page.drop(file('zeros.tar.gz', zeros.bytes));
    assert.deepEqual((await page.ended('zeros.tar.gz')).rows, zeros.expected);
    const drawn = await page.page.evaluate('drawn');
    assert.ok(drawn > 5, `${drawn} frames`);
  },

  async 'a download that is cancelled ends'(page) {
    await page.openUrl('held.tar.gz');
    await page.untilRows('held.tar.gz', 2);
    await page.click('held.tar.gz', 'Cancel');
    const { state, figures, rows } = await page.ended('held.tar.gz');
    assert.equal(state, 'job cancelled');
    assert.match(figures, /^Cancelled: /);
    assert.deepEqual(rows, big.expected.slice(0, rows.length));
    await within(10, held.closed, 'the connection is still open');
    await page.click('held.tar.gz', 'Read again');
    await page.untilRows('held.tar.gz', 2);
    await page.click('held.tar.gz', 'Cancel');
    assert.equal((await page.ended('held.tar.gz')).state, 'job cancelled');
  },

  async 'a computation that is cancelled ends, and one that is saved leaves no file'(page) {
    await page.drop(file('zeros.tar.gz', zeros.bytes));
    await page.untilBegun('zeros.tar.gz');
    await page.click('zeros.tar.gz', 'Cancel');
    assert.deepEqual((await page.ended('zeros.tar.gz')).rows, []);
    await page.click('zeros.tar.gz', 'Close');
    await page.openUrl('zeros.tar.gz');
    await page.ended('zeros.tar.gz');
    await page.click('zeros.tar.gz', 'Save');
    await page.untilBegun('Saving zeros');
    await page.click('Saving zeros', 'Cancel');
    assert.equal((await page.ended('Saving zeros')).state, 'job cancelled');
    await page.untilPrivate([]);
  },

  async 'nothing is left of what has ended: memory stays as it is'(page) {
    const read = async () => {
      await page.openUrl('big.tar.gz');
      await page.ended('big.tar.gz');
      await page.click('big.tar.gz', 'Close');
      // More stacks than memory could grow by unnoticed.
      for (let i = 0; i < 20; i += 1) {
        await page.openUrl('held.tar.gz');
        await page.untilRows('held.tar.gz', 1);
        await page.click('held.tar.gz', 'Cancel');
        await page.ended('held.tar.gz');
        await page.click('held.tar.gz', 'Close');
      }
    };
    // How much is used at once depends on how the network cuts what it brings, so that one round may need
    // more than those before it. Stacks that are left behind are 5 MiB in every round. Less than what is
    // free after the first round (a few kB of each job, say) would not be noticed.
    const more = [];
    await read();
    let before = [await page.wasmBytes(), await page.heapWithoutGarbage()];
    for (let round = 1; round <= 4; round += 1) {
      await read();
      const [wasm, heap] = [await page.wasmBytes(), await page.heapWithoutGarbage()];
      more.push([wasm - before[0], heap - before[1]]);
      if (more.some(([bytes]) => bytes === 0) && more.some(([, bytes]) => bytes < 1e6)) return;
      before = [wasm, heap];
    }
    assert.fail(`more bytes of wasm and of JavaScript after each round: ${more.join(' / ')}`);
  },

  async 'what is wrong with an archive is said'(page) {
    const read = async (name) => {
      await page.openUrl(name);
      const { state, figures } = await page.ended(name);
      assert.equal(state, 'job failed');
      return figures;
    };
    assert.match(await read('cut.tar.gz'), /^incomplete deflate stream \(after 3\.0 MB\)$/);
    assert.match(await read('damaged.tar.gz'), /^corrupt deflate stream|^corrupt gzip stream/);
    assert.match(await read('broken-off.tar.gz'), /^TypeError: network error \(after /);
    await page.drop(file('text.zip', 'just text'), file('nothing.zip', ''));
    assert.equal((await page.ended('text.zip')).figures, 'this is neither a .zip nor a .tar.gz archive (after 1 kB)');
    assert.equal((await page.ended('nothing.zip')).figures, 'this is empty (after 0 kB)');
    await page.openUrl('missing.tar.gz');
    await page.page.until('!document.getElementById("problem").hidden');
    assert.equal(await page.page.evaluate('document.getElementById("problem").textContent'),
      `${page.address}archives/missing.tar.gz: 404 Not Found`);
  },

  async 'everything can be reached by keyboard, and has a name'(page) {
    await page.drop(file('named.tar.gz', asTar.bytes));
    await page.ended('named.tar.gz');
    assert.deepEqual(await page.tabThrough(), ['Measure anew', 'Choose files', 'From the network', 'Open', 'Add',
      'Read named.tar.gz again', 'Close named.tar.gz', 'Save one.txt', 'Save empty', 'Save päth/tö.bin']);
  },
};

let failed = 0;
const only = process.argv[2] ?? '';
for (const [name, test] of Object.entries(tests).filter(([name]) => name.includes(only))) {
  try {
    await withArchives(archives, test);
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
rmSync(folder, { recursive: true });
console.log(`test.mjs: ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
