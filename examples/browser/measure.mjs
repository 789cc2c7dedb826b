// Reads a large archive in the page, and prints how long its frames took: `cargo xtask bench browser`.
//
// It fails if something is wrong with the files, or if memory grows. How long frames take is for the
// reader to judge, who knows what else the machine was doing.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTarGz } from './test-archives.mjs';
import { withArchives } from './test-support.mjs';

const BYTES = 210e6;
const SECONDS = 600;

const folder = mkdtempSync(join(tmpdir(), 'bysyncify-measure-'));
try {
  const path = join(folder, 'chosen.tar.gz');
  const { expected } = await writeTarGz(path, { bytes: BYTES, each: 4 << 20, zeros: 64 << 20 });
  const packed = statSync(path).size;
  const unpacked = expected.reduce((sum, [, bytes]) => sum + bytes, 0);
  console.log(`an archive of ${mb(packed)}, with ${expected.length} files of together ${mb(unpacked)}`);
  await withArchives({ 'fetched.tar.gz': path }, async (archives) => {
    const fetched = { name: 'fetched.tar.gz', open: () => archives.openUrl('fetched.tar.gz'), packed, expected };
    const chosen = { name: 'chosen.tar.gz', open: () => archives.choose('files', path), packed, expected };
    await idle(archives);
    await measure('from the network', archives, [fetched]);
    await measure('a file', archives, [chosen]);
    await measure('both at once', archives, [fetched, chosen]);
    if (process.env.BYSYNCIFY_SCREENSHOT) await show(archives, [fetched, chosen], process.env.BYSYNCIFY_SCREENSHOT);
  });
} finally {
  rmSync(folder, { recursive: true });
}

/** What the frames are like when there is nothing to do: that is the machine. */
async function idle(archives) {
  await archives.beginTrace();
  await archives.measureAnew();
  await new Promise((resolve) => setTimeout(resolve, 5000));
  print('idle', await archives.frames(), await archives.endTrace());
}

/** Reads archives, all at once. */
async function measure(title, archives, jobs) {
  const before = await archives.heapWithoutGarbage();
  await archives.beginTrace();
  await archives.measureAnew();
  const began = performance.now();
  for (const { open } of jobs) await open();
  // By now they have all the memory that they need.
  for (const { name, expected } of jobs) await archives.untilRows(name, expected.length / 4);
  const wasm = await archives.wasmBytes();
  let most = 0;
  while (await archives.runs()) {
    most = Math.max(most, await archives.heap());
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const seconds = (performance.now() - began) / 1000;
  const [frames, tasks] = [await archives.frames(), await archives.endTrace()];
  for (const { name, expected } of jobs) {
    const { state, rows, figures } = await archives.ended(name, SECONDS);
    assert.equal(state, 'job done', figures);
    assert.deepEqual(rows, expected);
  }
  assert.equal(await archives.wasmBytes(), wasm, 'the module’s memory has grown');
  const after = await archives.heapWithoutGarbage();
  assert.ok(after - before < 2e6, `JavaScript keeps ${mb(after - before)}`);
  print(title, frames, tasks);
  const packed = jobs.reduce((sum, job) => sum + job.packed, 0);
  console.log(`  ${seconds.toFixed(1)} s, ${(packed / 1e6 / seconds).toFixed(1)} MB/s packed; memory: WebAssembly ${mb(wasm)},`
    + ` JavaScript ${mb(before)} before, at most ${mb(most)}, ${mb(after)} after`);
  for (const { name } of jobs) await archives.click(name, 'Close');
}

/** Takes a picture in the middle. */
async function show(archives, jobs, file) {
  for (const { open } of jobs) await open();
  // What collecting garbage for the measurements took is not the page's.
  await archives.measureAnew();
  for (const { name } of jobs) await archives.untilRows(name, 40);
  await archives.page.screenshot(file);
}

function print(title, { count, rate, median, p95, p99, longest }, tasks) {
  const ms = (time) => `${time.toFixed(1)} ms`;
  console.log(`${title}: ${count} frames, ${rate.toFixed(1)} per second; median ${ms(median)},`
    + ` 95 % ${ms(p95)}, 99 % ${ms(p99)}, longest ${ms(longest)}`);
  console.log(`  ${tasks.count} tasks of the page’s thread; the longest took ${ms(tasks.byClock)}, the longest without`
    + ` interruptions ${ms(tasks.worked)}`);
}

function mb(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
