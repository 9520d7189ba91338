/** What went wrong: equivocations with both signatures, overdue steps, failed rounds, and what did not agree here. */
import type { EquivocationRow, Index } from "../data";
import { h, replace, type Child } from "../dom";
import { follow, progress } from "../progress";
import { equivocationResults } from "../recompute";
import { badge, block, checks, digest, heading, later, organisation, plural, section, table, transaction } from "../ui";

export function trouble(index: Index): Child {
  const count = index.equivocations.length + index.overdue.length + index.failed.length;
  return [
    heading("What went wrong", count ? plural(count, "thing") : "Nothing that the records tell of", "Two contents under one signature are an offence. Overdue steps and failed rounds may be nobody's fault, and should be known."),
    section("What does not agree", disagreements()),
    section("Equivocations", index.equivocations.length ? index.equivocations.map((row) => equivocation(index, row)) : h("p.quiet", "No member signed two contents for one checkpoint.")),
    section("Overdue", index.overdue.length ? h("ul.cards", index.overdue.map((item) => h("li.card", badge("absent", item.kind), " ", h("a", { href: item.route }, item.text)))) : h("p.quiet", "No step is overdue at the blocks that were read.")),
    section(
      "Failed rounds",
      index.failed.length
        ? table("Rounds that contributed nothing", ["Round", "Reason", "Private block"], index.failed.map((row) => [h("a", { href: `#/round/${row.id}` }, String(row.id)), row.reason.replaceAll("_", " "), block(index.private, row.block)]), [0, 2])
        : h("p.quiet", "No round failed."),
    ),
  ];
}

function disagreements(): HTMLElement {
  const box = h("div");
  follow(box, () => {
    const { bad, done, total } = progress;
    const words = total && done >= total ? "Everything agrees." : "Nothing so far; the recomputation goes on.";
    replace(box, bad.length ? h("ul.cards", bad.map((item) => h("li.card.bad", h("a", { href: item.route }, item.where), " ", checks([item.result], "What does not agree")))) : h("p.quiet", words));
  });
  return box;
}

function equivocation(index: Index, row: EquivocationRow): HTMLElement {
  return h(
    "article.card.bad",
    h("h3", organisation(row.organisation), ` signed ${row.signatures.length} contents for checkpoint ${row.sequence}`),
    h("p", row.proven ? "It is proven on the public chain, too." : "It is not yet proven on the public chain: anyone can do that with these signatures."),
    table("The signatures", ["Head", "Signature", "Transaction"], row.signatures.map((item) => [digest(item.head), digest(item.signature), transaction(index[item.chain], item.transaction)])),
    later(equivocationResults(index, row), (results) => checks(results, "Whose signatures these are")),
  );
}
