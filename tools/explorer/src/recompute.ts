/** The page's own audit: everything about a checkpoint, from its segment and from the public chain's members. */
import { readPack, readSegment } from "./data";
import type { CheckpointRow, EquivocationRow, Index, Rec, RoundRow, Segment, SignatureRow } from "./data";
import { epochsOf, memberOf, namedBy, type Epoch } from "./members";
import { absent, attempt, compare, type Result } from "./results";
import {
  AwardsTree,
  awardLeaf,
  bytes,
  changed,
  checkpointSigner,
  consortiumDigest,
  entriesRoot,
  Frontier,
  GENESIS_HEAD,
  headOf,
  headSigner,
  manifestDigest,
  recordLeaf,
  updateId,
  verdictCommitment,
  verifyConsistency,
  ZERO,
  type Entry,
  type Hex,
  type ManifestStep,
} from "./verify";

/** Of each checkpoint, whether its fields make its head, and whether it names the head before. */
export function headResults(index: Index): Result[][] {
  let previous: Hex = GENESIS_HEAD;
  return index.checkpoints.map((row) => {
    const found = safely(() => headOf(row.checkpoint));
    const results = [
      compare("Its fields make its head", "keccak256 over the EIP-712 struct", row.head, found),
      compare("It names the head before", "previousHead is the head of the checkpoint before", previous, row.checkpoint.previous_head),
    ];
    previous = row.head;
    return results;
  });
}

function safely(work: () => string): string {
  try {
    return work();
  } catch (error) {
    return (error as Error).message;
  }
}

export function publicEpochs(index: Index): Map<number, Epoch> {
  return epochsOf(index.membership.public);
}

/** Everything that a segment lets one recompute of the checkpoint at its end. */
export async function segmentResults(index: Index, number: number, segment: Segment): Promise<Result[]> {
  const row = index.checkpoints.find((item) => item.checkpoint.sequence === segment.sequence);
  if (!row) return [];
  const tree = await treeResults(index, number, segment, row);
  return [...tree, await consortiumResult(index, row), ...(await signatureResults(index, segment, row)), await awardsResult(segment, row)];
}

function leavesOf(segment: Segment): Uint8Array[] {
  return segment.records.map((item) => recordLeaf(item.record, item.salt));
}

async function treeResults(index: Index, number: number, segment: Segment, row: CheckpointRow): Promise<Result[]> {
  const { checkpoint } = row;
  const before = number > 0 ? index.checkpoints.find((item) => item.checkpoint.sequence === checkpoint.sequence - 1) : undefined;
  const how = `SHA-256 over ${segment.records.length} canonical records, joined with ${segment.peaks.length} earlier subtrees by RFC 6962`;
  const root = await attempt("Its records make its root", how, () => {
    const frontier = new Frontier(segment.peaks.map(bytes), segment.first);
    for (const leaf of leavesOf(segment)) frontier.append(leaf);
    return compare("Its records make its root", how, `${checkpoint.records_root} of ${checkpoint.tree_size}`, `${frontier.root()} of ${frontier.size}`);
  });
  if (!before) return [root];
  const label = "Nothing earlier was changed";
  const earlier = await attempt(label, "the earlier subtrees make the root before", () =>
    compare(label, "the earlier subtrees make the root of the checkpoint before", before.checkpoint.records_root, new Frontier(segment.peaks.map(bytes), segment.first).root()),
  );
  const proof = await attempt("It extends the tree before", "RFC 6962 consistency proof", () => {
    const [from, to] = [before.checkpoint, checkpoint];
    const holds = verifyConsistency(from.tree_size, to.tree_size, bytes(from.records_root), bytes(to.records_root), segment.consistency.map(bytes));
    return compare("It extends the tree before", `RFC 6962 consistency proof of ${segment.consistency.length} hashes`, "proven", holds ? "proven" : "not proven");
  });
  return [root, earlier, proof];
}

