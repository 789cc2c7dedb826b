// Ordinary functions that wait: in a callback, in a getter, in a generator.
const load = (name) => JSON.parse(fetch(`${name}.json`));

const basket = {
  names: ['bread', 'butter', 'tea'],
  get total() {
    return this.names.map(load).reduce((sum, { price }) => sum + price, 0);
  },
};
print(`in all ${basket.total}`);

function* ticks(count) {
  for (let i = 1; i <= count; i += 1) {
    sleep(10);
    yield i;
  }
}
print([...ticks(3)].join(' '));

try {
  fetch('nothing.json');
} catch (error) {
  print(error.message.replace(/^.*\/nothing/, 'nothing'));
}
