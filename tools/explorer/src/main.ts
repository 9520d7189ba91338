/** The page: its frame, its addresses, and which view is at which. */
import "./style.css";
import { readIndex, type Index } from "./data";
import { append, h, replace, s, type Child } from "./dom";
import { start } from "./progress";
import { learnOrganisations } from "./ui";
import { checkpoint, checkpoints } from "./views/checkpoints";
import { contribution } from "./views/contribution";
import { members } from "./views/members";
import { model } from "./views/model";
import { overview } from "./views/overview";
import { record } from "./views/record";
import { report } from "./views/report";
import { revocation, revocations } from "./views/revocations";
import { round, rounds } from "./views/rounds";
import { search } from "./views/search";
import { tokensView } from "./views/tokens";
import { trouble } from "./views/trouble";

const NAVIGATION: [string, string][] = [
  ["#/", "Overview"],
  ["#/rounds", "Rounds"],
  ["#/model", "Model"],
  ["#/revocations", "Revocations"],
  ["#/tokens", "Tokens"],
  ["#/members", "Members"],
  ["#/checkpoints", "Checkpoints"],
  ["#/trouble", "What went wrong"],
  ["#/report", "Limits"],
];
const THEMES = ["auto", "light", "dark"];
const THEME = "loranchor-theme";

type View = (index: Index, ...parts: string[]) => Child | Promise<Child>;
const VIEWS: Record<string, View> = {
  "": (index) => overview(index),
  rounds: (index) => rounds(index),
  round: (index, id) => round(index, Number(id)),
  model: (index, sequence) => model(index, sequence ? Number(sequence) : null),
  contribution: (index, number, id = "") => contribution(index, Number(number), id),
  revocations: (index) => revocations(index),
  revocation: (index, id = "") => revocation(index, id),
  tokens: (index) => tokensView(index),
  members: (index) => members(index),
  checkpoints: (index) => checkpoints(index),
  checkpoint: (index, sequence) => checkpoint(index, Number(sequence)),
  record: (index, place) => record(index, Number(place)),
  trouble: (index) => trouble(index),
  report: (index) => report(index),
  search: (index, text = "") => search(index, decodeURIComponent(text)),
};

const main = h("main", { id: "main", tabindex: -1 });
let latest = 0;

async function show(index: Index, first: boolean): Promise<void> {
  const [name = "", ...parts] = location.hash.replace(/^#\/?/, "").split("/");
  latest += 1;
  const mine = latest;
  const view = VIEWS[name] ?? VIEWS[""]!;
  let content: Child;
  try {
    content = await view(index, ...parts);
  } catch (error) {
    content = [h("header.page", h("p.over", "Fault"), h("h1", { tabindex: -1 }, "This part cannot be shown")), h("p.fault", { role: "alert" }, (error as Error).message)];
  }
  if (mine !== latest) return;
  replace(main, content);
  const heading = main.querySelector("h1");
  document.title = `${heading?.textContent ?? "Audit"} · LoRAnchor audit`;
  for (const link of document.querySelectorAll<HTMLAnchorElement>("nav.main a")) {
    const here = link.hash === `#/${name}` || (link.hash.length > 2 && `#/${name}s` === link.hash);
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!first) {
    scrollTo(0, 0);
    heading?.focus({ preventScroll: true });
  }
  performance.mark(first ? "first-view" : "view");
  document.body.dataset.view = name || "overview";
}

function frame(index: Index): void {
  const mark = s("svg", { viewBox: "0 0 32 32", class: "mark", "aria-hidden": "true" }, s("circle", { cx: 16, cy: 6.5, r: 3.2 }), s("path", { d: "M16 9.7V27M10 14h12M5 18.5c.8 5.4 5 8.5 11 8.5s10.2-3.1 11-8.5" }));
  const field = h("input", { type: "search", id: "search", placeholder: "CID, digest, transaction, organisation", autocomplete: "off", spellcheck: "false" }) as HTMLInputElement;
  const ask = (event: Event) => {
    event.preventDefault();
    if (field.value.trim()) location.hash = `#/search/${encodeURIComponent(field.value.trim())}`;
  };
  document.body.replaceChildren();
  append(document.body, [
    h("a.skip", { href: "#main", click: (event) => (event.preventDefault(), main.querySelector("h1")?.focus()) }, "Skip to the content"),
    h(
      "div.frame",
      h(
        "header.side",
        h("a.brand", { href: "#/" }, mark, h("span", "LoRAnchor"), h("small", "audit")),
        h("form", { role: "search", submit: ask }, h("label.hidden", { for: "search" }, "Search"), field),
        h("nav.main", { "aria-label": "Views" }, h("ul", NAVIGATION.map(([route, name]) => h("li", h("a", { href: route }, name, badgeFor(index, route)))))),
        h("div.foot", h("p", "Consortium ", h("code", `${index.consortium_id.slice(0, 10)}…`)), h("p", `Public chain ${index.public.chain_id}, block ${index.public.block.toLocaleString("en")}`), themes()),
      ),
      main,
    ),
  ]);
}

function badgeFor(index: Index, route: string): Child {
  const count = { "#/trouble": index.equivocations.length + index.overdue.length + index.failed.length }[route];
  return count ? h("span.count", { "aria-label": `${count} entries` }, String(count)) : null;
}

function themes(): HTMLElement {
  const apply = (name: string) => {
    document.documentElement.dataset.theme = name;
    localStorage.setItem(THEME, name);
  };
  const choice = h("select", { id: "theme", change: (event) => apply((event.target as HTMLSelectElement).value) }, THEMES.map((name) => h("option", { value: name, selected: name === document.documentElement.dataset.theme }, name)));
  return h("p.theme", h("label", { for: "theme" }, "Light or dark "), choice);
}

async function open(): Promise<void> {
  document.documentElement.dataset.theme = localStorage.getItem(THEME) ?? "auto";
  try {
    const index = await readIndex();
    const epochs = index.membership.public.map((item) => item.fields.organisation as string).filter(Boolean);
    learnOrganisations([...new Set(epochs)]);
    frame(index);
    addEventListener("hashchange", () => void show(index, false));
    await show(index, true);
    start(index);
  } catch (error) {
    replace(document.body, h("main.alone", h("h1", "There is nothing to show"), h("p", { role: "alert" }, (error as Error).message)));
  }
}

void open();
