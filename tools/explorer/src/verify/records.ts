/** A record of the private chain and the leaf it becomes (docs/formats/record.md). */
import { canonicalBytes, type Json } from "./canonical";
import { join, sha256, word } from "./bytes";
import { leafHash } from "./merkle";

/** Hash of a record's leaf in the records tree. */
export function recordLeaf(record: { log_index: number }, salt: string): Uint8Array {
  const place = new Uint8Array(8);
  new DataView(place.buffer).setBigUint64(0, BigInt(record.log_index));
  const effective = sha256(word(salt), place);
  return leafHash(sha256(join(effective, canonicalBytes(record as unknown as Json))));
}
