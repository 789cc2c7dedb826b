// Two questionnaires of a component, asked in turns: `node run.mjs <the component, transpiled>`.

import assert from "node:assert/strict";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { lines } from "./console.mjs";

const { questions } = await import(pathToFileURL(resolve(process.argv[2])));

/** Answers each question with a word of it, in capitals. */
const answer = (question) => question.split(" ").at(-1).slice(0, -1).toUpperCase();

function* ask(topics) {
  const questionnaire = new questions.Questionnaire(topics);
  let step = questionnaire.goOn(undefined);
  while (step.tag === "asks") {
    yield step.val;
    step = questionnaire.goOn(answer(step.val));
  }
  return step.val;
}

const asked = [ask(["ships", "shoes"]), ask(["wax"]), ask([])];
const steps = [];
while (asked.length > 0) {
  const first = asked.shift();
  const { value, done } = first.next();
  steps.push(value);
  if (!done) asked.push(first);
}

assert.deepEqual(steps, [
  "what of ships?",
  "what of wax?",
  [],
  "what of shoes?",
  "why WAX?",
  "why SHOES?",
  ["wax is WAX, for WAX"],
  "why SHIPS?",
  ["shoes is SHOES, for SHOES", "ships is SHIPS, for SHIPS"],
]);
assert.deepEqual(
  lines,
  steps.filter((step) => typeof step === "string").map((step) => `asks: ${step}`),
);

// One that is given up while it waits.
new questions.Questionnaire(["cabbages"]).goOn(undefined);
console.log("test result: ok. 2 passed; 0 failed");
