// The lines that this program's script reads, and what it should report of them.

import { ITEMS, orders } from '../orders.mjs';

export { input } from '../orders.mjs';

/** Worked out here without a line of the script. */
export function expected() {
  const customers = {};
  let sum = 0;
  for (const { customer: name, item, count, price, note } of orders) {
    const customer = (customers[name] ??= { orders: 0, urgent: 0, total: 0, unit: 0, items: {} });
    customer.orders += 1;
    customer.urgent += /urgent/i.test(note) ? 1 : 0;
    customer.total += price * count;
    for (let b = price * count; b !== 0;) [customer.unit, b] = [b, customer.unit % b];
    customer.items[item] = (customer.items[item] ?? 0) + count;
    const checksum = [...item].reduce((a, c) => (a * 31 + c.codePointAt(0)) % 1_000_003, 7);
    sum = (sum + checksum) % 1_000_003;
  }
  const lines = Object.keys(customers).sort().map((name) => {
    const { orders: count, urgent, total, unit, items } = customers[name];
    const [best, most] = ITEMS.reduce((best, item) => (items[item] > best[1] ? [item, items[item]] : best), ['', 0]);
    const average = Math.floor(total / count);
    return `${name.toUpperCase()}: ${count} orders, ${urgent} urgent, ${total} (${average}, ${unit}), ${most} ${best}\n`;
  });
  return `${lines.join('')}sum ${sum}\n`;
}

export const read = (result) => result.toString();