async function consortiumResult(index: Index, row: CheckpointRow): Promise<Result> {
  const label = "It names the members of its epoch";
  const how = "keccak256 over id, epoch, quorum and authorities, as the public chain tells them";
  return attempt(label, how, () => {
    const epoch = publicEpochs(index).get(row.checkpoint.epoch);
    if (!epoch) return { ...absent(label, how), state: "bad", expected: "an epoch of the public chain", found: String(row.checkpoint.epoch) };
    const found = consortiumDigest(index.consortium_id, epoch.epoch, epoch.quorum, epoch.seats);
    return compare(label, how, row.checkpoint.consortium_digest, found);
  });
}

/** One for each member that the event counts, one for the quorum, and one for each signature that is nobody's. */
async function signatureResults(index: Index, segment: Segment, row: CheckpointRow): Promise<Result[]> {
  const epoch = publicEpochs(index).get(row.checkpoint.epoch);
  const named = epoch && namedBy(row.signers, epoch);
  const how = "the key is recovered from the EIP-712 signature and compared with the delegates of the epoch";
  if (!epoch || !named) return [{ label: "Its signers are members", how, state: "bad", expected: "members", found: `bitmap ${row.signers}` }];
  const recovered = new Map<string, Hex>();
  const odd: Result[] = [];
  for (const item of segment.signatures) {
    const who = item.organisation || "the relaying transaction";
    const label = `Signature of ${who} (${item.chain} chain)`;
    if (item.head !== row.head) {
      odd.push({ ...absent(`A signature of ${who} is of another head`, "it does not count here; the page of what went wrong says if it is an offence"), expected: row.head, found: item.head });
      continue;
    }
    const result = await attempt(label, how, async () => {
      const signer = await checkpointSigner(row.checkpoint, index.public.chain_id, index.public.contracts.CheckpointAnchor as Hex, item.signature);
      const member = memberOf(signer, epoch);
      if (!member || (item.organisation && member !== item.organisation)) {
        return { label, how, state: "bad", expected: item.organisation || "a member", found: member ?? `${signer}, nobody's delegate` };
      }
      recovered.set(member, signer);
      return compare(label, how, member, member);
    });
    if (result.state === "bad") odd.push(result);
  }
  const each = named.map((name) => {
    const signer = recovered.get(name);
    const label = `${name} signed it`;
    return signer ? { label, how, state: "good" as const, expected: `a delegate of ${name}`, found: signer } : { label, how, state: "bad" as const, expected: `a delegate of ${name}`, found: "no valid signature" };
  });
  const quorum: Result = {
    label: `${named.length} of ${epoch.seats.length} signed, ${epoch.quorum} are needed`,
    how: "the bitmap in the event, against the quorum of the epoch",
    state: named.length >= epoch.quorum ? "good" : "bad",
    expected: `at least ${epoch.quorum}`,
    found: String(named.length),
  };
  return [quorum, ...each, ...odd];
}

async function awardsResult(segment: Segment, row: CheckpointRow): Promise<Result> {
  const { sequence, awards_root } = row.checkpoint;
  const label = awards_root === ZERO ? "It awards nothing" : `Its ${segment.awards.length} awards make its awards root`;
  const how = "keccak256 over the leaves, as OpenZeppelin's StandardMerkleTree sorts them";
  return attempt(label, how, () => compare(label, how, awards_root, new AwardsTree(segment.awards.map((item) => awardLeaf(sequence, item))).root));
}

