// Shows a page in a headless browser, and prints the report of the page.
//
//     node browser.mjs <chromium> <page> <folder>…
//
// Serves the folders. If several have a file of the same name, the first one is served. The page is one of these files.
// It sends its report by POST to /report. If none comes, that is an error.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";

const SECONDS = 60;
const [chromium, page, ...folders] = process.argv.slice(2);

/** The types that browsers require. */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

async function find(path) {
  for (const folder of folders) {
    try {
      return await readFile(join(folder, path));
    } catch {
      // It may be in the next one.
    }
  }
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (request.method === "POST" && pathname === "/report") {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end();
    console.log(Buffer.concat(chunks).toString());
    end(0);
  } else {
    const content = await find(pathname);
    const type = TYPES[extname(pathname)] ?? "text/plain";
    response.writeHead(content ? 200 : 404, { "content-type": type }).end(content);
  }
});

const profile = await mkdtemp(join(tmpdir(), "bysyncify-browser-"));
let browser;
let noise = "";

function fail(message) {
  console.error(`${message}\nthe browser said:\n${noise}`);
  end(1);
}

/** Leaves neither the browser nor its profile behind. */
function end(code) {
  process.exitCode = code;
  clearTimeout(timer);
  server.close();
  server.closeAllConnections?.();
  browser.removeAllListeners("exit");
  browser.on("exit", () => removeProfile(20));
  browser.kill();
}

/** Processes of the browser may still be writing to it. */
async function removeProfile(attempts) {
  try {
    await rm(profile, { recursive: true, force: true });
  } catch (error) {
    if (attempts === 0) throw error;
    setTimeout(() => removeProfile(attempts - 1), 100);
  }
}

const timer = setTimeout(() => fail(`${page} reported nothing for ${SECONDS} s`), SECONDS * 1000);

server.listen(0, "localhost", () => {
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
  flags.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
  flags.push(`--user-data-dir=${profile}`, "--enable-logging=stderr");
  browser = spawn(chromium, [...flags, `http://localhost:${server.address().port}/${page}`]);
  browser.stderr.on("data", (data) => (noise += data));
  browser.on("exit", (code) => fail(`the browser ended with ${code}`));
  browser.on("error", (error) => fail(`cannot run ${chromium}: ${error.message}`));
});
