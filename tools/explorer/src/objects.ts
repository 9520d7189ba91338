/** Objects of IPFS that the view carries: their digests, and the signatures under certificates. */
import { readObject, recordsOf, type Index, type Rec, type RevocationRow, type RoundRow } from "./data";
import { revocationOf, roundOf } from "./derive";
import { epochsOf, memberOf } from "./members";
import { absent, attempt, compare, type Result } from "./results";
import { certificateSigner, hex, sha256, type Hex } from "./verify";

const HOW = "SHA-256 of the object's bytes";

/** Whether an object is what its digest says; absent where the view does not carry it. */
export async function objectResult(label: string, digest: Hex): Promise<Result> {
  return attempt(label, HOW, async () => {
    const data = await readObject(digest);
    return data ? compare(label, `${HOW} (${data.length} bytes)`, digest, hex(sha256(data))) : absent(label, "the object is not in this view");
  });
}

/** Task and agreement of a round. */
export async function objectResults(row: RoundRow): Promise<Result[]> {
  const opening = roundOf(row.id, await recordsOf(row.segments)).opened?.record.fields.opening;
  if (!opening) return [];
  return [await objectResult("The task is the one that was named", opening.task_digest), await objectResult("The agreement is the one that was accepted", opening.agreement_digest)];
}

export async function documentOf(digest: Hex): Promise<any | null> {
  const data = await readObject(digest);
  return data ? JSON.parse(new TextDecoder().decode(data)) : null;
}

/** The certificate's digest, each endorsement's signature, the quorum, and each receipt's digest. */
export async function certificateResults(index: Index, row: RevocationRow): Promise<Result[]> {
  const revocation = revocationOf(row.id, await recordsOf(row.segments));
  const certified = revocation.certified?.record.fields.certificate_digest as Hex | undefined;
  const results: Result[] = [];
  if (certified) results.push(await objectResult("The certificate is the one that was certified", certified));
  const valid = new Set<string>();
  for (const rec of revocation.endorsements) {
    const result = await endorsement(index, row.id, rec);
    results.push(result);
    if (result.state === "good" && rec.record.fields.certificate_digest === certified) valid.add(rec.record.fields.organisation);
  }
  if (certified && revocation.certified) results.push(quorum(index, revocation.certified, valid));
  for (const { record } of revocation.receipts) {
    results.push(await objectResult(`Receipt of ${record.fields.organisation}`, record.fields.receipt_digest));
  }
  return results;
}

function endorsement(index: Index, request: Hex, rec: Rec): Promise<Result> {
  const { organisation, certificate_digest, signature } = rec.record.fields;
  const label = `${organisation} endorsed it`;
  const how = "the key is recovered from the EIP-712 signature and compared with the member's delegates";
  return attempt(label, how, async () => {
    const signer = await certificateSigner(request, certificate_digest, index.private.chain_id, index.private.contracts.RevocationLedger as Hex, signature);
    const epochs = [...epochsOf(index.membership.private).values()];
    const known = epochs.some((epoch) => memberOf(signer, epoch) === organisation);
    return compare(label, how, organisation, known ? organisation : `${signer}, no delegate of ${organisation}`);
  });
}

function quorum(index: Index, certified: Rec, valid: Set<string>): Result {
  const epochs = [...epochsOf(index.membership.private).values()].filter((epoch) => epoch.block <= certified.record.block);
  const epoch = epochs[epochs.length - 1];
  const needed = epoch?.quorum ?? Infinity;
  const present = [...valid].filter((name) => epoch?.seats.some((seat) => seat.organisation === name));
  return {
    label: `${present.length} valid endorsements, ${needed} are needed`,
    how: "members of the time whose signatures are good, against the quorum of the time",
    state: present.length >= needed ? "good" : "bad",
    expected: `at least ${needed}`,
    found: String(present.length),
  };
}