/** What the records of a round say of each other: identifiers that contracts compute, verdicts committed to before. */
export async function roundResults(index: Index, row: RoundRow): Promise<Result[]> {
  const segments = await Promise.all(row.segments.map(readSegment));
  const records = segments.flatMap((segment) => segment.records).filter((item) => item.record.fields.round_id === row.id);
  const reveals = segments.flatMap((segment) => segment.reveals).filter((item) => item.round === row.id);
  const results: Result[] = [];
  const counts = new Map<string, number>();
  for (const { record } of records) {
    if (record.kind !== "UpdateSubmitted") continue;
    const { organisation, update_id } = record.fields;
    const ordinal = (counts.get(organisation) ?? 0) + 1;
    counts.set(organisation, ordinal);
    const label = `The id of ${organisation}'s update`;
    const how = "keccak256 over chain, contract, round, organisation and ordinal";
    const ledger = index.private.contracts.RoundLedger as Hex;
    results.push(await attempt(label, how, () => compare(label, how, update_id, updateId(record.chain_id, ledger, row.id, organisation, ordinal))));
  }
  for (const reveal of reveals) results.push(await revealResult(records, reveal));
  return results;
}

async function revealResult(records: Rec[], reveal: Segment["reveals"][number]): Promise<Result> {
  const told = records.filter((item) => item.record.transaction === reveal.transaction && item.record.kind === "VerdictRevealed");
  const judge = (told[0]?.record.fields.organisation ?? "nobody") as string;
  const label = `${judge} revealed what it had committed to`;
  const how = "keccak256 over round, organisation, verdicts and nonce; and the records say the same verdicts";
  return attempt(label, how, () => {
    const committed = records.find(({ record }) => record.kind === "VerdictsCommitted" && record.fields.organisation === judge);
    const sent = JSON.stringify(reveal.verdicts.map((one) => [one.update_id, one.accept, one.weight_cap, Number(one.score), one.reason]));
    const recorded = JSON.stringify(
      told.map(({ record: { fields } }) => [fields.update_id, fields.accept, fields.weight_cap, Number(fields.score), fields.reason]),
    );
    if (sent !== recorded) return { label, how, state: "bad", expected: recorded, found: sent };
    const found = verdictCommitment(reveal.round, judge, reveal.verdicts, reveal.nonce);
    return committed ? compare(label, how, committed.record.fields.commitment, found) : absent(label, how);
  });
}

/** The manifest that a checkpoint names, with its entries; null where the checkpoint names none. */
export async function manifestAt(index: Index, sequence: number): Promise<{ step: ManifestStep; entries: Entry[] } | null> {
  let entries: Entry[] = [];
  let found: { step: ManifestStep; entries: Entry[] } | null = null;
  for (let number = 0; number < index.manifest_packs; number += 1) {
    for (const step of await readPack(number)) {
      if (step.sequence > sequence) return found;
      entries = changed(entries, step);
      found = step.sequence === sequence ? { step, entries } : null;
    }
  }
  return found;
}

export async function manifestResults(row: CheckpointRow, step: ManifestStep, entries: Entry[]): Promise<Result[]> {
  const document = "Its document makes the anchored digest";
  const root = `Its ${entries.length} entries make the document's root`;
  return [
    await attempt(document, "SHA-256 of canonical JSON", () => compare(document, "SHA-256 of canonical JSON (RFC 8785)", row.checkpoint.manifest_digest, manifestDigest(step.document))),
    await attempt(root, "RFC 6962", () =>
      compare(root, "RFC 6962 root over the canonical entries", `${step.document.entries_root} of ${step.document.count}`, `${entriesRoot(entries)} of ${entries.length}`),
    ),
  ];
}

/** Two heads under one number, both signed by one member's delegate: that is the offence itself, not a claim of it. */
export async function equivocationResults(index: Index, row: EquivocationRow): Promise<Result[]> {
  const how = "the key is recovered from the signature of the head";
  const known = [...publicEpochs(index).values()];
  const by = (item: SignatureRow) => {
    const label = `Head ${item.head.slice(0, 10)}… was signed by ${row.organisation}`;
    return attempt(label, how, async () => {
      const signer = await headSigner(item.head, index.public.chain_id, index.public.contracts.CheckpointAnchor as Hex, item.signature);
      const members = known.map((epoch) => memberOf(signer, epoch)).filter(Boolean);
      return compare(label, how, row.organisation, members.includes(row.organisation) ? row.organisation : signer);
    });
  };
  return Promise.all(row.signatures.map(by));
}
