/** How much of what was to be forgotten comes back under attack, by the role of the model. */
import { h, s } from "../dom";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [420, 240, 42, 14, 34, 30];
const COLOURS: Record<string, number> = { original: 7, unlearned: 1, retrained: 0 };

export function curves(title: string, steps: number[], values: Record<string, (number | null)[]>): HTMLElement {
  const last = steps.at(-1) || 1;
  const x = (step: number) => LEFT + (step / last) * (WIDTH - LEFT - RIGHT);
  const y = (share: number) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  const roles = Object.keys(values);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => [s("line.grid", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(share), y2: y(share) }), s("text", { x: LEFT - 8, y: y(share) + 4, "text-anchor": "end" }, `${share * 100} %`)]);
  const lines = roles.map((role) => s("path", { d: path(steps, values[role] ?? [], x, y), class: `c${COLOURS[role] ?? 2} ${role === "retrained" ? "dashed" : ""}` }));
  const keys = roles.map((role, place) => s("text", { x: LEFT + place * 110, y: 16, class: `name c${COLOURS[role] ?? 2}` }, role));
  const words = roles.map((role) => `${role} ends at ${Math.round((values[role]?.at(-1) ?? 0) * 100)} %`).join("; ");
  return h(
    "figure",
    h("figcaption", title),
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "curves", role: "img", "aria-label": `${title}: ${words}` }, grid, lines, keys, s("text", { x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, `${last} steps`)),
  );
}

function path(steps: number[], values: (number | null)[], x: (step: number) => number, y: (share: number) => number): string {
  let pen = "M";
  return steps
    .map((step, place) => {
      const value = values[place];
      if (value === null || value === undefined) {
        pen = "M";
        return "";
      }
      const point = `${pen}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
      return point;
    })
    .join("");
}
