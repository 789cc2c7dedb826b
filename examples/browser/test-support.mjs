// For test.mjs and measure.mjs: the page in a browser, and a server for it and for archives.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { withPage } from '../shared/chromium.mjs';
import { beside } from '../shared/serve.mjs';

const web = beside(import.meta.url)('web');

/** Browsers insist on these. */
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** The folder that wasm-bindgen wrote. */
export function builtPackage() {
  const script = process.env.BYSYNCIFY_JS;
  if (!script) {
    console.error('set BYSYNCIFY_JS to what wasm-bindgen wrote, or run `cargo xtask test --example browser`');
    process.exit(2);
  }
  return dirname(script);
}

/**
 * Serves the page, and under /archives/ what `archives` has: the path of a file, bytes, or a function
 * that is given the response.
 */
export async function serve(archives) {
  const built = builtPackage();
  const server = createServer(async ({ url }, response) => {
    const [, folder, ...rest] = new URL(url, 'http://localhost').pathname.split('/');
    const archive = folder === 'archives' ? archives[rest.join('/')] : undefined;
    if (typeof archive === 'function') {
      archive(response);
    } else if (Buffer.isBuffer(archive)) {
      response.writeHead(200, { 'content-length': archive.length }).end(archive);
    } else {
      const path = archive ?? (folder === 'pkg' ? join(built, ...rest) : join(web, folder || 'index.html', ...rest));
      const size = await stat(path).then((found) => found.size, () => undefined);
      if (size === undefined) {
        response.writeHead(404).end();
        return;
      }
      const type = TYPES[extname(path)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'content-length': size, 'cache-control': 'no-store' });
      // It ends early if the page cancels.
      createReadStream(path, { highWaterMark: 1 << 18 }).on('error', () => response.destroy()).pipe(response);
    }
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections?.();
  };
  return { address: `http://localhost:${server.address().port}/`, close };
}

/** Runs `body` with the page, ready for use, and what one does with it. */
export async function withArchives(archives, body) {
  const { address, close } = await serve(archives);
  try {
    await withPage(address, async (page) => {
      await page.send('Emulation.setDeviceMetricsOverride',
        { width: 1200, height: 860, deviceScaleFactor: 1, mobile: false });
      await page.until('document.getElementById("rate")?.textContent > 0');
      await body(new Archives(page, address));
    });
  } finally {
    close();
  }
}

/** The page as its user has it. */
class Archives {
  constructor(page, address) {
    this.page = page;
    this.address = address;
  }

  /** Drops files, by their paths, onto the page. */
  async drop(...files) {
    const data = { items: [], files, dragOperationsMask: 1 };
    const send = (type) => this.page.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
    await send('dragEnter');
    // Before the page has said that it takes files, none can be dropped; it may miss an event before.
    do await send('dragOver'); while (!await this.page.evaluate('document.body.classList.contains("over")'));
    await send('drop');
  }

  /** Chooses a file for the input of this id. */
  async choose(id, file) {
    const { result } = await this.page.send('Runtime.evaluate', { expression: `document.getElementById('${id}')` });
    await this.page.send('DOM.setFileInputFiles', { objectId: result.objectId, files: [file] });
  }

  /** Types the address of an archive, and Enter. */
  async openUrl(name) {
    await this.page.evaluate('document.getElementById("url").select()');
    await this.page.type(`${this.address}archives/${name}\n`);
  }

  /** Clicks the first button of this text, in the card of this name. */
  click(name, text) {
    return this.page.evaluate(`[...${card(name)}.querySelectorAll('button')]
      .find((button) => button.textContent === '${text}').click()`);
  }

  /** What a card shows: whether it is done, the line of figures, the rows. */
  shown(name) {
    return this.page.evaluate(`(() => {
      const card = ${card(name)};
      const rows = [...card.querySelectorAll('tbody tr')].map(({ cells }) => [cells[0].textContent,
        Number(cells[1].textContent.replaceAll(',', '')), cells[2].firstChild.title]);
      return { state: card.className, figures: card.querySelector('.figures').textContent, rows };
    })()`);
  }

  /** Waits until the job of this name has begun. */
  async untilBegun(name) {
    await this.page.until(`/ unpacked/.test(${card(name)}?.querySelector('.figures').textContent)`);
  }

