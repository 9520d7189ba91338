/** Revocations: the list, and one with its evidence, from the request to the last receipt. */
import { recordsOf, type Evaluation, type Index, type Rec, type RevocationRow } from "../data";
import { curves } from "../charts/curves";
import { slopes } from "../charts/slopes";
import { MODES, revocationOf, type Revocation } from "../derive";
import { h, type Child } from "../dom";
import { certificateResults, documentOf } from "../objects";
import { badge, block, digest, facts, heading, later, million, organisation, organisations, paged, plural, section, table, transaction } from "../ui";
import type { Hex } from "../verify";
import { stateOf } from "./overview";
import { recordList } from "./record";
import { manifest } from "./rounds";

const STEPS = ["requested", "approved", "effective", "replaced", "verified", "certified", "shredded"];

export function revocations(index: Index): Child {
  const lead = "A revocation takes contributions out of the model, shows what that changed, and ends with keys destroyed. History stays: what was anchored is never rewritten.";
  if (!index.revocations.length) return heading("Revocations", "None was asked for", lead);
  return [
    heading("Revocations", plural(index.revocations.length, "revocation"), lead),
    paged([...index.revocations].reverse(), 50, (part) =>
      table(
        "Requests",
        ["Request", "Asked by", "Reason", "Mode", "Contributions", "Status", "Recomputed"],
        part.map((row) => [h("a", { href: `#/revocation/${row.id}` }, digest(row.id)), organisation(row.organisation), row.reason.replaceAll("_", " "), row.mode, String(row.updates.length), progressOf(row), stateOf(`#/revocation/${row.id}`)]),
        [4],
      ),
    ),
  ];
}

function progressOf(row: RevocationRow): HTMLElement {
  const reached = STEPS.indexOf(row.status) + 1;
  return h("span.steps", { role: "img", "aria-label": `${row.status}, step ${reached} of ${STEPS.length}` }, STEPS.map((_, place) => h("i", { class: place < reached ? "on" : "" })), h("span", row.status));
}

export async function revocation(index: Index, id: string): Promise<Child> {
  const row = index.revocations.find((item) => item.id === id);
  if (!row) return heading("Revocations", "There is no such request", digest(id));
  const found = revocationOf(id, await recordsOf(row.segments));
  const certified = found.certified?.record.fields.certificate_digest as Hex | undefined;
  const certificate = certified ? await documentOf(certified) : null;
  const asked = found.requested?.record.fields;
  return [
    heading("Revocation", [organisation(asked?.organisation ?? row.organisation), ` takes back ${plural(asked?.updates.length ?? 0, "contribution")}`], [`${String(asked?.reason).replaceAll("_", " ")}, mode ${MODES[asked?.mode] ?? "unknown"}. `, progressOf(row)]),
    later(certificateResults(index, row)),
    section("What goes", table("Contributions that are revoked", ["Round", "Organisation", "Contribution"], row.updates.map(([round, update, name]) => [String(round), organisation(name), h("a", { href: `#/contribution/${round}/${update}` }, digest(update))]), [0])),
    section("The model before and after", await models(index, found, certificate)),
    section("Evidence", evidence(found)),
    index.evaluation ? section("Does it come back?", relearning(index.evaluation)) : null,
    section("Certificate", certificateFacts(index, row, found, certificate)),
    section("Receipts of shredding", receipts(index, row, found)),
    section("Records", recordList(found.records)),
  ];
}

async function models(index: Index, found: Revocation, certificate: any): Promise<Child> {
  const claims = [...new Set(found.replaced.map((rec) => rec.record.fields.manifest_digest as string))];
  const told = certificate?.manifest;
  const agree = told && claims.every((item) => item === told.after);
  return facts(
    ["Manifest before", told ? manifest(index, told.before) : h("span.quiet", "the certificate is not at hand")],
    ["Manifest after", told ? manifest(index, told.after) : claims.map((item) => manifest(index, item))],
    ["As members recorded it", found.replaced.length ? [organisations(found.replaced.map((rec) => rec.record.fields.organisation)), " ", told ? badge(agree ? "good" : "bad", agree ? "the same as in the certificate" : "not what the certificate says") : null] : h("span.quiet", "nobody yet")],
    ["Trained on top of it", certificate ? `${certificate.lineage?.descendants?.length ?? 0} contributions, ${certificate.lineage?.stays?.length ?? 0} of them stay` : `${found.affected.at(-1)?.record.fields.descendants.length ?? 0} contributions`],
  );
}

