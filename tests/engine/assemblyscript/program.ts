// Classes, generics, functions in tables and strings, on a heap with a collector: whoever waits has
// something alive in there.
declare function print(text: string): void;
declare function nap(value: i32): i32;
declare function napLong(value: i64): i64;
declare function napReal(value: f64): f64;

const room = memory.data(60000, 8);

// Where the host saves frames: from where to where is told there.
export function frames(): usize {
  store<usize>(room, room + 8);
  store<usize>(room + 4, room + 60000);
  return room;
}

abstract class Shape {
  constructor(public name: string) {}
  abstract area(): f64;
  describe(): string {
    return this.name + ": " + this.area().toString();
  }
}

class Circle extends Shape {
  constructor(private radius: f64) {
    super("circle " + nap(1).toString());
  }
  area(): f64 {
    return Math.round(napReal(this.radius) * napReal(this.radius) * 400) / 100;
  }
}

class Box extends Shape {
  constructor(private width: f64, private height: f64) {
    super("box");
  }
  area(): f64 {
    const width = napReal(this.width);
    return width * napReal(this.height) * 4;
  }
  describe(): string {
    return "<" + super.describe() + ">";
  }
}

class Named extends Box {
  describe(): string {
    collect();
    return this.name.toUpperCase() + " " + super.describe();
  }
}

interface Visitor {
  visit(node: Node<string>): bool;
}

class Node<T> {
  left: Node<T> | null = null;
  right: Node<T> | null = null;
  constructor(public value: T, public weight: i64) {}

  insert(value: T, weight: i64, less: (a: T, b: T) => bool): void {
    if (less(value, this.value)) {
      const left = this.left;
      if (left) left.insert(value, weight, less);
      else this.left = new Node<T>(value, napLong(weight));
    } else {
      const right = this.right;
      if (right) right.insert(value, weight, less);
      else this.right = new Node<T>(value, napLong(weight));
    }
  }
}

function walk(node: Node<string> | null, visitor: Visitor): bool {
  if (!node) return true;
  return walk(node.left, visitor) && visitor.visit(node) && walk(node.right, visitor);
}

class Joins implements Visitor {
  text: string = "";
  weight: i64 = 0;
  visit(node: Node<string>): bool {
    this.text = `${this.text}${node.value}/${nap(node.value.length)} `;
    this.weight += node.weight;
    return this.text.length < 60;
  }
}

class Stops implements Visitor {
  constructor(private at: string) {}
  visit(node: Node<string>): bool {
    return node.value != this.at || nap(0) != 0;
  }
}

// Garbage, and a whole collection, while those above wait for what they have.
function collect(): void {
  for (let i = 0; i < 20; i++) {
    const garbage = new Array<string>();
    for (let j = 0; j < 5; j++) garbage.push("garbage " + (i * j).toString());
    if (i % 8 == 3) nap(garbage.length);
  }
  __collect();
}

type Operation = (a: i32, b: i32) => i32;

const operations: Operation[] = [
  (a, b) => a + nap(b),
  (a, b) => nap(a) - b,
  (a, b) => {
    collect();
    return nap(a * b);
  },
];

function fold<T, R>(items: T[], start: R, step: (so_far: R, item: T, index: i32) => R): R {
  let result = start;
  for (let i = 0; i < items.length; i++) result = step(result, items[i], i);
  return result;
}

function permutations(items: StaticArray<i32>, at: i32, found: Set<string>): void {
  if (at == items.length) {
    found.add(items.join(""));
    return;
  }
  for (let i = at; i < items.length; i++) {
    const first = items[at];
    items[at] = items[i];
    items[i] = first;
    permutations(items, at + nap(1), found);
    items[i] = items[at];
    items[at] = first;
  }
}

export function main(): void {
  const shapes: Shape[] = [new Circle(3), new Box(2, 5), new Named(1, 1), new Circle(0.5)];
  for (let i = 0; i < shapes.length; i++) print(shapes[i].describe());
  shapes.sort((a, b) => <i32>(a.area() - b.area()));
  print(shapes.map<string>((shape) => shape.name).join(", "));

  const root = new Node<string>("melon", 1);
  const fruits = ["pear", "fig", "apple", "zucchini", "kiwi", "plum"];
  for (let i = 0; i < fruits.length; i++) {
    root.insert(fruits[i], <i64>i << 40, (a, b) => nap(a < b ? 1 : 0) == 1);
    if (i % 2) collect();
  }
  const joins = new Joins();
  print(walk(root, joins).toString() + " " + joins.text + joins.weight.toString());
  print(walk(root, new Stops("kiwi")).toString());

  let value = 1;
  for (let i = 0; i < 9; i++) value = operations[i % operations.length](value, i);
  print("operations " + value.toString());

  const lengths = new Map<string, i32>();
  fold<string, Map<string, i32>>(fruits, lengths, (map, fruit, index) => {
    map.set(fruit, nap(fruit.length) * 10 + index);
    return map;
  });
  collect();
  print(lengths.keys().join() + " " + lengths.values().join());

  const found = new Set<string>();
  permutations(StaticArray.fromArray<i32>([1, 2, 3]), 0, found);
  print(found.values().sort((a, b) => nap(<i32>(parseInt(a) - parseInt(b)))).join(" "));
}
