// Reads orders, one in each line, and reports on them. `readLine()` is the program's: it returns
// `undefined` after the last line. The value of this script is the report.

class Customer {
  orders = 0;
  urgent = 0;
  total = 0;
  unit = 0;
  items = new Map();

  enter({ item, count, price, note }) {
    this.orders += 1;
    this.urgent += /urgent/i.test(note) ? 1 : 0;
    this.total += price * count;
    this.unit = greatestCommonDivisor(this.unit, price * count);
    this.items.set(item, (this.items.get(item) ?? 0) + count);
  }

  describe(name) {
    let best = ['', 0];
    for (const item of [...this.items.keys()].sort()) {
      if (this.items.get(item) > best[1]) best = [item, this.items.get(item)];
    }
    const average = Math.floor(this.total / this.orders);
    return `${name.toUpperCase()}: ${this.orders} orders, ${this.urgent} urgent, ${this.total} (${average}, ${this.unit}), ${best[1]} ${best[0]}\n`;
  }
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

// Waits in the middle of a generator, as deep as the loop below is.
function* orders() {
  for (let line = readLine(); line !== undefined; line = readLine()) {
    const [customer, item, count, price, note] = line.split(';');
    yield { customer, item, count: Number(count), price: Number(price), note };
  }
}

const customers = new Map();
let sum = 0;
for (const order of orders()) {
  if (!customers.has(order.customer)) customers.set(order.customer, new Customer());
  customers.get(order.customer).enter(order);
  const checksum = [...order.item].reduce((a, c) => (a * 31 + c.codePointAt(0)) % 1000003, 7);
  sum = (sum + checksum) % 1000003;
}
const lines = [...customers.keys()].sort().map((name) => customers.get(name).describe(name));
`${lines.join('')}sum ${sum}\n`;
