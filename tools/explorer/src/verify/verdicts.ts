/** What a member committed to before it saw the others' verdicts, and the identifiers that contracts compute. */
import { encodeAbiParameters, keccak256 } from "viem";
import { account, hex, keccak, nameWord, number, word, type Hex } from "./bytes";

export interface SentVerdict {
  update_id: Hex;
  accept: boolean;
  weight_cap: number;
  score: number;
  reason: string;
}

const PARAMETERS = [
  { type: "uint64" },
  { type: "bytes32" },
  {
    type: "tuple[]",
    components: [
      { name: "updateId", type: "bytes32" },
      { name: "accept", type: "bool" },
      { name: "weightCap", type: "uint32" },
      { name: "score", type: "int64" },
      { name: "reason", type: "bytes32" },
    ],
  },
  { type: "bytes32" },
] as const;
const DIGEST = /^0x[0-9a-f]{64}$/;

/** keccak256(abi.encode(roundId, organisation, verdicts, nonce)). */
export function verdictCommitment(round: number, organisation: string, verdicts: SentVerdict[], nonce: Hex): Hex {
  const rows = verdicts.map((one) => ({
    updateId: one.update_id,
    accept: one.accept,
    weightCap: one.weight_cap,
    score: BigInt(one.score),
    reason: DIGEST.test(one.reason) ? (one.reason as Hex) : hex(nameWord(one.reason)),
  }));
  return keccak256(encodeAbiParameters(PARAMETERS, [BigInt(round), hex(nameWord(organisation)), rows, nonce]));
}

/** The id of a member's submission to a round; `ordinal` counts them from 1. */
export function updateId(chainId: number, ledger: string, round: number, organisation: string, ordinal: number): Hex {
  return hex(keccak(number(chainId), account(ledger), number(round, 64), nameWord(organisation), number(ordinal)));
}

/** The id of a revocation request; `count` is its number among all requests, from 1. */
export function requestId(chainId: number, ledger: string, count: number): Hex {
  return hex(keccak(number(chainId), account(ledger), number(count, 64)));
}

export { word };
