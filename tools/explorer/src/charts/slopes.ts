/** Members' figures before and after a revocation, one line a member, by metric. */
import type { Figures } from "../derive";
import { h, s } from "../dom";
import { colourOf, million } from "../ui";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP] = [420, 200, 84, 130, 30];

export function slopes(metric: string, rows: Figures[]): HTMLElement {
  const values = rows.flatMap((row) => [row.before, row.after]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const span = most - least || 1;
  const y = (value: number) => TOP + (1 - (value - least) / span) * (HEIGHT - TOP - 24);
  const [x0, x1] = [LEFT, WIDTH - RIGHT];
  const spots = spread(rows.map((row) => y(row.after)));
  const words = rows.map((row) => `${row.organisation} from ${million(row.before)} to ${million(row.after)}`).join("; ");
  const lines = rows.map((row, place) => [
    s("path", { d: `M${x0} ${y(row.before)}L${x1} ${y(row.after)}`, class: `line c${colourOf(row.organisation)}` }),
    s("circle", { cx: x0, cy: y(row.before), r: 4, class: `mark c${colourOf(row.organisation)}` }),
    s("circle", { cx: x1, cy: y(row.after), r: 4, class: `mark c${colourOf(row.organisation)}` }),
    s("text", { x: x1 + 12, y: (spots[place] as number) + 4, class: `name c${colourOf(row.organisation)}` }, row.organisation),
  ]);
  const scale = [least, most].map((value) => s("text", { x: x0 - 12, y: y(value) + 4, "text-anchor": "end" }, million(value)));
  return h(
    "figure",
    h("figcaption", `${metric}, before and after`),
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "slopes", role: "img", "aria-label": `${metric}: ${words}` }, s("text", { x: x0, y: 14, "text-anchor": "middle" }, "before"), s("text", { x: x1, y: 14, "text-anchor": "middle" }, "after"), s("path", { d: `M${x0} ${TOP - 6}V${HEIGHT - 16}M${x1} ${TOP - 6}V${HEIGHT - 16}`, class: "axis" }), scale, lines),
  );
}

/** Places for labels that do not lie on each other, as near as they can be. */
function spread(wanted: number[]): number[] {
  const order = wanted.map((_, place) => place).sort((a, b) => (wanted[a] as number) - (wanted[b] as number));
  const found = [...wanted];
  let last = -Infinity;
  for (const place of order) {
    found[place] = Math.max(wanted[place] as number, last + 16);
    last = found[place] as number;
  }
  const over = Math.max(0, last - (HEIGHT - 12));
  return found.map((value) => value - over);
}
