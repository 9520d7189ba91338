/** Rounds: the list, and one of them as its records tell it. */
import { recordsOf, type Index, type RoundRow } from "../data";
import { acceptances, roundOf, settledScore, type Contribution, type Round } from "../derive";
import { h, type Child } from "../dom";
import { publicEpochs, roundResults } from "../recompute";
import { objectResults } from "../objects";
import { compare, type Result } from "../results";
import { badge, block, digest, facts, heading, later, million, organisation, organisations, paged, plural, section, table, transaction } from "../ui";
import { stateOf } from "./overview";
import { recordList } from "./record";

export function rounds(index: Index): Child {
  return [
    heading("Rounds", plural(index.rounds.length, "round"), "The latest come first. A round ends at its last deadline, or as soon as every member has acted."),
    paged([...index.rounds].reverse(), 50, (part) =>
      table(
        "Rounds of training",
        ["Round", "Status", "Opened by", "Blocks", "Contributions", "Checkpoint", "Recomputed"],
        part.map((row) => [
          h("a", { href: `#/round/${row.id}` }, String(row.id)),
          status(row),
          organisation(row.opener),
          `${row.opened.toLocaleString("en")} – ${row.ended?.toLocaleString("en") ?? ""}`,
          `${row.accepted} of ${row.submitted.length}`,
          row.sequence === null ? h("span.quiet", "none") : h("a", { href: `#/checkpoint/${row.sequence}` }, String(row.sequence)),
          stateOf(`#/round/${row.id}`),
        ]),
        [0, 4, 5],
      ),
    ),
  ];
}

function status(row: RoundRow): HTMLElement {
  return h("span", { class: `state ${row.status}` }, row.status, row.failure ? h("span.quiet", ` (${row.failure.replaceAll("_", " ")})`) : null);
}

export async function round(index: Index, id: number): Promise<Child> {
  const row = index.rounds.find((item) => item.id === id);
  if (!row) return heading("Rounds", `There is no round ${id}`);
  const found = roundOf(id, await recordsOf(row.segments));
  const opening = found.opened?.record.fields.opening ?? {};
  const work = Promise.all([roundResults(index, row), objectResults(row)]).then(([one, two]) => [summary(row, found), ...one, ...two]);
  return [
    heading(`Round ${id}`, title(row, found), lead(row, found)),
    later(work),
    section("Contributions", contributions(index, row, found)),
    section("Verdicts", verdicts(found)),
    section(
      "Terms",
      facts(
        ["Opened by", organisation(row.opener)],
        ["Opened in private block", block(index.private, found.opened?.record.block ?? null)],
        ["Ended in private block", block(index.private, found.ended?.record.block ?? null)],
        ["Manifest trained from", manifest(index, opening.manifest_digest)],
        ["Task", digest(opening.task_digest)],
        ["Agreement", digest(opening.agreement_digest)],
        ["Deadlines, in blocks", `${opening.submit_blocks} submit, ${opening.release_blocks} release, ${opening.commit_blocks} commit, ${opening.reveal_blocks} reveal`],
        ["Fewest updates", String(opening.minimum_updates)],
        ["Passed", organisations(found.passed)],
        ["Transaction", found.opened ? transaction(index.private, found.opened.record.transaction) : null],
      ),
    ),
    section("Records", recordList(found.records)),
  ];
}

/** The row of the index against the records: a summary that says otherwise is told. */
function summary(row: RoundRow, found: Round): Result {
  const kind = found.ended?.record.kind;
  const status = kind === "RoundClosed" ? "closed" : kind === "RoundFailed" ? "failed" : "open";
  const names = [...new Set(found.contributions.map((one) => one.organisation))].sort().join(", ");
  return compare("The overview says of it what the records say", "status and contributors, from the records", `${status}: ${names}`, `${row.status}: ${row.submitted.join(", ")}`);
}

function title(row: RoundRow, found: Round): string {
  if (row.status === "failed") return `Failed: ${String(found.ended?.record.fields.reason ?? "").replaceAll("_", " ")}`;
  if (row.status === "open") return "Still open";
  return `${plural(found.ended?.record.fields.accepted ?? 0, "contribution")} accepted`;
}

function lead(row: RoundRow, found: Round): Child {
  const where = row.sequence === null ? "No checkpoint names it." : [h("a", { href: `#/checkpoint/${row.sequence}` }, `Checkpoint ${row.sequence}`), " anchors it."];
  return [`${plural(found.contributions.length, "update")} submitted, ${found.passed.length ? `${found.passed.join(", ")} passed. ` : ""}`.replace(/, $/, ". "), where];
}

export function manifest(index: Index, value: string | undefined): Child {
  const at = index.checkpoints.find((row) => row.checkpoint.manifest_digest === value);
  return [digest(value), at ? [" ", h("a", { href: `#/model/${at.checkpoint.sequence}` }, `of checkpoint ${at.checkpoint.sequence}`)] : h("span.quiet", ", which no checkpoint names")];
}

function quorumOf(index: Index, row: RoundRow): number {
  return publicEpochs(index).get(row.epoch)?.quorum ?? 0;
}

function contributions(index: Index, row: RoundRow, found: Round): HTMLElement {
  const quorum = quorumOf(index, row);
  return table(
    "Updates of this round",
    ["Organisation", "Update", "Samples", "ε", "Accepted by", "Score", "Outcome"],
    found.contributions.map((one) => [
      organisation(one.organisation),
      h("a", { href: `#/contribution/${one.round}/${one.id}` }, digest(one.id)),
      one.submission.samples.toLocaleString("en"),
      one.submission.epsilon ? million(one.submission.epsilon, 2) : h("span.quiet", "none"),
      `${acceptances(one)} (${quorum} needed)`,
      million(settledScore(one)),
      outcome(one, quorum, row),
    ]),
    [2, 3, 4, 5],
  );
}

export function outcome(one: Contribution, quorum: number, row: RoundRow): HTMLElement {
  if (one.replacedBy) return h("span.state", "replaced");
  if (!one.released) return h("span.state.failed", "not released");
  if (row.status !== "closed") return h("span.state", row.status);
  return acceptances(one) >= quorum ? badge("good", "accepted") : badge("bad", "not accepted");
}

function verdicts(found: Round): Child {
  const judges = [...new Set(found.contributions.flatMap((one) => one.verdicts.map((item) => item.judge)))];
  const silent = found.commitments.map((rec) => rec.record.fields.organisation as string).filter((name) => !judges.includes(name));
  if (!judges.length) return h("p.quiet", "Nobody has revealed a verdict.");
  return [
    table(
      "What each member said of each update, and its score there",
      ["Judge", ...found.contributions.map((one) => one.organisation)],
      judges.map((judge) => [organisation(judge), ...found.contributions.map((one) => judgement(one, judge))]),
    ),
    silent.length ? h("p", `${silent.join(", ")} committed and revealed nothing, which abstains.`) : null,
  ];
}

function judgement(one: Contribution, judge: string): Child {
  const found = one.verdicts.find((item) => item.judge === judge);
  if (!found) return h("span.quiet", "none");
  return [h("span", { class: found.accept ? "yes" : "no" }, found.accept ? "accept" : `reject (${found.reason})`), h("span.quiet", ` ${million(found.score)}`), judge === one.organisation ? h("span.quiet", " own") : null];
}

