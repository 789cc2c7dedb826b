// The asynchronous host interface: the other side of `src/host/imports.rs`, where it is explained.
//
// A request begins a promise and returns. When that is settled, `complete` tells the module,
// which wakes whoever waits and runs until everything waits again.

import { open } from 'node:fs/promises';

const NOTHING = new Uint8Array();

export function hostInterface(trace) {
  let exports;
  /** What can be taken of each request: nothing until it is settled. */
  const answers = new Map();
  /** The open files. */
  const files = new Map();
  let lastFile = 0;

  // A new view each time: the old one is detached when the memory grows. Addresses arrive signed.
  const bytes = (address, length) => new Uint8Array(exports.memory.buffer, address >>> 0, length);
  const text = (address, length) => new TextDecoder().decode(bytes(address, length));

  /** Starts `work`, an async function of `{ status, answer }`. */
  async function request(id, work) {
    answers.set(id, NOTHING);
    let status;
    let answer = NOTHING;
    try {
      // This waits always, if only for a moment: the module does not expect to be called from
      // inside its own call.
      ({ status, answer = NOTHING } = await work());
    } catch (error) {
      answer = new TextEncoder().encode(error.message || String(error));
      status = -answer.length;
    }
    if (answers.has(id)) {
      answers.set(id, answer);
      exports.complete(id, status);
    }
  }

  const imports = {
    open(id, address, length) {
      const path = text(address, length);
      request(id, async () => {
        trace(`trace: open ${path}`);
        const handle = await open(path);
        const { size } = await handle.stat();
        if (!answers.has(id)) {
          await handle.close();
          return { status: 0 };
        }
        files.set(++lastFile, { path, handle, size });
        return { status: lastFile };
      });
    },
    read(id, file, length) {
      const { path, handle } = files.get(file);
      request(id, async () => {
        trace(`trace: read ${path}`);
        // Not straight into the module's memory, which may move while the read is under way.
        const buffer = new Uint8Array(length);
        const { bytesRead } = await handle.read(buffer, 0, length, null);
        trace(`trace: got ${bytesRead} of ${path}`);
        return { status: bytesRead, answer: buffer.subarray(0, bytesRead) };
      });
    },
    take(id, to, length) {
      bytes(to, length).set(answers.get(id).subarray(0, length));
    },
    forget(id) {
      answers.delete(id);
    },
    size: (file) => files.get(file).size,
    close(file) {
      const { path, handle } = files.get(file);
      files.delete(file);
      trace(`trace: close ${path}`);
      // Nothing was written, so nothing can be lost.
      handle.close().catch(() => {});
    },
  };

  return {
    imports,
    bytes,
    text,
    connect(instance) {
      exports = instance.exports;
    },
  };
}
