/** Pieces that every view is made of. */
import { append, h, replace, s, unique, type Child } from "./dom";
import type { Place } from "./data";
import { worst, type Result } from "./results";
import { ZERO } from "./verify";

export const million = (value: number, digits = 3): string => (value / 1e6).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const plural = (count: number, one: string, many = `${one}s`): string => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** Tokens of 10^-18, with three decimals, rounded down. */
export function tokens(amount: string | bigint): string {
  const milli = BigInt(amount) / 10n ** 15n;
  return `${(milli / 1000n).toLocaleString("en")}.${(milli % 1000n).toString().padStart(3, "0")}`;
}

const PATHS = { good: "M3 8.5 6.5 12 13 4.5", bad: "M4 4l8 8M12 4l-8 8", absent: "M4 8h8", pending: "M8 4v4l2.500 2" };

function icon(state: keyof typeof PATHS): SVGElement {
  return s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", class: "icon" }, s("path", { d: PATHS[state] }));
}

const WORDS = { good: "recomputed", bad: "does not agree", absent: "not at hand", pending: "recomputing" };

/** A badge in a word; its title says what was compared. */
export function badge(state: keyof typeof PATHS, text: string = WORDS[state], title = ""): HTMLElement {
  return h("span", { class: `badge ${state}`, title: title || null }, icon(state), text);
}

export function badgeOf(results: Result[], text?: string): HTMLElement {
  const state = results.length ? worst(results) : "absent";
  const bad = results.filter((one) => one.state === "bad");
  const words = bad.length ? `${bad.length > 1 ? `${bad.length} do not agree` : "does not agree"}` : text;
  return badge(state, words ?? WORDS[state], (bad.length ? bad : results).map((one) => one.label).join("; "));
}

/** What was checked, item by item, with the values that were compared. */
export function checks(results: Result[], title = "What this browser recomputed"): HTMLElement {
  if (!results.length) return h("p.quiet", "There is nothing to recompute here.");
  const open = results.some((one) => one.state === "bad");
  const items = results.map((one) => h("li", { class: one.state }, icon(one.state), h("div", h("span.what", one.label), h("span.how", one.how), compared(one))));
  const sum = results.filter((one) => one.state === "good").length;
  return h("details.checks", { open }, h("summary", h("span", title), badge(worst(results), `${sum} of ${results.length} agree`)), h("ul", items));
}

function compared(one: Result): Child {
  if (one.expected === undefined) return null;
  if (one.state === "good") return h("span.values", h("code", one.found ?? ""));
  return h("dl.values", h("div", h("dt", "expected"), h("dd", h("code", one.expected))), h("div", h("dt", "found"), h("dd", h("code", one.found ?? "nothing"))));
}

/** Results that come later, in a place of their own. */
export function later(work: Promise<Result[]>, show: (results: Result[]) => Child = (found) => checks(found)): HTMLElement {
  const box = h("div.later", badge("pending"));
  work.then(
    (results) => replace(box, show(results)),
    (error: Error) => replace(box, h("p.fault", { role: "alert" }, error.message)),
  );
  return box;
}

/** A digest: the whole value is there to be selected, only its middle is hidden. */
export function digest(value: string | null | undefined, href?: string | null): HTMLElement {
  if (!value) return h("span.quiet", "none");
  if (value === ZERO) return h("span.quiet", "zero");
  const text = value.length > 20 ? [value.slice(0, 10), h("span.middle", value.slice(10, -6)), value.slice(-6)] : [value];
  const code = h("code.digest", { title: value }, text);
  if (!href) return code;
  const outside = href.startsWith("http");
  return h("a", { href, class: outside ? "outside" : "", target: outside ? "_blank" : null, rel: outside ? "noreferrer noopener" : null }, code, outside ? s("svg", { viewBox: "0 0 12 12", class: "out", role: "img", "aria-label": "at the block explorer" }, s("path", { d: "M4 2h6v6M10 2 3 9" })) : null);
}

/** A transaction, at the chain's block explorer where one is configured. */
export function transaction(side: Place, hash: string): HTMLElement {
  return digest(hash, side.explorer && `${side.explorer}/tx/${hash}`);
}

export function address(side: Place, value: string): HTMLElement {
  return digest(value, side.explorer && `${side.explorer}/address/${value}`);
}

export function block(side: Place, number: number | null): Child {
  if (number === null) return h("span.quiet", "not yet");
  if (!side.explorer) return number.toLocaleString("en");
  return h("a.outside", { href: `${side.explorer}/block/${number}`, target: "_blank", rel: "noreferrer noopener" }, number.toLocaleString("en"));
}

export function facts(...rows: [string, Child][]): HTMLElement {
  return h("dl.facts", rows.map(([name, value]) => h("div", h("dt", name), h("dd", value))));
}

/** A table that scrolls by itself on a narrow screen. */
export function table(caption: string, head: string[], rows: Child[][], numbers: number[] = []): HTMLElement {
  const numeric = (place: number) => (numbers.includes(place) ? "n" : null);
  return h(
    "div.scroll",
    { role: "region", "aria-label": caption, tabindex: 0 },
    h(
      "table",
      h("caption", caption),
      h("thead", h("tr", head.map((name, place) => h("th", { scope: "col", class: numeric(place) }, name)))),
      h("tbody", rows.map((row) => h("tr", row.map((cell, place) => (place ? h("td", { class: numeric(place) }, cell) : h("th", { scope: "row", class: numeric(place) }, cell)))))),
    ),
  );
}

export function section(title: string, ...children: Child[]): HTMLElement {
  const id = unique("section");
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title), children);
}

export function heading(over: string, title: Child, lead?: Child): HTMLElement {
  return h("header.page", h("p.over", over), h("h1", { tabindex: -1 }, title), lead ? h("p.lead", lead) : null);
}

/** An organisation with its colour, which is the same everywhere. */
const order: string[] = [];

export function learnOrganisations(names: string[]): void {
  order.splice(0, order.length, ...names);
}

export function colourOf(name: string): number {
  const place = order.indexOf(name);
  return (place < 0 ? order.push(name) - 1 : place) % 8;
}

export function organisation(name: string): HTMLElement {
  return h("a.organisation", { href: `#/members` }, h("span", { class: `dot c${colourOf(name)}`, "aria-hidden": "true" }), name);
}

export function organisations(names: string[]): Child {
  return names.length ? h("span.names", names.map((name) => organisation(name))) : h("span.quiet", "nobody");
}

/** Pages of a long list. */
export function paged<T>(items: T[], size: number, draw: (part: T[]) => Child): HTMLElement {
  const box = h("div");
  let page = 0;
  const last = Math.max(Math.ceil(items.length / size) - 1, 0);
  const show = () => {
    const go = (to: number, text: string) => h("button.plain", { type: "button", disabled: to < 0 || to > last, click: () => ((page = to), show()) }, text);
    const bar = last ? h("nav.pager", { "aria-label": "Pages" }, go(page - 1, "Earlier"), h("span", { role: "status" }, `${page + 1} of ${last + 1}`), go(page + 1, "Later")) : null;
    replace(box, draw(items.slice(page * size, (page + 1) * size)), bar);
  };
  show();
  return box;
}

export { append, h, replace, s };
