// Gives each caller a turn of the event loop of its own. In between, the browser can do more urgent work.
//
// The page sends a message to itself, because a timer would take at least 4 ms, and in a hidden page a second.

const { port1, port2 } = new MessageChannel();
const waiting = [];

port1.onmessage = () => waiting.shift()();

export function nextTurn() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}
