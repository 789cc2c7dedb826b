// Loads the page again when `cargo bysyncify run --watch` has built the program anew.
(async () => {
  const edition = async (known) => (await fetch(`/.bysyncify/edition?${known}`)).text();
  const loaded = await edition('');
  let current = loaded;
  while (current === loaded) current = await edition(loaded);
  location.reload();
})().catch(() => { /* The server has ended. */ });
