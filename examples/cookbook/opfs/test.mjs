// Tests of the page in a browser: `BYSYNCIFY_JS=…/cookbook_opfs.js node test.mjs`.

import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { withPage } from '../../shared/chromium.mjs';
import { beside, serve } from '../../shared/serve.mjs';
import { test } from '../host/testing.mjs';

const web = beside(import.meta.url)('web');
const script = process.env.BYSYNCIFY_JS;
const files = {
  '/': join(web, 'index.html'),
  '/page.js': join(web, 'page.js'),
  '/pkg/cookbook_opfs.js': script,
  '/pkg/cookbook_opfs_bg.wasm': join(dirname(script), 'cookbook_opfs_bg.wasm'),
};

/** Runs a test in a page, in a browser of its own, which has no notes yet. */
async function inPage(body) {
  const { address, close } = await serve(files);
  try {
    await withPage(address, async (page) => {
      await ready(page);
      await body(page);
    });
  } finally {
    close();
  }
}

const ready = (page) => page.until('/^\\d+ notes$/.test(document.querySelector("#state").textContent)');
const shown = (page) => page.evaluate('[state.textContent, ...[...found.children].map((it) => it.textContent)]');

/** Presses the button, and waits until the page says this. */
async function add(page, text, state) {
  await page.evaluate(`document.querySelector('#text').value = ${JSON.stringify(text)}`);
  await page.evaluate('document.querySelector("button").click()');
  await page.until(`state.textContent === ${JSON.stringify(state)}`);
}

async function reload(page) {
  await page.evaluate('state.textContent = "", location.reload()');
  await ready(page);
}

await test({
  'notes are there when the page is opened again': () => inPage(async (page) => {
    assert.deepEqual(await shown(page), ['0 notes']);
    await add(page, 'buy milk', '1 notes');
    await add(page, 'call Ada', '2 notes');
    await reload(page);
    assert.deepEqual(await shown(page), ['2 notes', 'call Ada', 'buy milk']);
  }),

  'a transaction that fails leaves nothing': () => inPage(async (page) => {
    await add(page, 'one', '1 notes');
    await add(page, '', 'CHECK constraint failed: text <> \'\'');
    // Larger than SQLite's cache, so that it writes pages before it knows of the error.
    const failed = `notes.add([...Array.from({ length: 60000 }, (_, i) => 'x'.repeat(90) + i), ''])`;
    assert.equal(await page.evaluate(`${failed}.catch((error) => error.message)`), 'CHECK constraint failed: text <> \'\'');
    assert.equal(await page.evaluate('notes.count()'), 1);
    await reload(page);
    assert.deepEqual(await shown(page), ['1 notes', 'one']);
  }),

  'a page that is closed in a transaction leaves all of it, or nothing': () => inPage(async (page) => {
    await add(page, 'one', '1 notes');
    const texts = `Array.from({ length: 20000 }, () => 'x'.repeat(90))`;
    for (const milliseconds of [50, 250, 500, 750, 1000]) {
      const before = await page.evaluate('notes.count()');
      await page.evaluate(`notes.add(${texts}), new Promise((resolve) => setTimeout(resolve, ${milliseconds}))`);
      await reload(page);
      const after = await page.evaluate('notes.count()');
      assert.ok(after === before || after === before + 20000, `${before} notes, then ${after}`);
      assert.deepEqual(await page.evaluate('notes.find("one")'), ['one']);
    }
  }),

  'another page waits until this one is closed': () => inPage(async (page) => {
    await page.evaluate(`new Promise((resolve) => {
      const other = Object.assign(document.createElement('iframe'), { name: 'other', src: '/' });
      other.onload = () => setTimeout(resolve, 500);
      document.body.append(other);
    })`);
    const other = 'frames.other.document.querySelector("#state").textContent';
    assert.equal(await page.evaluate(other), 'Waiting for another page with these notes to be closed …');
  }),

  'calls at the same time take turns, and the page runs meanwhile': () => inPage(async (page) => {
    const texts = (from) => `Array.from({ length: 30000 }, (_, i) => 'note ' + (${from} + i) + ' '.repeat(80))`;
    const result = await page.evaluate(`(async () => {
      let ticks = 0;
      const clock = setInterval(() => ticks += 1, 0);
      await Promise.all([notes.add(${texts(0)}), notes.add(${texts(30000)}), notes.find('0'), notes.count()]);
      clearInterval(clock);
      const found = await notes.find('note 4711 ');
      return [ticks > 10, await notes.count(), found.map((it) => it.trim())];
    })()`);
    assert.deepEqual(result, [true, 60000, ['note 4711']]);
    await reload(page);
    assert.equal(await page.evaluate('notes.count()'), 60000);
    // The file has more than SQLite's cache, so this reads all of it.
    assert.deepEqual(await page.evaluate('notes.find("note 59999 ").then((all) => all.map((it) => it.trim()))'), ['note 59999']);
  }),
});