  /** Whether there is a job that has not ended. */
  runs() {
    return this.page.evaluate('document.querySelector(".job:not(.done, .failed, .cancelled)") !== null');
  }

  /** Waits until the job of this name has ended; what it then shows. */
  async ended(name, seconds = undefined) {
    await this.page.until(`/done|failed|cancelled/.test(${card(name)}?.className)`, seconds);
    return this.shown(name);
  }

  /** How many of a job's rows there are. */
  async untilRows(name, count) {
    await this.page.until(`${card(name)}?.querySelectorAll('tbody tr').length >= ${count}`);
  }

  /** Clicks the button of this name, as those who do not see it know it. */
  clickPrivate(label) {
    return this.page.evaluate(`document.querySelector('#private [aria-label="${label}"]').click()`);
  }

  /** Waits until these are the private files. */
  async untilPrivate(names) {
    await this.page.until(`JSON.stringify([...document.querySelectorAll('#private .name')]
      .map(({ textContent }) => textContent)) === ${JSON.stringify(JSON.stringify(names))}`);
  }

  /** Presses Tab until nothing more gets the focus: the names of what got it. */
  async tabThrough() {
    await this.page.evaluate('document.activeElement.blur()');
    const names = [];
    for (;;) {
      await this.page.send('Input.dispatchKeyEvent', { type: 'keyDown', key: 'Tab', windowsVirtualKeyCode: 9 });
      await this.page.send('Input.dispatchKeyEvent', { type: 'keyUp', key: 'Tab', windowsVirtualKeyCode: 9 });
      const name = await this.page.evaluate(`(({ tagName, labels, ariaLabel, textContent }) =>
        tagName === 'BODY' ? null : ariaLabel ?? labels?.[0]?.textContent ?? textContent)(document.activeElement)`);
      if (name === null || names.includes(name)) return names;
      names.push(name);
    }
  }

  /** How large the module's memory is. */
  wasmBytes() {
    return this.page.evaluate('import("./pkg/browser.js").then(async ({ default: init }) => (await init()).memory.buffer.byteLength)');
  }

  /** What JavaScript has on its heap, and in buffers beside it. */
  async heap() {
    const { usedSize, backingStorageSize = 0 } = await this.page.send('Runtime.getHeapUsage');
    return usedSize + backingStorageSize;
  }

  async heapWithoutGarbage() {
    await this.page.send('HeapProfiler.enable');
    await this.page.send('HeapProfiler.collectGarbage');
    return this.heap();
  }

  /** The figures of the frames since they were last measured anew. */
  frames() {
    return this.page.evaluate('import("./frames.js").then(({ figures }) => figures())');
  }

  /** Begins a trace of what the page's thread does. */
  async beginTrace() {
    this.tasks = [];
    this.page.on('Tracing.dataCollected', ({ value }) => this.tasks.push(...value.filter(({ name }) =>
      name === 'RunTask' || name === 'thread_name')));
    await this.page.send('Tracing.start', { traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'] } });
  }

  /**
   * Ends it: the longest task by the clock, and the longest by the time that the processor has worked
   * on it, in milliseconds. The difference is what the machine did meanwhile.
   */
  async endTrace() {
    const complete = new Promise((resolve) => this.page.on('Tracing.tracingComplete', resolve));
    await this.page.send('Tracing.end');
    await complete;
    const threads = this.tasks.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`);
    // Without those of which only the beginning or the end was seen.
    const tasks = this.tasks.filter(({ name, pid, tid, dur, tdur }) =>
      name === 'RunTask' && threads.includes(`${pid} ${tid}`) && dur !== undefined && tdur !== undefined);
    const most = (times) => times.reduce((a, b) => Math.max(a, b), 0) / 1000;
    return { count: tasks.length, byClock: most(tasks.map(({ dur }) => dur)), worked: most(tasks.map(({ tdur }) => tdur)) };
  }

  measureAnew() {
    return this.page.evaluate('document.getElementById("reset").click()');
  }
}

const card = (name) => `[...document.querySelectorAll('.job')].find((card) => card.querySelector('h2').textContent === ${JSON.stringify(name)})`;