function evidence(found: Revocation): Child {
  if (!found.figures.length) return h("p.quiet", "No member has recorded figures yet.");
  const metrics = [...new Set(found.figures.map((row) => row.metric))];
  const measured = metrics.filter((metric) => metric !== "unavailable" && metric !== "out_of_range");
  return [
    h("p", "Each member measures the model before and after on data that stays with it, and signs the figures. They show what the revocation changed for that member; they don't show that nothing is left."),
    h("div.pair", measured.map((metric) => slopes(metric, found.figures.filter((row) => row.metric === metric)))),
    table(
      "Figures as the members recorded them",
      ["Member", "Metric", "Before", "After", "Change", "Samples", "Leaf"],
      found.figures.map((row) => [organisation(row.organisation), row.metric, million(row.before), million(row.after), `${row.after >= row.before ? "+" : "−"}${million(Math.abs(row.after - row.before))}`, row.samples.toLocaleString("en"), h("a", { href: `#/record/${row.rec.index}` }, String(row.rec.index))]),
      [2, 3, 4, 5, 6],
    ),
  ];
}

/** Curves of an evaluation that was given to this page; nobody signed them. */
function relearning(found: Evaluation): Child {
  return [
    h("p", "An attacker trains the model further and measures, on forget samples that it never saw, how much comes back. A model that forgot rises no faster than one that never knew."),
    h("div.pair", found.attacks.map((attack) => curves(`${attack.k} forget examples`, attack.steps, attack.values))),
    h("p", badge(found.verdict === "passed" ? "good" : found.verdict === "failed" ? "bad" : "absent", `gate: ${found.verdict}`), ` ${found.reasons.join("; ")}`),
    h("p.quiet", `Mean over ${plural(found.seeds, "seed")}. These figures are of an evaluation that was given to this page: no member signed them, and they are no part of a certificate.`),
    found.limits.length ? h("ul.plain", found.limits.map((text) => h("li", text))) : null,
  ];
}

function certificateFacts(index: Index, row: RevocationRow, found: Revocation, certificate: any): Child {
  const rec = found.certified;
  if (!rec) return h("p.quiet", "It is not certified yet.");
  const limits: string[] = certificate?.limits ?? [];
  return [
    facts(
      ["Digest", digest(rec.record.fields.certificate_digest)],
      ["Object on IPFS", digest(found.endorsements.at(-1)?.record.fields.certificate_cid)],
      ["Endorsed by", organisations(found.endorsements.map((item) => item.record.fields.organisation))],
      ["Certified in private block", block(index.private, rec.record.block)],
      ["Anchored", row.sequence === null ? "not yet" : h("a", { href: `#/checkpoint/${row.sequence}` }, `checkpoint ${row.sequence}`)],
      ["Transaction", transaction(index.private, rec.record.transaction)],
    ),
    limits.length ? h("div.card.quote", h("h3", "What it cannot promise, in its own words"), h("ul.plain", limits.map((text) => h("li", text)))) : null,
    certificate?.not_evaluated?.length ? h("p", `Not evaluated: ${certificate.not_evaluated.map((text: string) => text.replaceAll("_", " ")).join(", ")}.`) : null,
  ];
}

function receipts(index: Index, row: RevocationRow, found: Revocation): Child {
  const rows = found.receipts.map((rec: Rec) => [organisation(rec.record.fields.organisation), digest(rec.record.fields.receipt_digest), digest(rec.record.fields.receipt_cid), block(index.private, rec.record.block), transaction(index.private, rec.record.transaction)]);
  return [
    rows.length ? table("Members that say they have destroyed keys and salts", ["Member", "Receipt", "Object", "Private block", "Transaction"], rows, [3]) : h("p.quiet", "There is none yet."),
    row.missing.length ? h("p", badge("bad", "missing"), " ", organisations(row.missing)) : null,
    h("p.quiet", "A receipt is the member's own word. Whoever opened an update before may have kept it."),
  ];
}
