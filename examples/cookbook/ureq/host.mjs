// `node host.mjs cookbook-ureq.wasm`: serves a list of tasks, and has the program work with it.

import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { run } from '../host/host.mjs';
import { serve } from '../host/serve.mjs';

/** Serves tasks, slowly. `seen` are the requests. */
export async function serveTasks() {
  const tasks = [{ id: 1, title: 'buy bread', done: true }, { id: 2, title: 'read', done: false }];
  const seen = [];
  const server = await serve(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const body = await new Response(request).text();
    seen.push([request.method, request.url, request.headers['content-type'], body].filter(Boolean).join(' '));
    await setTimeout(20);
    const answer = (status, content) => response
      .writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));

    const [, id] = /^\/tasks(?:\/(\d+))?$/.exec(pathname) ?? [];
    const task = tasks.find((it) => it.id === Number(id));
    if (request.method === 'GET') {
      const isDone = searchParams.get('done');
      answer(200, tasks.filter(({ done }) => isDone === null || `${done}` === isDone));
    } else if (request.headers.authorization !== 'Bearer 1234') {
      answer(401, { error: 'who are you?' });
    } else if (request.method === 'POST') {
      answer(201, tasks[tasks.push({ id: tasks.length + 1, done: false, ...JSON.parse(body) }) - 1]);
    } else {
      answer(200, Object.assign(task, JSON.parse(body)));
    }
  });
  return { ...server, seen };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = 1;
  const server = await serveTasks();
  if (await run(process.argv[2], [server.url])) process.exitCode = 0;
  server.close();
}
