/** Members, delegates and quorum over time, from the public chain's own events. */
import type { Index, RawRecord } from "../data";
import { h, s, type Child } from "../dom";
import { epochsOf, type Epoch } from "../members";
import { compare, type Result } from "../results";
import { address, block, checks, colourOf, digest, heading, organisations, plural, section, table, transaction } from "../ui";
import { consortiumDigest } from "../verify";
import { sentence } from "./record";

export function members(index: Index): Child {
  const epochs = [...epochsOf(index.membership.public).values()];
  const last = epochs.at(-1);
  return [
    heading("Members", last ? `${plural(last.seats.length, "member")}, ${last.quorum} must sign` : "No members yet", "An authority is a member's cold key, a delegate the hot key that signs for it. Members, keys and quorum change with the authorities' signatures alone."),
    checks(results(index, epochs)),
    last ? section("Today", today(index, last)) : null,
    section("Over time", spans(index, epochs)),
    section("Changes", changes(index)),
  ];
}

/** Digests of every epoch, and that both chains tell of the same members. */
function results(index: Index, epochs: Epoch[]): Result[] {
  const own = epochs.map((epoch) => compare(`Members of epoch ${epoch.epoch} make its digest`, "keccak256 over id, epoch, quorum and authorities", epoch.digest, consortiumDigest(index.consortium_id, epoch.epoch, epoch.quorum, epoch.seats)));
  const [here, there] = [epochs.at(-1), [...epochsOf(index.membership.private).values()].at(-1)];
  return [...own, compare("Both chains tell of the same members", "the last epoch of each Consortium contract", here?.digest ?? "none", there?.digest ?? "none")];
}

function today(index: Index, epoch: Epoch): HTMLElement {
  const delegates = lastDelegates(index.membership.public);
  return table(
    `Epoch ${epoch.epoch}`,
    ["Organisation", "Authority", "Delegate"],
    epoch.seats.map((seat) => [h("span.organisation", h("span", { class: `dot c${colourOf(seat.organisation)}`, "aria-hidden": "true" }), seat.organisation), address(index.public, seat.authority), address(index.public, delegates.get(seat.organisation) ?? "")]),
  );
}

function lastDelegates(records: RawRecord[]): Map<string, string> {
  return new Map(records.filter((item) => item.kind === "DelegateRotated").map((item) => [item.fields.organisation, item.fields.current]));
}

/** A row for each organisation, a span for each time that it belonged, epochs as lines with their quorum. */
function spans(index: Index, epochs: Epoch[]): Child {
  if (!epochs.length) return h("p.quiet", "There is no epoch yet.");
  const names = [...new Set(epochs.flatMap((epoch) => epoch.seats.map((seat) => seat.organisation)))];
  const [left, width, row] = [130, 520, 34];
  const share = width / epochs.length;
  const x = (place: number) => left + place * share;
  const bars = names.flatMap((name, line) =>
    epochs.flatMap((epoch, place) => (epoch.seats.some((seat) => seat.organisation === name) ? [s("rect", { x: x(place) + 2, y: 40 + line * row, width: share - 4, height: 18, rx: 4, class: `span c${colourOf(name)}` }, s("title", `${name}, epoch ${epoch.epoch}`))] : [])),
  );
  const heads = epochs.map((epoch, place) => s("text", { x: x(place) + share / 2, y: 18, "text-anchor": "middle" }, `epoch ${epoch.epoch}`, s("title", `from public block ${epoch.block}`)));
  const quorums = epochs.map((epoch, place) => s("text", { x: x(place) + share / 2, y: 52 + names.length * row, "text-anchor": "middle" }, `${epoch.quorum} of ${epoch.seats.length} sign`));
  const labels = names.map((name, line) => s("text", { x: 0, y: 54 + line * row, class: `name c${colourOf(name)}` }, name));
  const words = epochs.map((epoch) => `epoch ${epoch.epoch}: ${epoch.seats.map((seat) => seat.organisation).join(", ")}, quorum ${epoch.quorum}`).join("; ");
  return h(
    "figure",
    h("div.scroll.picture", { role: "region", "aria-label": "Members by epoch", tabindex: 0 }, s("svg", { viewBox: `0 0 ${left + width + 10} ${66 + names.length * row}`, class: "spans", role: "img", "aria-label": words }, heads, bars, quorums, labels)),
    h("figcaption", epochs.map((epoch) => ["Epoch ", String(epoch.epoch), " from public block ", block(index.public, epoch.block), ". "])),
  );
}

function changes(index: Index): HTMLElement {
  return table(
    "Events of the public Consortium, in order",
    ["Public block", "What", "Whom", "Now", "Transaction"],
    index.membership.public.map((item) => [
      block(index.public, item.block),
      sentence(item.kind),
      item.fields.organisation ? organisations([item.fields.organisation]) : "",
      item.fields.current !== undefined ? (typeof item.fields.current === "string" ? digest(item.fields.current) : String(item.fields.current)) : digest(item.fields.authority ?? item.fields.consortium_digest),
      transaction(index.public, item.transaction),
    ]),
    [0],
  );
}
