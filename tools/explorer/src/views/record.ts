/** Records: a list of them, and one with its place in the tree. */
import { readSegment, type Index, type Rec } from "../data";
import { h, type Child } from "../dom";
import { compare, type Result } from "../results";
import { block, checks, digest, facts, heading, organisation, section, table, transaction } from "../ui";
import { bytes, hex, inclusionPath, recordLeaf, verifyInclusion } from "../verify";

export function recordList(records: Rec[]): HTMLElement {
  return table(
    "Facts of the private chain, each a leaf of the records tree",
    ["Leaf", "What", "By", "Private block", "Transaction"],
    records.map(({ record, index }) => [
      h("a", { href: `#/record/${index}` }, index.toLocaleString("en")),
      sentence(record.kind),
      record.sender ? organisation(record.sender) : h("span.quiet", "an authority"),
      record.block.toLocaleString("en"),
      digest(record.transaction),
    ]),
    [0, 3],
  );
}

/** `UpdateSubmitted` as words. */
export function sentence(kind: string): string {
  const words = kind.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export async function record(index: Index, place: number): Promise<Child> {
  const number = index.segments.findIndex((row) => place >= row.first && place < row.size);
  if (number < 0) return heading("Records", `There is no record ${place}`);
  const segment = await readSegment(number);
  const rec = segment.records[place - segment.first] as Rec;
  const row = index.checkpoints.find((item) => item.checkpoint.sequence === segment.sequence);
  const leaves = segment.records.map((item) => recordLeaf(item.record, item.salt));
  const path = inclusionPath(segment.peaks.map(bytes), segment.first, leaves, place);
  const leaf = leaves[place - segment.first] as Uint8Array;
  const results: Result[] = row
    ? [compare("It is in the tree of the checkpoint", `RFC 6962 inclusion proof of ${path.length} hashes, against the anchored root`, "included", verifyInclusion(leaf, place, row.checkpoint.tree_size, path, row.checkpoint.records_root) ? "included" : "not included")]
    : [];
  return [
    heading(`Record ${place.toLocaleString("en")}`, sentence(rec.record.kind), row ? ["Anchored with ", h("a", { href: `#/checkpoint/${row.checkpoint.sequence}` }, `checkpoint ${row.checkpoint.sequence}`), "."] : "No checkpoint covers it yet."),
    checks(results),
    facts(
      ["By", rec.record.sender ? organisation(rec.record.sender) : "an authority or the deployer"],
      ["Signed by", digest(rec.record.signer)],
      ["Private block", block(index.private, rec.record.block)],
      ["Transaction", transaction(index.private, rec.record.transaction)],
      ["Leaf salt", digest(rec.salt)],
      ["Leaf hash", digest(hex(leaf))],
    ),
    section("The record itself", h("pre", { tabindex: 0 }, JSON.stringify(rec.record, null, 2))),
    section("Its path to the root", path.length ? h("ol.path", path.map((item) => h("li", h("code", hex(item))))) : h("p.quiet", "It is the only leaf.")),
  ];
}
