// Runs a module of AssemblyScript's: `node run.mjs MODULE plain|suspended`.
import { call, finish, instantiate, nap } from "../suspend.mjs";

// A string is UTF-16, its length in bytes before it.
const text = (at) => {
  const length = new Uint32Array(memory.buffer, at - 4, 1)[0];
  return new TextDecoder("utf-16le").decode(new Uint8Array(memory.buffer, at, length));
};
const { memory } = instantiate(
  {
    env: {
      abort: (message, file, line) => {
        throw new Error(`${text(message)} in line ${line}`);
      },
    },
    // The file's name.
    program: {
      print: (at) => console.log(text(at)),
      nap: nap((value) => value),
      napLong: nap((value) => value * 3n),
      napReal: nap((value) => value / 2),
    },
  }
);
call("main");
finish();
