// What the page does for the program. The other side is `host.rs`.

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function print(line) {
  document.querySelector('output').append(line, '\n');
}
