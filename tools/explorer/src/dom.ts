/** Elements from plain values. Text is always text: nothing that was read ever becomes markup. */

export type Child = Node | string | number | null | undefined | false | Child[];
type Value = string | number | boolean | null | undefined | ((event: Event) => void);
export type Props = Record<string, Value>;

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; `name` may carry classes, as in `p.lead`. */
export function h(name: string, ...rest: (Props | Child)[]): HTMLElement {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag as string);
  if (classes.length) element.className = classes.join(" ");
  return fill(element, rest) as HTMLElement;
}

/** An SVG element. */
export function s(name: string, ...rest: (Props | Child)[]): SVGElement {
  const [tag, ...classes] = name.split(".");
  const element = document.createElementNS(SVG, tag as string);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  return fill(element, rest) as SVGElement;
}

function fill(element: Element, rest: (Props | Child)[]): Element {
  for (const item of rest) {
    if (isProps(item)) for (const [name, value] of Object.entries(item)) set(element, name, value);
    else append(element, item as Child);
  }
  return element;
}

function isProps(item: Props | Child): item is Props {
  return typeof item === "object" && item !== null && !Array.isArray(item) && !(item instanceof Node);
}

function set(element: Element, name: string, value: Value): void {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function") element.addEventListener(name, value);
  else element.setAttribute(name, value === true ? "" : String(value));
}

export function append(element: Element, child: Child): void {
  if (Array.isArray(child)) for (const item of child) append(element, item);
  else if (child instanceof Node) element.append(child);
  else if (child !== null && child !== undefined && child !== false) element.append(String(child));
}

export function replace(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

let count = 0;

/** A name for labels to point at. */
export function unique(prefix: string): string {
  count += 1;
  return `${prefix}-${count}`;
}
