// Shows what is known of a function that is pointed at, and finds functions.
"use strict";
const report = JSON.parse(document.getElementById("data").textContent);
const functions = new Map(report.functions.map((it) => [it.id, it]));
const map = document.getElementById("map");
const details = document.getElementById("details");
const cells = new Map([...map.querySelectorAll(".cell")].map((cell) => [Number(cell.dataset.id), cell]));
const hint = [...details.childNodes];
// The function that stays when another is pointed at.
let kept = null;

function element(name, text, className) {
    const made = document.createElement(name);
    made.textContent = text ?? "";
    if (className) made.className = className;
    return made;
}

// A function's name, which may go on in another line after each `::`.
function named(name, text, className) {
    const made = element(name, "", className);
    for (const part of text.split(/(?<=::)/)) made.append(part, document.createElement("wbr"));
    return made;
}

function number(value) {
    return value.toLocaleString("en");
}

// The calls from where a coroutine is resumed, over a function, to where it is suspended.
function chain(start) {
    const up = [];
    let how = null;
    for (let at = start; at; ) {
        const from = at["called-by"];
        up.unshift({ at, how: from?.how ?? null });
        at = from && (functions.get(from.id) ?? null);
    }
    const down = [];
    for (let at = start; at?.calls; ) {
        how = at.calls.how;
        at = functions.get(at.calls.id);
        if (at) down.push({ at, how });
    }
    return [...up, ...down];
}

function show(id) {
    const it = functions.get(id);
    const { without, with: bytes } = it.bytes;
    const cost = bytes - without;
    const figures = document.createElement("dl");
    for (const [name, value] of [
        ["crate", it.crate],
        ["without", `${number(without)} bytes`],
        ["with", `${number(bytes)} bytes`],
        ["cost", `${cost > 0 ? "+" : ""}${number(cost)} bytes`],
    ]) {
        figures.append(element("dt", name), element("dd", value));
    }
    details.replaceChildren(named("h3", it.name), figures, element("p", `It ${it.why}.`));
    if (!it.instrumented) return;
    const list = document.createElement("ol");
    chain(it).forEach(({ at, how }, place) => {
        const line = element("li", "", [at === it && "this", how && "indirect"].filter(Boolean).join(" "));
        if (place > 0) line.append("calls ");
        const link = named("button", at.name);
        link.dataset.id = at.id;
        line.append(link);
        if (how) line.append(element("small", how));
        list.append(line);
    });
    details.append(list);
}

function keep(id) {
    cells.get(kept)?.classList.remove("kept");
    kept = id;
    cells.get(kept)?.classList.add("kept");
    if (id === null) details.replaceChildren(...hint);
    else show(id);
}

function focusOn(cell) {
    for (const other of map.querySelectorAll('.cell[tabindex="0"]')) other.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
}

// The nearest function in a direction, or the nearest that was searched for: what is to the side
// counts twice.
function neighbour(cell, [right, down]) {
    const from = cell.getBoundingClientRect();
    const x = from.left + from.width / 2;
    const y = from.top + from.height / 2;
    let best = null;
    let least = Infinity;
    for (const other of map.querySelectorAll(map.className ? ".match" : ".cell")) {
        const to = other.getBoundingClientRect();
        const dx = to.left + to.width / 2 - x;
        const dy = to.top + to.height / 2 - y;
        const ahead = dx * right + dy * down;
        const distance = ahead + 2 * Math.abs(dx * down + dy * right);
        if (ahead > 1 && distance < least) [best, least] = [other, distance];
    }
    return best;
}

const arrows = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

map.addEventListener("keydown", (event) => {
    const next = arrows[event.key] && neighbour(event.target, arrows[event.key]);
    if (arrows[event.key]) event.preventDefault();
    if (next) focusOn(next);
});
document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") keep(null);
});
for (const kind of ["pointerover", "focusin"]) {
    map.addEventListener(kind, (event) => {
        const cell = event.target.closest(".cell");
        if (cell && kept === null) show(Number(cell.dataset.id));
    });
}
document.addEventListener("click", (event) => {
    const link = event.target.closest("button[data-id]");
    if (!link) return;
    const id = Number(link.dataset.id);
    keep(id);
    const cell = cells.get(id);
    if (cell && !map.contains(link)) {
        cell.scrollIntoView({ block: "nearest" });
        focusOn(cell);
    }
});

const search = document.getElementById("search");
const rows = [...document.querySelectorAll("#functions tbody tr")];
search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    const matches = (id) => {
        const { name, crate } = functions.get(id);
        return name.toLowerCase().includes(wanted) || crate.toLowerCase() === wanted;
    };
    map.classList.toggle("searching", wanted !== "");
    let count = 0;
    let bytes = 0;
    for (const [id, cell] of cells) {
        const match = wanted !== "" && matches(id);
        cell.classList.toggle("match", match);
        if (match) {
            count += 1;
            bytes += functions.get(id).bytes.with;
        }
    }
    for (const row of rows) row.hidden = !matches(Number(row.querySelector("button").dataset.id));
    document.getElementById("found").textContent =
        wanted && `${number(count)} ${count === 1 ? "function" : "functions"}, ${number(bytes)} bytes`;
});
search.addEventListener("keydown", (event) => {
    const first = event.key === "Enter" && map.querySelector(".match");
    if (first) focusOn(first);
});
const first = map.querySelector(".cell");
if (first) first.tabIndex = 0;
