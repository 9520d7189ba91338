/** Every round as a cell, in the order of time, with revocations between them; a thousand fit on a screen. */
import type { Index } from "../data";
import { h, s } from "../dom";
import { plural } from "../ui";

const CELL = 15;
const GAP = 4;

export function timeline(index: Index): HTMLElement {
  if (!index.rounds.length) return h("p.quiet", "No round was opened yet.");
  const per = Math.max(26, Math.min(50, Math.ceil(Math.sqrt(index.rounds.length * 3.2))));
  const rows = Math.ceil(index.rounds.length / per);
  const step = CELL + GAP;
  const most = Math.max(...index.rounds.map((row) => row.accepted), 1);
  const cells = index.rounds.map((row, place) => {
    const [x, y] = [(place % per) * step, Math.floor(place / per) * step];
    const words = `Round ${row.id}: ${row.status}${row.status === "closed" ? `, ${plural(row.accepted, "contribution")}` : row.failure ? `, ${row.failure}` : ""}`;
    const strength = row.status === "closed" ? 0.28 + 0.72 * (row.accepted / most) : 1;
    return s("rect", { x, y, width: CELL, height: CELL, rx: 3, class: `cell ${row.status}`, "fill-opacity": strength, "data-round": row.id }, s("title", words));
  });
  const marks = index.revocations.map((row) => {
    const place = Math.max(index.rounds.findIndex((round) => round.opened > row.requested), 0) || index.rounds.length;
    const at = place - 1;
    const [x, y] = [(at % per) * step + CELL + GAP / 2, Math.floor(at / per) * step + CELL / 2];
    return s("path", { d: `M${x} ${y - 5}l4 5-4 5-4-5z`, class: "revocation", "data-revocation": row.id }, s("title", `Revocation by ${row.organisation}: ${row.status}`));
  });
  const closed = index.rounds.filter((row) => row.status === "closed").length;
  const words = `${plural(index.rounds.length, "round")}, ${closed} closed, ${index.failed.length} failed; ${plural(index.revocations.length, "revocation")}`;
  const picture = s("svg", { viewBox: `-6 -6 ${per * step + 8} ${rows * step + 8}`, class: "timeline", preserveAspectRatio: "xMinYMin", role: "img", "aria-label": words, click: open }, cells, marks);
  return h(
    "figure",
    h("div.picture", picture),
    h("figcaption", key("closed", "closed, darker with more contributions"), key("failed", "failed"), key("open", "open"), key("revocation", "revocation"), h("a.more", { href: "#/rounds" }, "As a list")),
  );
}

function open(event: Event): void {
  const { round, revocation } = (event.target as SVGElement).dataset;
  if (round) location.hash = `#/round/${round}`;
  else if (revocation) location.hash = `#/revocation/${revocation}`;
}

function key(kind: string, words: string): HTMLElement {
  const shape = kind === "revocation" ? s("path", { d: "M7 2l4 5-4 5-4-5z", class: "revocation" }) : s("rect", { x: 1, y: 1, width: 12, height: 12, rx: 3, class: `cell ${kind}` });
  return h("span.key", s("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, shape), words);
}
