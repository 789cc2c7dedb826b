// Runs a module of MoonBit's: `node moonbit.mjs MODULE plain|suspended`.
import { call, finish, instantiate, nap } from "../suspend.mjs";

let line = "";
class Handle {
  constructor(value) {
    this.value = value;
  }
}
instantiate({
  env: {
    nap: nap((value) => value),
    nap_wide: nap((value) => value / 3n),
    nap_real: nap((value) => value / 2),
    nap_handle: nap((handle) => new Handle(handle.value + 1)),
    make_handle: (value) => new Handle(value),
    read_handle: (handle) => handle.value,
    put: (code) => {
      if (code !== 10) return void (line += String.fromCharCode(code));
      console.log(line);
      line = "";
    },
  },
});
call("_start");
finish();
