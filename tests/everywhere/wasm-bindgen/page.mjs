// Runs the suite in a page, and sends the report to where the page came from. `load` resolves to
// the module's exports.

import { run } from "./suite.mjs";

/** What nobody catches would be lost: a panic in a spawned task, for instance. */
const lost = [];
addEventListener("error", ({ message }) => lost.push(message));
addEventListener("unhandledrejection", ({ reason }) => lost.push(reason));

export async function report(load) {
  let text;
  try {
    text = await run(await load());
  } catch (error) {
    lost.push(error.stack ?? error);
  }
  const body = [text, ...lost.map((error) => `FAILED behind the suite's back: ${error}`)].join("\n");
  await fetch("/report", { method: "POST", body });
}
