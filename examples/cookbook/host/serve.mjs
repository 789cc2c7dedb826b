// A web server for the cookbook's programs: to this machine only.

import { createServer } from 'node:http';

/** Answers by `handle`; where it is, and how to end it. */
export async function serve(handle) {
  const server = createServer((request, response) => {
    Promise.resolve(handle(request, response)).catch(() => response.destroy());
  });
  await new Promise((resolve, reject) => server.on('error', reject).listen(0, 'localhost', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections?.();
  };
  return { url: `http://localhost:${server.address().port}/`, close };
}
