// Orders, one in each line: the input of the programs that interpret something.

import { numbers } from './random.mjs';

const LINES = 2000;
export const ITEMS = ['bolts', 'lamps', 'nuts', 'screws', 'washers, flat', 'éclairs'];

const WORDS = ['Urgent', 'please', 'ring', 'twice', 'before', 'noon', 'URGENT', 'the', 'back', 'door'];

const random = numbers(2);
export const orders = Array.from({ length: LINES }, () => ({
  customer: `customer-${100 + random(100)}`,
  item: ITEMS[random(ITEMS.length)],
  count: 1 + random(20),
  price: 5 * (1 + random(1000)),
  note: Array.from({ length: random(40) }, () => WORDS[random(WORDS.length)]).join(' '),
}));

export const input = Buffer.from(
  orders.map((order) => `${Object.values(order).join(';')}\n`).join(''),
);
