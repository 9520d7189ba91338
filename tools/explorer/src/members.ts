/** Who belonged to the consortium in which epoch, folded from the events of one Consortium contract. */
import type { RawRecord } from "./data";
import type { Hex, Seat } from "./verify";

export interface Epoch {
  epoch: number;
  quorum: number;
  digest: Hex;
  block: number;
  seats: Seat[];
  /** Every address that was an organisation's delegate at some time of the epoch. */
  delegates: Map<string, Set<string>>;
}

export function epochsOf(records: RawRecord[]): Map<number, Epoch> {
  const seats = new Map<string, { authority: string; delegate: string }>();
  const epochs = new Map<number, Epoch>();
  let last: Epoch | undefined;
  for (const { kind, fields, block } of records) {
    const name = fields.organisation as string;
    const seat = seats.get(name);
    if (kind === "MemberAdded") seats.set(name, { authority: fields.authority, delegate: "" });
    else if (kind === "MemberRemoved") seats.delete(name);
    else if (kind === "AuthorityReplaced" && seat) seat.authority = fields.current;
    else if (kind === "DelegateRotated" && seat) {
      seat.delegate = fields.current;
      last?.delegates.get(name)?.add(fields.current);
    } else if (kind === "EpochAdvanced") {
      last = {
        epoch: fields.epoch,
        quorum: fields.quorum,
        digest: fields.consortium_digest,
        block,
        seats: [...seats].map(([organisation, one]) => ({ organisation, authority: one.authority })),
        delegates: new Map([...seats].map(([organisation, one]) => [organisation, new Set([one.delegate])])),
      };
      epochs.set(last.epoch, last);
    }
  }
  return epochs;
}

/** The members that a bitmap of signers names, in member order; null where it names places that nobody has. */
export function namedBy(bitmap: string, epoch: Epoch): string[] | null {
  const bits = BigInt(bitmap);
  if (bits >> BigInt(epoch.seats.length)) return null;
  return epoch.seats.filter((_, place) => (bits >> BigInt(place)) & 1n).map((seat) => seat.organisation);
}

/** The organisation whose delegate an address was in the epoch. */
export function memberOf(address: string, epoch: Epoch): string | undefined {
  return [...epoch.delegates].find(([, known]) => known.has(address))?.[0];
}
