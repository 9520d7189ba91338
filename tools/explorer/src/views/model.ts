/** The manifest of a checkpoint: its fold as a picture, and its entries. */
import { recordsOf, type Index } from "../data";
import { roundOf } from "../derive";
import { fold, type Disc } from "../charts/fold";
import { h, replace, type Child } from "../dom";
import { documentOf } from "../objects";
import { manifestAt, manifestResults } from "../recompute";
import { digest, facts, heading, later, organisation, paged, plural, section, table } from "../ui";
import type { Entry, Hex } from "../verify";

const SHOWN = 8;
const ONE = 2 ** 32;

export async function model(index: Index, sequence: number | null): Promise<Child> {
  const at = sequence ?? index.checkpoints.at(-1)?.checkpoint.sequence ?? 0;
  const row = index.checkpoints.find((item) => item.checkpoint.sequence === at);
  const found = row ? await manifestAt(index, at) : null;
  if (!row || !found) return heading("Model", "There is no manifest", "No round had contributed yet.");
  const { step, entries } = found;
  const revoked = new Map(index.revocations.flatMap((item) => (item.status === "requested" ? [] : item.updates.map(([, id]) => [id, item.id] as const))));
  const live = entries.filter((entry) => entry.update_id);
  return [
    heading("Model", ["Manifest of ", h("a", { href: `#/checkpoint/${at}` }, `checkpoint ${at}`)], "The model is the base model plus the weighted sum of these contributions, in this order. Everybody computes the same list, so its digest is what members agree on."),
    choice(index, at),
    later(manifestResults(row, step, entries)),
    section("The fold", await picture(index, at, entries, new Set(revoked.keys()))),
    section(
      "Entries",
      facts(["Digest", digest(step.digest)], ["Base model", digest(step.document.base as Hex)], ["Settings", digest(step.document.settings as Hex)], ["Strategy", String(step.document.strategy)], ["Entries", `${entries.length}, of them ${plural(live.length, "contribution")}`]),
      paged(entries, 50, (part) =>
        table(
          "In the order in which they are folded",
          ["Round", "Organisation", "Kind", "Weight", "Contribution", "Trained from"],
          part.map((entry) => [
            String(entry.round),
            entry.organisation ? organisation(entry.organisation) : h("span.quiet", "all"),
            entry.kind,
            typeof entry.weight === "number" ? (entry.weight / ONE).toFixed(4) : "",
            entry.update_id ? h("a", { href: `#/contribution/${entry.round}/${entry.update_id}` }, digest(entry.update_id)) : "",
            digest(entry.parent_manifest),
          ]),
          [0, 3],
        ),
      ),
    ),
  ];
}

function choice(index: Index, at: number): HTMLElement {
  const go = (to: number | undefined, text: string) => (to === undefined ? h("span.quiet", text) : h("a", { href: `#/model/${to}` }, text));
  const known = index.checkpoints.map((row) => row.checkpoint.sequence);
  const place = known.indexOf(at);
  return h("nav.pager", { "aria-label": "Checkpoints" }, go(known[place - 1], "Manifest before"), go(known[place + 1], "Manifest after"));
}

/** A window of rounds at a time: those up to the checkpoint, the latest first. */
async function picture(index: Index, at: number, entries: Entry[], revoked: Set<string>): Promise<Child> {
  const rounds = index.rounds.filter((row) => row.status === "closed" && row.sequence !== null && row.sequence <= at);
  const chained = await lineageOf(index, rounds.at(-1)?.id);
  const box = h("div");
  let end = rounds.length;
  const show = async () => {
    const part = rounds.slice(Math.max(end - SHOWN, 0), end);
    const discs = (await Promise.all(part.map((row) => discsOf(index, row.id, entries, revoked)))).flat();
    const go = (to: number, text: string) => h("button.plain", { type: "button", disabled: to < Math.min(SHOWN, rounds.length) || to > rounds.length, click: () => ((end = to), void show()) }, text);
    replace(
      box,
      h("div.scroll.picture", { role: "region", "aria-label": "Picture of the fold", tabindex: 0 }, fold(discs, entries.filter((entry) => entry.kind === "hardening"), chained)),
      rounds.length > SHOWN ? h("nav.pager", { "aria-label": "Rounds" }, go(end - SHOWN, "Earlier rounds"), go(Math.min(end + SHOWN, rounds.length), "Later rounds")) : null,
    );
  };
  await show();
  const lineage = chained ? "Each round was trained on all that reached the bar before it." : "Each member trained on its own last contribution.";
  return h("figure", box, h("figcaption", `${lineage} Discs are as large as their weight in the round; a crossed one was revoked, and rounds between it and its revocation had been trained on it, too. Each leads to its contribution.`));
}

async function lineageOf(index: Index, round: number | undefined): Promise<boolean> {
  const row = index.rounds.find((item) => item.id === round);
  if (!row) return true;
  const task = roundOf(row.id, await recordsOf(row.segments)).opened?.record.fields.opening.task_digest as Hex | undefined;
  return ((task && (await documentOf(task)))?.lineage ?? "chained") !== "isolated";
}

async function discsOf(index: Index, id: number, entries: Entry[], revoked: Set<string>): Promise<Disc[]> {
  const row = index.rounds.find((item) => item.id === id)!;
  const found = roundOf(id, await recordsOf(row.segments));
  const weights = new Map(entries.filter((entry) => entry.update_id).map((entry) => [entry.update_id as string, entry.weight / ONE]));
  return found.contributions
    .filter((one) => one.released && !one.replacedBy)
    .map((one) => ({ id: one.id, round: id, organisation: one.organisation, weight: weights.get(one.id) ?? 0, live: weights.has(one.id), revoked: revoked.has(one.id) && !weights.has(one.id) }));
}
