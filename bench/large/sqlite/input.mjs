// The lines that SQL asks for, and the report that it should make of them.

import { orders } from '../../programs/orders.mjs';

export { input } from '../../programs/orders.mjs';

/** Worked out here without a line of SQL. */
export function expected() {
  const customers = {};
  for (const { customer: name, item, count, price, note } of orders) {
    const customer = (customers[name] ??= { orders: 0, urgent: 0, total: 0, items: {} });
    customer.orders += 1;
    customer.urgent += /urgent/i.test(note) ? 1 : 0;
    customer.total += price * count;
    customer.items[item] = (customer.items[item] ?? 0) + count;
  }
  const lines = Object.keys(customers).sort().map((name) => {
    const { orders: count, urgent, total, items } = customers[name];
    const best = Object.keys(items).sort((a, b) => items[b] - items[a] || (a < b ? -1 : 1))[0];
    const average = Math.floor(total / count);
    return `${name.toUpperCase()}: ${count} orders, ${urgent} urgent, ${total} (${average}), ${items[best]} ${best}\n`;
  });
  return lines.join('');
}

export const read = (result) => result.toString();
