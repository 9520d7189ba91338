/** The awards tree, which is OpenZeppelin's StandardMerkleTree (docs/formats/awards.md). */
import { account, hex, keccak, number, word, ZERO, type Hex } from "./bytes";

export interface Award {
  index: number;
  update_id: Hex;
  account: Hex;
  amount: string;
}

export function awardLeaf(sequence: number, award: Award): Uint8Array {
  const words = [number(sequence, 64), number(award.index), word(award.update_id), account(award.account), number(award.amount)];
  return keccak(keccak(...words));
}

export class AwardsTree {
  private readonly nodes: Uint8Array[];
  private readonly places = new Map<number, number>();

  constructor(leaves: Uint8Array[]) {
    const order = leaves.map((leaf, index) => ({ leaf: hex(leaf), index })).sort((a, b) => (a.leaf < b.leaf ? -1 : 1));
    this.nodes = new Array<Uint8Array>(Math.max(2 * leaves.length - 1, 0));
    order.forEach(({ index }, rank) => {
      const place = this.nodes.length - 1 - rank;
      this.nodes[place] = leaves[index] as Uint8Array;
      this.places.set(index, place);
    });
    for (let place = leaves.length - 2; place >= 0; place -= 1) {
      this.nodes[place] = pair(this.nodes[2 * place + 1] as Uint8Array, this.nodes[2 * place + 2] as Uint8Array);
    }
  }

  /** The root; zero for a tree without leaves. */
  get root(): Hex {
    return this.nodes.length ? hex(this.nodes[0] as Uint8Array) : ZERO;
  }

  /** Siblings from the leaf up to the root. */
  proof(index: number): Uint8Array[] {
    const path: Uint8Array[] = [];
    for (let place = this.places.get(index) ?? 0; place > 0; place = Math.floor((place - 1) / 2)) {
      path.push(this.nodes[place % 2 ? place + 1 : place - 1] as Uint8Array);
    }
    return path;
  }
}

/** What the contract computes. */
export function verifyAward(leaf: Uint8Array, proof: Uint8Array[], root: string): boolean {
  return hex(proof.reduce(pair, leaf)) === root;
}

function pair(first: Uint8Array, second: Uint8Array): Uint8Array {
  return hex(first) < hex(second) ? keccak(first, second) : keccak(second, first);
}
