/** Manifests: the digest of the document, the root over the entries, and the list of entries from its changes. */
import { canonicalBytes, digest, type Json } from "./canonical";
import { rootOf } from "./merkle";
import type { Hex } from "./bytes";

export interface Entry {
  kind: string;
  round: number;
  organisation: string;
  weight: number;
  update_id?: Hex;
  parent_manifest?: Hex;
  [field: string]: unknown;
}

export interface ManifestStep {
  sequence: number;
  digest: Hex;
  document: { count: number; entries_root: Hex; [field: string]: unknown };
  remove: number[];
  add: [number, Entry][];
}

/** The entries after a change: places that go are of the list before, places that come of the list afterwards. */
export function changed(before: Entry[], step: ManifestStep): Entry[] {
  const gone = new Set(step.remove);
  const kept = before.filter((_, place) => !gone.has(place));
  const after: Entry[] = [];
  const coming = new Map(step.add);
  for (let place = 0, next = 0; place < kept.length + coming.size; place += 1) {
    const entry = coming.get(place) ?? kept[next++];
    if (entry === undefined) throw new Error(`the change for checkpoint ${step.sequence} leaves place ${place} empty`);
    after.push(entry);
  }
  return after;
}

export function entriesRoot(entries: Entry[]): Hex {
  return rootOf(entries.map((entry) => canonicalBytes(entry as unknown as Json)));
}

export function manifestDigest(document: ManifestStep["document"]): Hex {
  return digest(document as unknown as Json);
}
