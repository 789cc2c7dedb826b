// A page in a Chromium without a window, for tests.

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SECONDS = 60;
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--window-size=800,600', '--remote-debugging-pipe'];

/** Runs `body` with a page that shows this address, in a browser with these additional flags. */
export async function withPage(address, body, flags = []) {
  const profile = await mkdtemp(join(tmpdir(), 'bysyncify-chromium-'));
  const browser = start(profile, flags);
  try {
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    const send = (method, parameters) => browser.send(method, parameters, sessionId);
    await send('Runtime.enable');
    await send('Page.enable');
    await send('Page.navigate', { url: address });
    return await body(new Page(send, browser));
  } finally {
    await browser.end();
    await rm(profile, { recursive: true, force: true, maxRetries: 20 });
  }
}

class Page {
  #send;
  #faults;
  #listeners;

  constructor(send, { faults, listeners }) {
    this.#send = send;
    this.#faults = faults;
    this.#listeners = listeners;
  }

  /** The value of an expression in the page. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    return result.value;
  }

  /** Sends a command of the DevTools protocol. */
  send(method, parameters) {
    return this.#send(method, parameters);
  }

  /** Calls `listener` with each event of this name. */
  on(event, listener) {
    this.#listeners[event] = listener;
  }

  /** Waits until an expression is true. What the page says of itself is in the error. */
  async until(expression, seconds = SECONDS) {
    const end = Date.now() + seconds * 1000;
    while (!(await this.evaluate(expression).catch(() => false))) {
      if (Date.now() > end || this.#faults.length > 0) {
        const shown = await this.evaluate('document.body.innerText').catch(String);
        throw new Error(`not so: ${expression}\n${this.#faults.join('\n')}\nthe page shows:\n${shown}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Presses keys: the letters of a text, into what has the focus. */
  async type(text) {
    for (const letter of text) {
      const key = letter === '\n' ? { key: 'Enter', text: '\r', windowsVirtualKeyCode: 13 } : { key: letter, text: letter };
      await this.#send('Input.dispatchKeyEvent', { type: 'keyDown', ...key });
      await this.#send('Input.dispatchKeyEvent', { type: 'keyUp', ...key, text: undefined });
    }
  }

  /** Saves what the page looks like as a PNG. */
  async screenshot(file) {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png' });
    await writeFile(file, Buffer.from(data, 'base64'));
  }
}

/** Starts the browser. It talks JSON over two pipes, each message ended by a NUL. */
function start(profile, flags) {
  const program = process.env.BYSYNCIFY_CHROMIUM ?? 'chromium';
  const child = spawn(program, [...FLAGS, ...flags, `--user-data-dir=${profile}`],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
  const [, , stderr, input, output] = child.stdio;
  const waiting = new Map();
  const faults = [];
  const listeners = {};
  let [last, rest, noise] = [0, '', ''];

  const ended = new Promise((resolve) => child.on('close', resolve));
  const fail = (reason) => {
    for (const { reject } of waiting.values()) reject(new Error(`${program}: ${reason}\n${noise}`));
    waiting.clear();
  };
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code) => fail(`ended with ${code}`));
  // It may be gone when something is still to be written.
  input.on('error', () => {});
  stderr.on('data', (data) => (noise += data));
  output.setEncoding('utf8').on('data', (data) => {
    const messages = (rest + data).split('\0');
    rest = messages.pop();
    for (const { id, result, error, method, params } of messages.map((message) => JSON.parse(message))) {
      const { resolve, reject } = waiting.get(id) ?? {};
      waiting.delete(id);
      if (error) reject?.(new Error(error.message));
      else resolve?.(result);
      listeners[method]?.(params);
      if (method === 'Runtime.exceptionThrown') {
        const { exception, text } = params.exceptionDetails;
        faults.push(exception?.description ?? text);
      }
    }
  });

  const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, { resolve, reject });
    input.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
  });
  const end = () => {
    child.kill();
    return ended;
  };
  return { send, end, faults, listeners };
}
