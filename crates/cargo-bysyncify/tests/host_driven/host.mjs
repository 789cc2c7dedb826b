// Runs modules, each suspended once in its `main`, and prints what they log: one line for each, with `|`
// where it was suspended; or what ends it. The first path is of the module that the others know as `other`.
import fs from 'node:fs';

const DATA = 16;
const [otherPath, ...paths] = process.argv.slice(1);

function run(path) {
    const log = [];
    const instances = [];
    const memory = new WebAssembly.Memory({ initial: 1 });
    const table = new WebAssembly.Table({ initial: 4, element: 'anyfunc' });
    let sleeping = false;
    const all = (name, ...values) => {
        for (const exports of instances) exports[`asyncify_${name}`]?.(...values);
    };
    const env = {
        log: value => log.push(value),
        sleep() {
            sleeping = !sleeping;
            if (!sleeping) return all('stop_rewind');
            const used = instances.at(-1).memory ?? memory;
            new Int32Array(used.buffer).set([DATA + 8, 4096], DATA / 4);
            all('start_unwind', DATA);
        },
    };
    const instantiate = (path, other) => {
        const module = new WebAssembly.Module(fs.readFileSync(path));
        const { exports } = new WebAssembly.Instance(module, { env, other });
        instances.push(exports);
        return exports;
    };
    const { waits, with_result } = instantiate(otherPath, { memory });
    table.set(2, with_result);
    const main = instantiate(path, { memory, table, waits });
    main.table?.set(2, with_result);
    main.set?.(main.waits);
    try {
        main.main();
    } catch (error) {
        // A function that is named as the message.
        return [...log, error.stack.match(/cannot_wait_in_[a-z_]+/) ?? error].join(' ');
    }
    const { suspended, resume } = main;
    suspended ? suspended() : all('stop_unwind');
    log.push('|');
    resume ? resume() : all('start_rewind', DATA);
    main.main();
    return log.join(' ');
}

for (const path of paths) console.log(run(path));
