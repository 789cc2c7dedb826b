// Runs `objects.wat`: `node objects.mjs MODULE plain|suspended`.
import { call, finish, instantiate, nap } from "../suspend.mjs";

const same = (value) => value;
instantiate({
  env: {
    nap: nap(same),
    nap_any: nap(same),
    nap_struct: nap(same),
    // A number is an i31 to a module.
    nap_null: nap((value) => (typeof value === "number" ? null : value)),
    make: (number) => ({ number }),
    read: ({ number }) => number,
    put: (value) => console.log(value),
  },
});
call("main");
finish();
