/**
 * Recomputes golden values of the Python code with the page's library, and prints each that differs.
 *
 *     node vectors.mjs FILE
 *
 * FILE holds {name: [[arguments, expected], …]} for each function of `CALLS`; an expected "error" means that it throws.
 */
import { readFileSync } from "node:fs";
import * as verify from "../../../build/explorer-library/verify.mjs";

const { bytes, hex } = verify;
const CALLS = {
  canonical: (value) => verify.canonical(value),
  digest: (value) => verify.digest(value),
  recordLeaf: (record, salt) => hex(verify.recordLeaf(record, salt)),
  rootOf: (leaves) => verify.rootOf(leaves.map(bytes)),
  inclusionPath: (before, first, leaves, index) => verify.inclusionPath(before.map(bytes), first, leaves.map(bytes), index).map(hex),
  verifyInclusion: (leaf, index, size, proof, root) => verify.verifyInclusion(bytes(leaf), index, size, proof.map(bytes), root),
  verifyConsistency: (first, second, one, two, proof) => verify.verifyConsistency(first, second, bytes(one), bytes(two), proof.map(bytes)),
  headOf: (checkpoint) => verify.headOf(checkpoint),
  genesis: () => verify.GENESIS_HEAD,
  checkpointSigner: (...given) => verify.checkpointSigner(...given),
  headSigner: (...given) => verify.headSigner(...given),
  certificateSigner: (...given) => verify.certificateSigner(...given),
  consortiumDigest: (...given) => verify.consortiumDigest(...given),
  awardsRoot: (sequence, awards) => treeOf(sequence, awards).root,
  awardProof: (sequence, awards, index) => treeOf(sequence, awards).proof(index).map(hex),
  verifyAward: (sequence, award, proof, root) => verify.verifyAward(verify.awardLeaf(sequence, award), proof.map(bytes), root),
  verdictCommitment: (...given) => verify.verdictCommitment(...given),
  updateId: (...given) => verify.updateId(...given),
  requestId: (...given) => verify.requestId(...given),
  entriesRoot: (entries) => verify.entriesRoot(entries),
  manifestDigest: (document) => verify.manifestDigest(document),
  changed: (before, step) => verify.changed(before, step),
};

function treeOf(sequence, awards) {
  return new verify.AwardsTree(awards.map((award) => verify.awardLeaf(sequence, award)));
}

async function answer(name, given) {
  try {
    return await CALLS[name](...given);
  } catch {
    return "error";
  }
}

let count = 0;
const different = [];
for (const [name, cases] of Object.entries(JSON.parse(readFileSync(process.argv[2], "utf8")))) {
  for (const [given, expected] of cases) {
    const found = await answer(name, given);
    count += 1;
    if (JSON.stringify(found) !== JSON.stringify(expected)) different.push({ name, expected, found });
  }
}
process.stdout.write(JSON.stringify({ count, different: different.slice(0, 10), failed: different.length }));
