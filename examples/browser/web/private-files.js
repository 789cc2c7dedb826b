// The files in the origin private file system: a list with buttons, and where files are saved.

const folder = () => navigator.storage.getDirectory();

/** A file that is to be written, of a name that no other has: `name.txt`, `name-2.txt`. */
export async function create(path) {
  const taken = (await list()).map(({ name }) => name);
  const wanted = path.split(/[/\\]/).pop() || 'file';
  const [, stem, ending] = /^(.+?)((?:\.tar)?\.[^.]*)?$/.exec(wanted);
  let name = wanted;
  for (let number = 2; taken.includes(name); number += 1) name = `${stem}-${number}${ending ?? ''}`;
  const handle = await (await folder()).getFileHandle(name, { create: true });
  return { name, writable: await handle.createWritable() };
}

export async function remove(name) {
  await (await folder()).removeEntry(name);
}

/** The files there are, by name. */
export async function list() {
  const files = [];
  for await (const handle of (await folder()).values()) {
    if (handle.kind === 'file') files.push(await handle.getFile());
  }
  return files.sort((a, b) => a.name.localeCompare(b.name));
}

/** Shows them in `element`. `open` is called with one that is to be opened. */
export async function show(element, open) {
  const again = () => show(element, open);
  const items = (await list()).map((file) => {
    const item = document.createElement('li');
    const name = Object.assign(document.createElement('span'), { className: 'name', textContent: file.name });
    const row = Object.assign(document.createElement('div'), { className: 'row' });
    const size = Object.assign(document.createElement('span'), { className: 'size', textContent: megabytes(file.size) });
    row.append(size,
      button('Open', file.name, () => open(file)),
      button('Download', file.name, () => download(file)),
      button('Delete', file.name, () => remove(file.name).then(again)));
    item.append(name, row);
    return item;
  });
  element.replaceChildren(...items);
}

/** A button. What it is about is for those who do not see where it is. */
export function button(text, about, act) {
  const made = Object.assign(document.createElement('button'), { type: 'button', textContent: text });
  made.setAttribute('aria-label', `${text} ${about}`);
  made.addEventListener('click', act);
  return made;
}

export function megabytes(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function download(file) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
