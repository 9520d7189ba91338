/**
 * The fold as a picture: each column is a round, each row an organisation, each disc a contribution as large as its
 * weight. The bars between are the manifests that the next round was trained from: whatever reached a bar is a parent of
 * all that leaves it. What was revoked is hollow, and its line ends.
 */
import { s } from "../dom";
import { colourOf } from "../ui";
import type { Entry } from "../verify";

export interface Disc {
  id: string;
  round: number;
  organisation: string;
  /** Share of the round's weight, 0 to 1; 0 where it is not in the manifest. */
  weight: number;
  live: boolean;
  revoked: boolean;
}

const COLUMN = 132;
const ROW = 64;
const LEFT = 118;
const TOP = 46;

export function fold(discs: Disc[], hardenings: Entry[], chained: boolean): SVGElement {
  const rounds = [...new Set(discs.map((disc) => disc.round))].sort((a, b) => a - b);
  const names = [...new Set(discs.map((disc) => disc.organisation))].sort();
  const [width, height] = [LEFT + rounds.length * COLUMN + 40, TOP + names.length * ROW + 26];
  const x = (round: number) => LEFT + rounds.indexOf(round) * COLUMN + COLUMN / 2 + 14;
  const y = (name: string) => TOP + names.indexOf(name) * ROW + ROW / 2;
  const bar = (place: number) => LEFT + place * COLUMN + 8;
  const bottom = TOP + names.length * ROW;
  const lines = discs.flatMap((disc) => {
    const [cx, cy, place] = [x(disc.round), y(disc.organisation), rounds.indexOf(disc.round)];
    const kind = `edge c${colourOf(disc.organisation)} ${disc.live ? "" : "gone"}`;
    const from = chained ? bar(place) : place ? x(rounds[place - 1] as number) : bar(0);
    const enter = s("path", { d: `M${from} ${cy}H${cx}`, class: kind });
    return chained && disc.live ? [enter, s("path", { d: `M${cx} ${cy}H${bar(place + 1)}`, class: kind })] : [enter];
  });
  const bars = [...rounds, null].map((_, place) =>
    s("rect", { x: bar(place) - 2.5, y: TOP, width: 5, height: bottom - TOP, rx: 2.5, class: place === rounds.length ? "bar last" : "bar" }),
  );
  const circles = discs.map((disc) => {
    const words = `${disc.organisation}, round ${disc.round}: ${disc.revoked ? "revoked" : disc.live ? `weight ${disc.weight.toFixed(3)}` : "not in this manifest"}`;
    const radius = disc.live ? 6 + 15 * Math.sqrt(disc.weight) : 8;
    const mark = disc.revoked ? s("path", { d: `M${x(disc.round) - 5} ${y(disc.organisation) - 5}l10 10m0-10l-10 10`, class: "cross" }) : null;
    const circle = s("circle", { cx: x(disc.round), cy: y(disc.organisation), r: radius, class: `disc c${colourOf(disc.organisation)} ${disc.live ? "" : "gone"}` }, s("title", words));
    return s("a", { href: `#/contribution/${disc.round}/${disc.id}`, "aria-label": words }, circle, mark);
  });
  const noise = hardenings
    .filter((entry) => rounds.includes(entry.round))
    .map((entry) => s("path", { d: `M${bar(rounds.indexOf(entry.round) + 1) - 5} ${bottom + 8}l5 8 5-8z`, class: "hardening" }, s("title", `Hardening after round ${entry.round}`)));
  return s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, class: "fold", width, height, role: "group", "aria-label": "The contributions in this manifest, by round and organisation" },
    rounds.map((round) => s("text", { x: x(round), y: 24, "text-anchor": "middle" }, `round ${round}`)),
    names.map((name) => s("text", { x: 4, y: y(name) + 4, class: `name c${colourOf(name)}` }, name.length > 15 ? `${name.slice(0, 14)}…` : name)),
    bars,
    lines,
    circles,
    noise,
  );
}
