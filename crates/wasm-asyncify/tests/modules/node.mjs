// Runs modules that it knows nothing of, and suspends them in each of their imports: `node node.mjs FOLDER`
// with a folder that `node.rs` has written. Frames are put aside while code runs, as in `host.rs`, or stay
// in a memory of their own.
//
// Of each module it says what the plain one and the other did: a line for each call of an import with its
// arguments, and for each export what it ended with, what is in the memory and in globals then.
import { readFileSync } from "node:fs";

const folder = process.argv[2];
const { imports, cases } = JSON.parse(readFileSync(`${folder}/cases.json`));
const LENGTH = 60_000;
const DATA = 16;
const REWINDING = 2;

class Run {
  log = [];
  suspended = 0;
  // Objects of the module's, in the order in which they were seen.
  seen = new Map();
  // What was given to the host, by its type: it is given back later.
  given = new Map();

  constructor(file, { memory, wide, exports, stays }, suspends) {
    this.suspends = suspends;
    this.stays = stays;
    const named = imports.map(([parameters, results], at) => [
      at,
      (...values) => this.called(at, parameters, results, values),
    ]);
    const module = new WebAssembly.Module(readFileSync(`${folder}/${file}`));
    const env = Object.fromEntries(named);
    for (const name of ["__asyncify_state", "__asyncify_data"])
      env[name] = new WebAssembly.Global({ value: "i32", mutable: true }, 0);
    this.exports = new WebAssembly.Instance(module, { env }).exports;
    this.own = this.exports[memory];
    // One that was added has addresses of 32 bits.
    const added = this.exports.asyncify_memory;
    this.memory = added ?? this.own;
    this.data = wide && !added ? BigInt(DATA) : DATA;
    this.Words = wide && !added ? BigUint64Array : Uint32Array;
    if (suspends && this.memory.buffer.byteLength < LENGTH) throw new Error("no room for frames");
    for (const [name, kind, parameters] of exports) {
      if (kind === "func") this.log.push(`${name}: ${this.call(this.exports[name], parameters)}`);
      else this.log.push(`${name} is ${this.shown(this.exports[name].value)}`);
      this.log.push(`memory ${this.sum()}`);
    }
  }

  call(exported, parameters) {
    const zeros = parameters.map((type) => this.value(type, 0));
    if (this.suspends && this.stays) this.placeFrames(this.memory.buffer);
    try {
      for (;;) {
        const result = exported(...zeros);
        if (!this.suspends || this.exports.asyncify_get_state() === 0) return this.shown(result);
        this.exports.asyncify_stop_unwind();
        if (!this.stays) {
          // They go, and come back.
          this.swap();
          this.swap();
        }
        this.exports.asyncify_start_rewind(this.data);
      }
    } catch (error) {
      return error instanceof WebAssembly.Exception ? "an exception" : String(error.message ?? error);
    }
  }

  called(at, parameters, results, values) {
    if (this.suspends && this.exports?.asyncify_get_state() === REWINDING) {
      this.exports.asyncify_stop_rewind();
      if (!this.stays) this.swap();
      return this.answer();
    }
    this.log.push(`import ${at} ${values.map((value) => this.shown(value))}`);
    parameters.forEach((type, index) => this.given.set(type.replace("null ", ""), values[index]));
    const number = this.log.length;
    // Now and then it throws, when it is resumed.
    const throws = number % 11 === 10;
    const returned = results.map((type) => this.value(type, number));
    const value = returned.length > 1 ? returned : returned[0];
    this.answer = () => {
      if (throws) throw new Error(`thrown by ${number}`);
      return value;
    };
    if (!this.suspends || !this.exports) return this.answer();
    this.suspended++;
    if (!this.stays) {
      this.aside = new Uint8Array(LENGTH);
      this.placeFrames(this.aside.buffer);
      this.swap();
    }
    this.exports.asyncify_start_unwind(this.data);
    return value;
  }

  // A value of a type: the number says which.
  value(type, number) {
    const [, none, heap] = /^\(ref (null )?(\w+)\)$/.exec(type) ?? [];
    const given = this.given.get(`(ref ${heap})`) ?? null;
    const nothing = none && number % 3 === 0;
    switch (heap ?? type) {
      case "i64":
        return BigInt(number) << 20n;
      case "extern":
        return nothing ? null : number % 3 === 1 && given !== null ? given : { number };
      case "any":
        if (nothing) return null;
        return number % 3 === 1 && given !== null ? given : number % 2 ? number : { number };
      case "eq":
        return nothing ? null : number % 3 === 1 && given !== null ? given : number;
      case "i31":
        return nothing ? null : number;
      case "struct":
      case "array":
      case "func":
        return given;
      default:
        return number;
    }
  }

  shown(value) {
    if (Array.isArray(value)) return value.map((one) => this.shown(one)).join();
    if (typeof value === "function") return "a function";
    if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
    if (Object.getPrototypeOf(value) === Object.prototype) return `the host's ${value.number}`;
    if (!this.seen.has(value)) this.seen.set(value, this.seen.size);
    return `object ${this.seen.get(value)}`;
  }

  // Says from where to where they can be saved.
  placeFrames(buffer) {
    new this.Words(buffer, DATA, 2).set([64, LENGTH].map(this.data.constructor));
  }

  swap() {
    const there = new Uint8Array(this.memory.buffer, 0, LENGTH);
    const copy = there.slice();
    there.set(this.aside);
    this.aside = copy;
  }

  sum() {
    let sum = this.own.buffer.byteLength;
    for (const word of new Uint32Array(this.own.buffer)) if (word) sum = (Math.imul(sum, 31) + word) | 0;
    return sum;
  }
}

for (const one of cases) {
  const what = { seed: one.seed, stays: one.stays };
  try {
    const plain = new Run(`${one.file}.plain.wasm`, one, false);
    const ours = new Run(`${one.file}.wasm`, one, true);
    const at = plain.log.findIndex((line, at) => line !== ours.log[at]);
    what.calls = ours.log.length;
    what.suspended = ours.suspended;
    if (at >= 0 || plain.log.length !== ours.log.length)
      what.differs = `${at}: ${plain.log[at]}\nand ours: ${ours.log[at]}`;
  } catch (error) {
    what.refused = String(error);
  }
  console.log(JSON.stringify(what));
}
