// What the component imports: it keeps what is logged.

export const lines = [];

export function log(text) {
  lines.push(text);
}
