/** What was not recomputed here: the audit in Python, and what nobody can find out. */
import type { Index } from "../data";
import { h, type Child } from "../dom";
import { badge, facts, block, digest, heading, section, table } from "../ui";

export function report(index: Index): Child {
  const { audit } = index;
  return [
    heading("Limits", "What this page does not show", "That nothing was altered after it was anchored can be recomputed. That it was true, or complete, cannot."),
    section("What nobody can recompute", h("ul.limits", index.limits.map((text) => h("li", text.charAt(0).toUpperCase() + text.slice(1) + ".")))),
    section(
      "What the audit on the command line said",
      audit
        ? [
            h("p", "This part is the word of whoever made this page; run ", h("code", "loranchor audit verify"), " for your own. It reads sealed updates and the contracts' code, which a browser doesn't."),
            table("Checks of the audit", ["Check", "Verdict", "Compared", "Findings"], audit.checks.map((item) => [item.title, badge(item.ok ? "good" : "bad", item.ok ? "agrees" : "does not agree"), item.count.toLocaleString("en"), item.findings.map((one) => `${one.subject}: ${one.message}`).join("; ")]), [2]),
          ]
        : h("p.quiet", "None was made."),
    ),
    section(
      "Where it was read",
      facts(
        ["From", index.source === "bundle" ? "a bundle that was handed over" : "both chains and IPFS"],
        ["Consortium", digest(index.consortium_id)],
        ["Public chain", `${index.public.chain_id}`],
        ["up to block", [block(index.public, index.public.block), " ", digest(index.public.block_hash)]],
        ["Private chain", `${index.private.chain_id}`],
        ["up to block", [block(index.private, index.private.block), " ", digest(index.private.block_hash)]],
      ),
    ),
  ];
}
