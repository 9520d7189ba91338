/** The auditor's own trust anchor: the head that the public chain's contract answers, typed in by hand. */
import type { Index } from "../data";
import { h, replace } from "../dom";
import { address, badge, digest, facts, section } from "../ui";
import { GENESIS_HEAD, headOf } from "../verify";

const KEY = "loranchor-anchor";

export function anchor(index: Index): HTMLElement {
  const last = index.checkpoints.at(-1);
  const head = last ? headOf(last.checkpoint) : GENESIS_HEAD;
  const answer = h("p.answer", { role: "status" });
  const show = (value: string) => {
    const given = value.trim().toLowerCase();
    if (!given) replace(answer, h("span.quiet", "No head is given yet."));
    else if (given === head) replace(answer, badge("good", "it is the head of these checkpoints"));
    else replace(answer, badge("bad", "it is another head"), " Whoever gave you this page left something out, or the chain has gone on since.");
    if (given) localStorage.setItem(KEY + index.consortium_id, given);
  };
  const known = localStorage.getItem(KEY + index.consortium_id) ?? "";
  const field = h("input", { id: "anchor", value: known, spellcheck: "false", autocomplete: "off", placeholder: "0x…", input: (event) => show((event.target as HTMLInputElement).value) });
  show(known);
  return section(
    "Your anchor",
    h(
      "div.card.anchor",
      h("p", "Whoever serves this page could serve another history that fits together just as well. Ask the public chain yourself: read ", h("code", "head()"), " of the contract ", h("code", "CheckpointAnchor"), " at a block explorer or a node that you trust, and enter what it says."),
      facts(
        ["Contract", address(index.public, index.public.contracts.CheckpointAnchor ?? "")],
        ["Chain", index.public.chain_id],
        ["Head of these checkpoints", digest(head)],
      ),
      h("label", { for: "anchor" }, "The head that the chain told you"),
      field,
      answer,
    ),
  );
}
