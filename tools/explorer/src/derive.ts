/** What the records tell of a round, a contribution and a revocation; nothing here is taken from the index. */
import type { Rec } from "./data";
import type { Hex } from "./verify";

export interface Judgement {
  judge: string;
  accept: boolean;
  cap: number;
  score: number;
  reason: string;
  rec: Rec;
}
export interface Contribution {
  id: Hex;
  round: number;
  organisation: string;
  submission: Record<string, any>;
  submitted: Rec;
  released?: Rec;
  replacedBy?: Hex;
  verdicts: Judgement[];
}
export interface Round {
  id: number;
  opened?: Rec;
  ended?: Rec;
  contributions: Contribution[];
  passed: string[];
  commitments: Rec[];
  abandoned: string[];
  records: Rec[];
}

export function roundOf(id: number, records: Rec[]): Round {
  const round: Round = { id, contributions: [], passed: [], commitments: [], abandoned: [], records: [] };
  const by = new Map<string, Contribution>();
  for (const rec of records) {
    const { kind, fields } = rec.record;
    if (fields.round_id !== id) continue;
    round.records.push(rec);
    const one = by.get(fields.update_id);
    if (kind === "RoundOpened") round.opened = rec;
    else if (kind === "RoundClosed" || kind === "RoundFailed") round.ended = rec;
    else if (kind === "RoundPassed") round.passed.push(fields.organisation);
    else if (kind === "VerdictsCommitted") round.commitments.push(rec);
    else if (kind === "RoundAbandonSupported") round.abandoned.push(fields.organisation);
    else if (kind === "UpdateSubmitted") by.set(fields.update_id, contribution(rec));
    else if (kind === "UpdateReplaced") mark(by.get(fields.previous), { replacedBy: fields.current });
    else if (kind === "UpdateReleased") mark(one, { released: rec });
    else if (kind === "VerdictRevealed") one?.verdicts.push(judgement(rec));
  }
  round.contributions = [...by.values()];
  return round;
}

function contribution(rec: Rec): Contribution {
  const { round_id, update_id, organisation, submission } = rec.record.fields;
  return { id: update_id, round: round_id, organisation, submission, submitted: rec, verdicts: [] };
}

function mark(one: Contribution | undefined, changes: Partial<Contribution>): void {
  if (one) Object.assign(one, changes);
}

function judgement(rec: Rec): Judgement {
  const { organisation, accept, weight_cap, score, reason } = rec.record.fields;
  return { judge: organisation, accept, cap: weight_cap, score: Number(score), reason, rec };
}

/** Members that accept an update; its owner counts as one from the release. */
export function acceptances(one: Contribution): number {
  const others = one.verdicts.filter((item) => item.judge !== one.organisation && item.accept).length;
  return others + (one.released ? 1 : 0);
}

/** Upper median of the others' scores, at least 0; in millionths. */
export function settledScore(one: Contribution): number {
  const scores = one.verdicts.filter((item) => item.judge !== one.organisation).map((item) => item.score);
  scores.sort((a, b) => a - b);
  return Math.max(0, scores[Math.floor(scores.length / 2)] ?? 0);
}

export interface Figures {
  organisation: string;
  metric: string;
  before: number;
  after: number;
  samples: number;
  rec: Rec;
}
export interface Revocation {
  id: Hex;
  requested?: Rec;
  supporters: Rec[];
  approved?: Rec;
  affected: Rec[];
  replaced: Rec[];
  figures: Figures[];
  endorsements: Rec[];
  certified?: Rec;
  receipts: Rec[];
  shredded?: Rec;
  records: Rec[];
}

export function revocationOf(id: string, records: Rec[]): Revocation {
  const found: Revocation = { id: id as Hex, supporters: [], affected: [], replaced: [], figures: [], endorsements: [], receipts: [], records: [] };
  for (const rec of records) {
    const { kind, fields } = rec.record;
    if (fields.request_id !== id) continue;
    found.records.push(rec);
    if (kind === "RevocationRequested") found.requested = rec;
    else if (kind === "RevocationSupported") found.supporters.push(rec);
    else if (kind === "RevocationApproved") found.approved = rec;
    else if (kind === "UpdatesAffected") found.affected.push(rec);
    else if (kind === "ManifestReplaced") found.replaced.push(rec);
    else if (kind === "VerificationRecorded") found.figures.push(figures(rec));
    else if (kind === "CertificateEndorsed") found.endorsements.push(rec);
    else if (kind === "RevocationCertified") found.certified = rec;
    else if (kind === "ShredReceiptRecorded") found.receipts.push(rec);
    else if (kind === "RevocationShredded") found.shredded = rec;
  }
  return found;
}

function figures(rec: Rec): Figures {
  const { organisation, metric, value_before, value_after, samples } = rec.record.fields;
  return { organisation, metric, before: Number(value_before), after: Number(value_after), samples: Number(samples), rec };
}

export const MODES = ["drop", "heal", "replay"];
