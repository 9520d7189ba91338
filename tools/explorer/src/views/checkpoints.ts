/** Checkpoints: the list, and one with everything that was recomputed of it. */
import { readSegment, type Index } from "../data";
import { h, type Child } from "../dom";
import { headResults, manifestAt, manifestResults, publicEpochs, segmentResults } from "../recompute";
import { namedBy } from "../members";
import { block, digest, facts, heading, later, organisation, organisations, paged, plural, section, table, tokens, transaction } from "../ui";
import { stateOf, subject } from "./overview";
import { recordList } from "./record";

export function checkpoints(index: Index): Child {
  return [
    heading("Checkpoints", plural(index.checkpoints.length, "checkpoint"), "Each names the one before it, so the last head stands for all of them."),
    paged([...index.checkpoints].reverse(), 50, (part) =>
      table(
        "Anchored on the public chain",
        ["Checkpoint", "For", "Head", "Records", "Public block", "Transaction", "Recomputed"],
        part.map((row) => [
          h("a", { href: `#/checkpoint/${row.checkpoint.sequence}` }, String(row.checkpoint.sequence)),
          subject(index, row.checkpoint.sequence),
          digest(row.head),
          row.checkpoint.tree_size.toLocaleString("en"),
          block(index.public, row.block),
          transaction(index.public, row.transaction),
          stateOf(`#/checkpoint/${row.checkpoint.sequence}`),
        ]),
        [0, 3, 4],
      ),
    ),
  ];
}

export async function checkpoint(index: Index, sequence: number): Promise<Child> {
  const place = index.checkpoints.findIndex((row) => row.checkpoint.sequence === sequence);
  const number = index.segments.findIndex((row) => row.sequence === sequence);
  const row = index.checkpoints[place];
  if (number < 0) return heading("Checkpoints", `There is no checkpoint ${sequence}`);
  const segment = await readSegment(number);
  if (!row) return [heading(`Checkpoint ${sequence}`, "Due and not anchored", subject(index, sequence)), section("Records", recordList(segment.records))];
  const { checkpoint: one } = row;
  const epoch = publicEpochs(index).get(one.epoch);
  const signers = (epoch && namedBy(row.signers, epoch)) ?? [];
  return [
    heading(`Checkpoint ${sequence}`, ["Anchored for ", subject(index, sequence)], ["Signed by ", organisations(signers)]),
    later(everything(index, number, place)),
    section(
      "The checkpoint",
      facts(
        ["Head", digest(row.head)],
        ["Head before", digest(one.previous_head)],
        ["Public block", block(index.public, row.block)],
        ["Transaction", transaction(index.public, row.transaction)],
        ["Records root", digest(one.records_root)],
        ["Records", one.tree_size.toLocaleString("en")],
        ["Private block", [block(index.private, one.private_block), " ", digest(one.private_block_hash)]],
        ["Manifest", h("a", { href: `#/model/${sequence}` }, digest(one.manifest_digest))],
        ["Awards root", digest(one.awards_root)],
        ["Consortium", digest(one.consortium_digest)],
        ["Epoch", String(one.epoch)],
      ),
    ),
    section("Signatures", signatures(index, segment.signatures)),
    segment.awards.length ? section("Awards", awards(segment.awards)) : null,
    section("Records since the checkpoint before", recordList(segment.records)),
  ];
}

async function everything(index: Index, number: number, place: number) {
  const row = index.checkpoints[place]!;
  const own = await segmentResults(index, number, await readSegment(number));
  const manifest = await manifestAt(index, row.checkpoint.sequence);
  const named = manifest ? await manifestResults(row, manifest.step, manifest.entries) : [];
  return [...(headResults(index)[place] ?? []), ...own, ...named];
}

function signatures(index: Index, rows: { organisation: string; signature: string; transaction: string; chain: "public" | "private" }[]): Child {
  return table(
    "Who signed, and where the signature was found",
    ["Member", "Signature", "Where", "Transaction"],
    rows.map((row) => [
      row.organisation ? organisation(row.organisation) : h("span.quiet", "told by the key"),
      digest(row.signature),
      row.chain === "public" ? "the anchoring transaction" : "private chain",
      transaction(index[row.chain], row.transaction),
    ]),
  );
}

function awards(rows: { index: number; update_id: string; account: string; amount: string }[]): Child {
  return table(
    "Leaves of the awards tree",
    ["Index", "Contribution", "Account", "Tokens"],
    rows.map((row) => [String(row.index), digest(row.update_id), digest(row.account), tokens(row.amount)]),
    [0, 3],
  );
}
