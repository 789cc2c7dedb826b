// How long each frame took, as numbers and as a graph.

/** What is kept for the figures: five minutes. */
const KEPT = 20_000;
/** The top of the graph, and its two lines, in milliseconds. */
const [TOP, LATE, BAD] = [60, 1000 / 60, 50];
/** The width of a frame in the graph, with the gap behind it. */
const STEP = 3;

/** The times of the frames, a ring. */
const times = new Float64Array(KEPT);
let count = 0;
let last;

const nextDraws = new Set();

/** Calls it in each frame, after what is shown of the frames was drawn. */
export function eachFrame(draw) {
  nextDraws.add(draw);
  return () => nextDraws.delete(draw);
}

/** Forgets all frames up to now. */
export function reset() {
  count = 0;
  last = undefined;
}

/** The figures of the frames since `reset`. */
export function figures() {
  const sorted = times.slice(0, Math.min(count, KEPT)).sort();
  const share = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
  const sum = sorted.reduce((total, time) => total + time, 0);
  return {
    count,
    rate: sum === 0 ? 0 : (1000 * sorted.length) / sum,
    median: share(0.5),
    p95: share(0.95),
    p99: share(0.99),
    longest: share(1),
  };
}

/** Begins to measure, and to draw on this canvas. */
export function start(canvas) {
  const context = canvas.getContext('2d', { alpha: false });
  let colours;
  const fit = () => {
    canvas.width = canvas.clientWidth * devicePixelRatio;
    canvas.height = canvas.clientHeight * devicePixelRatio;
    const style = getComputedStyle(canvas);
    colours = Object.fromEntries(['sunken', 'line', 'good', 'late', 'bad', 'dim']
      .map((name) => [name, style.getPropertyValue(`--${name}`)]));
  };
  new ResizeObserver(fit).observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', fit);
  fit();

  const frame = () => {
    // Not the time that the browser gives: that is when it wanted to draw.
    const now = performance.now();
    if (last !== undefined) {
      times[count % KEPT] = now - last;
      count += 1;
    }
    last = now;
    paint(context, colours);
    for (const draw of nextDraws) draw(now);
    requestAnimationFrame(frame);
  };
  // There are no frames while nobody looks.
  document.addEventListener('visibilitychange', () => (last = undefined));
  requestAnimationFrame(frame);
}

function paint(context, colours) {
  const { width, height } = context.canvas;
  const scale = height / TOP;
  context.fillStyle = colours.sunken;
  context.fillRect(0, 0, width, height);
  const step = STEP * devicePixelRatio;
  const shown = Math.min(count, KEPT, Math.ceil(width / step));
  for (let i = 0; i < shown; i += 1) {
    const time = times[(count - 1 - i) % KEPT];
    // A display is never exactly in time.
    context.fillStyle = time > BAD ? colours.bad : time > LATE * 1.5 ? colours.late : colours.good;
    const bar = Math.min(time, TOP) * scale;
    context.fillRect(width - (i + 1) * step, height - bar, step - devicePixelRatio, bar);
  }
  context.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  for (const [time, label] of [[LATE, '16.7 ms'], [BAD, '50 ms']]) {
    const y = Math.round(height - time * scale);
    context.fillStyle = colours.dim;
    context.fillRect(0, y, width, devicePixelRatio);
    const { width: wide } = context.measureText(label);
    context.fillStyle = colours.sunken;
    context.fillRect(0, y - 14 * devicePixelRatio, wide + 12 * devicePixelRatio, 14 * devicePixelRatio);
    context.fillStyle = colours.dim;
    context.fillText(label, 6 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
}
