/** Checkpoints: the head that one makes, and who signed it (docs/formats/checkpoint.md). */
import { hashTypedData } from "viem";
import { account, hex, join, keccak, nameWord, number, utf8, word, type Hex } from "./bytes";
import { signer } from "./signatures";

export interface Checkpoint {
  sequence: number;
  previous_head: Hex;
  records_root: Hex;
  tree_size: number;
  private_chain_id: string;
  private_block: number;
  private_block_hash: Hex;
  manifest_digest: Hex;
  awards_root: Hex;
  consortium_digest: Hex;
  epoch: number;
}

export interface Seat {
  organisation: string;
  authority: string;
}

const TYPES = {
  Checkpoint: [
    { name: "sequence", type: "uint64" },
    { name: "previousHead", type: "bytes32" },
    { name: "recordsRoot", type: "bytes32" },
    { name: "treeSize", type: "uint64" },
    { name: "privateChainId", type: "uint256" },
    { name: "privateBlock", type: "uint64" },
    { name: "privateBlockHash", type: "bytes32" },
    { name: "manifestDigest", type: "bytes32" },
    { name: "awardsRoot", type: "bytes32" },
    { name: "consortiumDigest", type: "bytes32" },
    { name: "epoch", type: "uint64" },
  ],
} as const;
const TYPE = `Checkpoint(${TYPES.Checkpoint.map((field) => `${field.type} ${field.name}`).join(",")})`;
const TYPE_HASH = keccak(utf8(TYPE));
const CONSORTIUM_TYPE_HASH = keccak(
  utf8("Consortium(bytes32 consortiumId,uint64 epoch,uint8 quorum,bytes32 seatsHash)"),
);

/** The EIP-712 struct hash, which is the head once the checkpoint is anchored. */
export function headOf(one: Checkpoint): Hex {
  return hex(
    keccak(
      TYPE_HASH,
      number(one.sequence, 64),
      word(one.previous_head),
      word(one.records_root),
      number(one.tree_size, 64),
      number(one.private_chain_id),
      number(one.private_block, 64),
      word(one.private_block_hash),
      word(one.manifest_digest),
      word(one.awards_root),
      word(one.consortium_digest),
      number(one.epoch, 64),
    ),
  );
}

/** The head of an anchor that holds no checkpoint yet. */
export const GENESIS_HEAD: Hex = hex(keccak(TYPE_HASH, new Uint8Array(32 * TYPES.Checkpoint.length)));

/** Whose key signed a checkpoint for the public chain's CheckpointAnchor, by viem's typed data. */
export async function checkpointSigner(one: Checkpoint, chainId: string, anchor: Hex, signature: Hex): Promise<Hex> {
  const message = {
    sequence: BigInt(one.sequence),
    previousHead: one.previous_head,
    recordsRoot: one.records_root,
    treeSize: BigInt(one.tree_size),
    privateChainId: BigInt(one.private_chain_id),
    privateBlock: BigInt(one.private_block),
    privateBlockHash: one.private_block_hash,
    manifestDigest: one.manifest_digest,
    awardsRoot: one.awards_root,
    consortiumDigest: one.consortium_digest,
    epoch: BigInt(one.epoch),
  };
  const domain = domainOf("LoRAnchor CheckpointAnchor", chainId, anchor);
  return signer(hashTypedData({ domain, types: TYPES, primaryType: "Checkpoint", message }), signature);
}

/** Whose key signed a head of which only the hash is at hand, as in an equivocation. */
export async function headSigner(head: Hex, chainId: string, anchor: Hex, signature: Hex): Promise<Hex> {
  return signer(hex(keccak(utf8("\x19"), Uint8Array.of(1), separator("LoRAnchor CheckpointAnchor", chainId, anchor), word(head))), signature);
}

function separator(name: string, chainId: string, contract: Hex): Uint8Array {
  const type = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
  return keccak(keccak(utf8(type)), keccak(utf8(name)), keccak(utf8("1")), number(chainId), account(contract));
}

export function domainOf(name: string, chainId: string, contract: Hex) {
  return { name, version: "1", chainId: BigInt(chainId), verifyingContract: contract };
}

/** What a checkpoint names for the consortium; seats in member order. */
export function consortiumDigest(consortiumId: string, epoch: number, quorum: number, seats: Seat[]): Hex {
  const rows = seats.flatMap((seat) => [nameWord(seat.organisation), account(seat.authority)]);
  const seatsHash = keccak(join(number(32), number(seats.length), ...rows));
  return hex(keccak(CONSORTIUM_TYPE_HASH, word(consortiumId), number(epoch, 64), number(quorum, 8), seatsHash));
}
