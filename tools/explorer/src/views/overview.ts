/** The first view: what happened, in a sentence, figures and a picture; and what this browser makes of it. */
import type { Index } from "../data";
import { h, replace, type Child } from "../dom";
import { follow, progress } from "../progress";
import { badge, block, digest, heading, organisations, plural, section, table, tokens, transaction } from "../ui";
import { timeline } from "../charts/timeline";
import { publicEpochs } from "../recompute";
import { anchor } from "./anchor";

export function overview(index: Index): Child {
  const closed = index.rounds.filter((row) => row.status === "closed");
  const last = [...publicEpochs(index).values()].pop();
  const members = last?.seats.map((seat) => seat.organisation) ?? [];
  return [
    heading("Overview", sentence(index), ["Everything below was recomputed here, in this browser, from signed records and anchored checkpoints. ", h("a", { href: "#/report" }, "What nobody can recompute"), " is listed, too."]),
    verdict(),
    h(
      "ul.figures",
      figure("Members", String(members.length), organisations(members), "#/members"),
      figure("Rounds", String(index.rounds.length), `${closed.length} closed, ${index.failed.length} failed`, "#/rounds"),
      figure("Contributions", closed.reduce((sum, row) => sum + row.accepted, 0).toLocaleString("en"), "accepted by a quorum", "#/model"),
      figure("Revocations", String(index.revocations.length), revoked(index), "#/revocations"),
      figure("Checkpoints", String(index.checkpoints.length), `last in public block ${index.checkpoints.at(-1)?.block.toLocaleString("en") ?? "none"}`, "#/checkpoints"),
      figure("Tokens paid", tokens(index.supply), "claimed on the public chain", "#/tokens"),
    ),
    section("Rounds and revocations", timeline(index)),
    anchor(index),
    section("Latest checkpoints", latest(index), h("p", h("a.more", { href: "#/checkpoints" }, "All checkpoints"))),
  ];
}

function sentence(index: Index): string {
  const certified = index.revocations.filter((row) => row.sequence !== null).length;
  const gone = certified ? ` and took ${plural(certified, "revocation")} through to a certificate` : "";
  const trouble = index.equivocations.length ? ` ${plural(index.equivocations.length, "member")} signed two contents for one checkpoint.` : "";
  return `The consortium ran ${plural(index.rounds.length, "round")}${gone}.${trouble}`;
}

function revoked(index: Index): string {
  const shredded = index.revocations.filter((row) => row.status === "shredded").length;
  const open = index.revocations.length - shredded;
  return index.revocations.length ? `${shredded} shredded, ${open} under way` : "none was asked for";
}

function figure(name: string, value: string, note: Child, href: string): HTMLElement {
  return h("li", h("a.name", { href }, name), h("span.value", value), h("span.note", note));
}

/** The verdict of the audit that runs in the background. */
export function verdict(): HTMLElement {
  const box = h("div.verdict", { role: "status" });
  const show = () => {
    const { done, total, good, bad, absent, failure } = progress;
    const over = total > 0 && done >= total;
    const state = bad.length || failure ? "bad" : over ? "good" : "pending";
    const words = {
      bad: failure || `${plural(bad.length, "thing")} ${bad.length === 1 ? "does" : "do"} not agree.`,
      good: `All ${good.toLocaleString("en")} recomputations agree.`,
      pending: `Recomputing: ${good.toLocaleString("en")} agree so far.`,
    };
    box.className = `verdict ${state}`;
    replace(
      box,
      badge(state, state === "pending" ? "recomputing" : state === "good" ? "agrees" : "does not agree"),
      h("strong", words[state]),
      absent ? h("span.quiet", `${absent.toLocaleString("en")} could not be compared.`) : null,
      over ? null : h("progress", { max: total || 1, value: done, "aria-label": "Recomputed" }),
      bad.length ? h("ul.findings", bad.slice(0, 6).map((item) => h("li", h("a", { href: item.route }, item.where), `: ${item.result.label}`))) : null,
    );
  };
  follow(box, show);
  return box;
}

function latest(index: Index): HTMLElement {
  const rows = index.checkpoints.slice(-8).reverse();
  return table(
    "The last checkpoints that were anchored on the public chain",
    ["Checkpoint", "For", "Head", "Public block", "Transaction", "Recomputed"],
    rows.map((row) => [
      h("a", { href: `#/checkpoint/${row.checkpoint.sequence}` }, String(row.checkpoint.sequence)),
      subject(index, row.checkpoint.sequence),
      digest(row.head),
      block(index.public, row.block),
      transaction(index.public, row.transaction),
      stateOf(`#/checkpoint/${row.checkpoint.sequence}`),
    ]),
    [0, 3],
  );
}

/** What a checkpoint is about: a round that closed, or a revocation that was certified. */
export function subject(index: Index, sequence: number): Child {
  const row = index.segments.find((item) => item.sequence === sequence);
  if (!row) return h("span.quiet", "unknown");
  if (row.reason === "round_closed") {
    const number = Number(BigInt(row.subject));
    return h("a", { href: `#/round/${number}` }, `round ${number}`);
  }
  return h("a", { href: `#/revocation/${row.subject}` }, "a revocation");
}

/** A badge that changes when the background audit comes to it. */
export function stateOf(route: string): HTMLElement {
  const box = h("span");
  follow(box, () => {
    const state = progress.states.get(route) ?? "pending";
    if (box.dataset.state !== state) replace(box, badge(state));
    box.dataset.state = state;
  });
  return box;
}

