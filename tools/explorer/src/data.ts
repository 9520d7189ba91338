/** What the page reads (docs/formats/audit-view.md), each file once. */
import type { Award, Checkpoint, Hex, ManifestStep, SentVerdict } from "./verify";

export interface RawRecord {
  kind: string;
  chain_id: number;
  contract: Hex;
  block: number;
  transaction: Hex;
  log_index: number;
  sender: string;
  signer: Hex;
  fields: Record<string, any>;
}
export interface Rec {
  record: RawRecord;
  salt: Hex;
  index: number;
}
export interface Place {
  chain_id: string;
  block: number;
  block_hash: Hex;
  contracts: Record<string, Hex>;
  explorer: string | null;
  head?: Hex | null;
}
export interface CheckpointRow {
  checkpoint: Checkpoint;
  head: Hex;
  signers: string;
  transaction: Hex;
  block: number;
}
export interface SegmentRow {
  sequence: number | null;
  reason: string;
  subject: Hex;
  block: number | null;
  first: number;
  size: number;
}
export interface RoundRow {
  id: number;
  status: "open" | "closed" | "failed";
  failure: string;
  opener: string;
  epoch: number;
  opened: number;
  ended: number | null;
  submitted: string[];
  accepted: number;
  sequence: number | null;
  segments: number[];
}
export interface RevocationRow {
  id: Hex;
  organisation: string;
  reason: string;
  mode: string;
  urgent: boolean;
  updates: [number, Hex, string][];
  requested: number;
  status: string;
  sequence: number | null;
  missing: string[];
  segments: number[];
}
export interface SignatureRow {
  organisation: string;
  signature: Hex;
  head: Hex;
  transaction: Hex;
  chain: "public" | "private";
}
export interface EquivocationRow {
  sequence: number;
  organisation: string;
  proven: boolean;
  signatures: SignatureRow[];
}
export interface AuditCheck {
  name: string;
  title: string;
  ok: boolean;
  count: number;
  findings: { subject: string; message: string }[];
  notes: string[];
}
export interface Index {
  format: string;
  version: number;
  source: string;
  consortium_id: Hex;
  public: Place;
  private: Place;
  membership: { public: RawRecord[]; private: RawRecord[] };
  checkpoints: CheckpointRow[];
  segments: SegmentRow[];
  manifest_packs: number;
  rounds: RoundRow[];
  revocations: RevocationRow[];
  equivocations: EquivocationRow[];
  overdue: { kind: string; text: string; route: string }[];
  failed: { id: number; reason: string; block: number }[];
  supply: string;
  shards: string[];
  audit: { ok: boolean; checks: AuditCheck[] } | null;
  limits: string[];
  evaluation: Evaluation | null;
}
/** What an evaluation found: held-out forget accuracy under attack, as shares at each step, by role of the model. */
export interface Evaluation {
  verdict: string;
  reasons: string[];
  seeds: number;
  limits: string[];
  attacks: { k: number; steps: number[]; values: Record<string, (number | null)[]> }[];
}
export interface Segment {
  sequence: number | null;
  first: number;
  size: number;
  peaks: Hex[];
  consistency: Hex[];
  records: Rec[];
  reveals: { transaction: Hex; round: number; nonce: Hex; verdicts: SentVerdict[] }[];
  signatures: SignatureRow[];
  awards: Award[];
}
export interface Tokens {
  supply: string;
  accounts: Record<string, string>;
  awarded: { sequence: number; leaves: [Hex, Hex, string][] }[];
  events: { kind: string; sequence: number; block: number; transaction: Hex; [field: string]: any }[];
}
export type Shard = Record<string, [string, string][]>;

const FORMAT = "loranchor/audit-view";
const cache = new Map<string, Promise<unknown>>();

/** Where the files are: beside the page, or where a worker is told. */
let base = "./view/";

export function readFrom(place: string): void {
  base = place;
}

export function place(): string {
  return new URL(base, document.baseURI).href;
}

async function load(path: string): Promise<Response> {
  const answer = await fetch(base + path, { credentials: "omit" });
  if (!answer.ok) throw new Error(`${path} cannot be read (${answer.status})`);
  return answer;
}

function once<T>(path: string, read: (answer: Response) => Promise<T>): Promise<T> {
  let found = cache.get(path);
  if (!found) {
    found = load(path).then(read);
    cache.set(path, found);
  }
  return found as Promise<T>;
}

export async function readIndex(): Promise<Index> {
  const index = await once("index.json", (answer) => answer.json() as Promise<Index>);
  if (index.format !== FORMAT || index.version !== 1) throw new Error(`this page reads ${FORMAT} 1, not ${index.format} ${index.version}`);
  return index;
}

export function readSegment(number: number): Promise<Segment> {
  return once(`segments/${number}.json`, async (answer) => {
    const segment = (await answer.json()) as Segment;
    segment.records.forEach((item, place) => (item.index = segment.first + place));
    return segment;
  });
}

export function readTokens(): Promise<Tokens> {
  return once("tokens.json", (answer) => answer.json() as Promise<Tokens>);
}

export function readShard(name: string): Promise<Shard> {
  return once(`search/${name}.json`, (answer) => answer.json() as Promise<Shard>);
}

export function readPack(number: number): Promise<ManifestStep[]> {
  return once(`manifests/${number}.json`, (answer) => answer.json() as Promise<ManifestStep[]>);
}

/** The bytes of an object that the view carries; null where it has none of that digest. */
export async function readObject(digest: Hex): Promise<Uint8Array | null> {
  const known = await once("objects.json", (answer) => answer.json() as Promise<Record<string, number>>);
  if (!(digest in known)) return null;
  return once(`objects/${digest}`, async (answer) => new Uint8Array(await answer.arrayBuffer()));
}

/** All records of some segments, in order. */
export async function recordsOf(numbers: number[]): Promise<Rec[]> {
  const segments = await Promise.all(numbers.map(readSegment));
  return segments.flatMap((segment) => segment.records);
}
