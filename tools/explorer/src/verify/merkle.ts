/** RFC 6962 trees: roots from what is at hand, inclusion and consistency proofs (RFC 9162, 2.1.3.2 and 2.1.4.2). */
import { hex, same, sha256, type Hex } from "./bytes";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(LEAF, data);
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE, left, right);
}

interface Peak {
  height: number;
  hash: Uint8Array;
}

/** The roots of the complete subtrees that a tree of `size` leaves ends in, largest first, and what joins them. */
export class Frontier {
  private peaks: Peak[];
  size: number;

  constructor(hashes: Uint8Array[] = [], size = 0) {
    const heights: number[] = [];
    for (let height = 52; height >= 0; height -= 1) if (Math.floor(size / 2 ** height) % 2) heights.push(height);
    if (heights.length !== hashes.length) throw new Error(`${hashes.length} peaks do not make a tree of ${size} leaves`);
    this.peaks = heights.map((height, index) => ({ height, hash: hashes[index] as Uint8Array }));
    this.size = size;
  }

  append(leaf: Uint8Array): void {
    let peak: Peak = { height: 0, hash: leaf };
    while (this.peaks.length && this.peaks[this.peaks.length - 1]!.height === peak.height) {
      const left = this.peaks.pop() as Peak;
      peak = { height: peak.height + 1, hash: nodeHash(left.hash, peak.hash) };
    }
    this.peaks.push(peak);
    this.size += 1;
  }

  root(): Hex {
    if (!this.peaks.length) return hex(sha256());
    const hashes = this.peaks.map((peak) => peak.hash);
    return hex(hashes.reduceRight((right, left) => nodeHash(left, right)));
  }
}

/** The root over leaf data. */
export function rootOf(leaves: Uint8Array[]): Hex {
  const frontier = new Frontier();
  for (const data of leaves) frontier.append(leafHash(data));
  return frontier.root();
}

/**
 * The path of a leaf that stands among the last leaves of a tree, from what comes before them.
 *
 * @param before roots of the complete subtrees before them, largest first. @param first how many leaves those hold.
 * @param leaves hashes of the leaves after them, up to the tree's end. @param index of the leaf, in the whole tree.
 */
export function inclusionPath(before: Uint8Array[], first: number, leaves: Uint8Array[], index: number): Uint8Array[] {
  const known = new Map<string, Uint8Array>();
  let place = 0;
  for (let height = 52, next = 0; height >= 0; height -= 1) {
    if (Math.floor(first / 2 ** height) % 2 === 0) continue;
    known.set(`${place}+${2 ** height}`, before[next++] as Uint8Array);
    place += 2 ** height;
  }
  const range = (start: number, end: number): Uint8Array => {
    const there = known.get(`${start}+${end - start}`);
    if (there) return there;
    if (end - start === 1) {
      if (start < first) throw new Error(`leaf ${start} is not at hand`);
      return leaves[start - first] as Uint8Array;
    }
    const middle = start + split(end - start);
    return nodeHash(range(start, middle), range(middle, end));
  };
  const path: Uint8Array[] = [];
  let [start, end] = [0, first + leaves.length];
  while (end - start > 1) {
    const middle = start + split(end - start);
    if (index < middle) {
      path.unshift(range(middle, end));
      end = middle;
    } else {
      path.unshift(range(start, middle));
      start = middle;
    }
  }
  return path;
}

function split(width: number): number {
  let power = 1;
  while (power * 2 < width) power *= 2;
  return power;
}

/** Whether a leaf (its hash) is number `index` in the tree of `size` leaves with this root. */
export function verifyInclusion(leaf: Uint8Array, index: number, size: number, proof: Uint8Array[], root: string): boolean {
  if (index < 0 || index >= size) return false;
  let [node, last, value] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 || node === last) {
      value = nodeHash(sibling, value);
      while (node % 2 === 0 && node) [node, last] = [half(node), half(last)];
    } else {
      value = nodeHash(value, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && hex(value) === root;
}

/** Whether the tree of `second` leaves extends that of `first` leaves. */
export function verifyConsistency(
  first: number,
  second: number,
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
  proof: Uint8Array[],
): boolean {
  if (first < 0 || first > second) return false;
  if (first === second) return !proof.length && same(firstRoot, secondRoot);
  if (first === 0) return !proof.length && same(firstRoot, sha256());
  const path = Number.isInteger(Math.log2(first)) ? [firstRoot, ...proof] : [...proof];
  if (!path.length) return false;
  let [node, last] = [first - 1, second - 1];
  while (node % 2) [node, last] = [half(node), half(last)];
  let [old, young] = [path[0] as Uint8Array, path[0] as Uint8Array];
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (node % 2 || node === last) {
      [old, young] = [nodeHash(sibling, old), nodeHash(sibling, young)];
      while (node % 2 === 0 && node) [node, last] = [half(node), half(last)];
    } else {
      young = nodeHash(young, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && same(old, firstRoot) && same(young, secondRoot);
}

function half(value: number): number {
  return Math.floor(value / 2);
}
