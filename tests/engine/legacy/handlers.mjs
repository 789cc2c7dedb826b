// Runs `handlers.wat`, translated: `node handlers.mjs MODULE plain|suspended`.
import { call, finish, instantiate, nap } from "../suspend.mjs";

instantiate({ env: { nap: nap((value) => value * 2), put: (value) => console.log(value) } });
call("main");
finish();
