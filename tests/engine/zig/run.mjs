// Runs a module of Zig's: `node run.mjs MODULE plain|suspended`.
import { call, finish, instantiate, nap } from "../suspend.mjs";

const { memory } = instantiate(
  {
    env: {
      print: (at, length) =>
        console.log(new TextDecoder().decode(new Uint8Array(memory.buffer, at, length))),
      nap: nap((value) => value),
      nap_wide: nap((value) => BigInt.asUintN(64, value) / 3n),
      nap_real: nap((value) => value / 4),
    },
  }
);
call("main");
finish();
