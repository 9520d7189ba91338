/** One contribution from its commitment to its award, and to its revocation where it has one. */
import { readSegment, readTokens, recordsOf, type Index, type Rec } from "../data";
import { acceptances, revocationOf, roundOf, settledScore } from "../derive";
import { h, type Child } from "../dom";
import { manifestAt, publicEpochs, roundResults, segmentResults } from "../recompute";
import { attempt, compare, type Result } from "../results";
import { badge, badgeOf, block, checks, digest, heading, later, million, organisation, section, tokens, transaction } from "../ui";
import { AwardsTree, awardLeaf, verifyAward } from "../verify";
import { manifest } from "./rounds";

interface Step {
  title: string;
  when: Child;
  body: Child;
  state: "done" | "bad" | "open" | "revoked";
}

export async function contribution(index: Index, number: number, id: string): Promise<Child> {
  const row = index.rounds.find((item) => item.id === number);
  const round = row && roundOf(number, await recordsOf(row.segments));
  const one = round?.contributions.find((item) => item.id === id);
  if (!row || !round || !one) return heading("Contributions", "There is no such contribution", digest(id));
  const quorum = publicEpochs(index).get(row.epoch)?.quorum ?? 0;
  const opening = round.opened?.record.fields.opening;
  const { submission } = one;
  const steps: Step[] = [
    step(index, "Committed", one.submitted, [
      line("Content commitment", digest(submission.content_commitment)),
      line("Ciphertext", digest(submission.ciphertext_digest)),
      line("Data statement", digest(submission.data_statement_digest)),
      line("Trained from manifest", manifest(index, submission.parent_manifest)),
      submission.parent_manifest === opening?.manifest_digest ? badge("good", "the one the round was opened with") : badge("bad", "not the one the round was opened with"),
      h("p", `${submission.samples.toLocaleString("en")} samples by its own word, ${submission.epsilon ? `ε ${million(submission.epsilon, 2)}` : "no differential privacy"}.`),
    ]),
  ];
  if (one.released) {
    const { payload_cid, header_cid } = one.released.record.fields;
    steps.push(step(index, "Released", one.released, [line("Sealed payload", digest(payload_cid)), line("Header with the wrapped keys", digest(header_cid))]));
  } else steps.push({ title: "Not released", when: "", body: h("p", "An update that is not released is void."), state: "bad" });
  if (one.verdicts.length) {
    steps.push({
      title: "Judged",
      when: block(index.private, one.verdicts.at(-1)?.rec.record.block ?? null),
      state: "done",
      body: h("ul.plain", one.verdicts.map((item) => h("li", organisation(item.judge), ` ${item.accept ? "accepts" : `rejects (${item.reason})`}, score ${million(item.score)}`, item.judge === one.organisation ? h("span.quiet", " (its own, does not count)") : null))),
    });
  }
  const accepted = row.status === "closed" && one.released && acceptances(one) >= quorum;
  steps.push({
    title: accepted ? "Accepted" : row.status === "open" ? "Waiting for the round's end" : "Not accepted",
    when: round.ended ? block(index.private, round.ended.record.block) : "",
    state: accepted ? "done" : row.status === "open" ? "open" : "bad",
    body: h("p", `${acceptances(one)} members accept it, its owner among them; ${quorum} are needed. Its settled score is ${million(settledScore(one))}.`),
  });
  const revocation = index.revocations.find((item) => item.updates.some(([, update]) => update === id));
  if (accepted && row.sequence !== null) steps.push(await anchored(index, row.sequence, id), ...(await award(index, row.sequence, id)));
  if (revocation) steps.push(await revoked(index, revocation.id));
  return [
    heading("Contribution", [organisation(one.organisation), ` in round ${number}`], ["The life of ", digest(id), ", as the records tell it."]),
    later(roundResults(index, row), (results) => checks(results.filter((item) => item.label.includes(one.organisation) || item.label.includes("revealed")))),
    section("Its life", h("ol.life", steps.map((item) => h("li", { class: item.state }, h("div.when", item.when ? ["block ", item.when] : ""), h("h3", item.title), h("div.body", item.body))))),
    h("p", h("a.more", { href: `#/round/${number}` }, `All of round ${number}`)),
  ];
}

function line(name: string, value: Child): HTMLElement {
  return h("p.line", h("span.quiet", `${name} `), value);
}

function step(index: Index, title: string, rec: Rec, body: Child): Step {
  const links = h("p.line", h("span.quiet", "Transaction "), transaction(index.private, rec.record.transaction), " ", h("a", { href: `#/record/${rec.index}` }, `leaf ${rec.index}`));
  return { title, when: block(index.private, rec.record.block), state: "done", body: [body, links] };
}

async function anchored(index: Index, sequence: number, id: string): Promise<Step> {
  const row = index.checkpoints.find((item) => item.checkpoint.sequence === sequence);
  if (!row) return { title: "Not anchored yet", when: "", state: "open", body: h("p", `Checkpoint ${sequence} is due.`) };
  const number = index.segments.findIndex((item) => item.sequence === sequence);
  const found = await manifestAt(index, sequence);
  const entry = found?.entries.find((item) => item.update_id === id);
  return {
    title: "Anchored, and part of the model",
    when: block(index.public, row.block),
    state: "done",
    body: [
      line("Checkpoint", h("a", { href: `#/checkpoint/${sequence}` }, String(sequence))),
      line("Weight in the round", entry ? (entry.weight / 2 ** 32).toFixed(4) : h("span.quiet", "no entry of its own")),
      later(readSegment(number).then((segment) => segmentResults(index, number, segment)), (results) => badgeOf(results, `${results.length} recomputations agree`)),
    ],
  };
}

async function award(index: Index, sequence: number, id: string): Promise<Step[]> {
  const number = index.segments.findIndex((item) => item.sequence === sequence);
  const { awards } = await readSegment(number);
  const mine = awards.find((item) => item.update_id === id);
  if (!mine) return [{ title: "No award", when: "", state: "open", body: h("p", "Its score settled at zero, or its owner revealed no verdicts.") }];
  const root = index.checkpoints.find((item) => item.checkpoint.sequence === sequence)?.checkpoint.awards_root ?? "";
  const how = "Merkle proof against the anchored awards root, as the contract computes it";
  const work: Promise<Result> = attempt("It is in the awards tree", how, () => {
    const tree = new AwardsTree(awards.map((item) => awardLeaf(sequence, item)));
    return compare("It is in the awards tree", how, "proven", verifyAward(awardLeaf(sequence, mine), tree.proof(mine.index), root) ? "proven" : "not proven");
  });
  const events = (await readTokens()).events.filter((item) => item.sequence === sequence);
  const published = events.find((item) => item.kind === "published");
  const own = events.find((item) => (item.kind === "claimed" || item.kind === "voided") && item.index === mine.index);
  const steps: Step[] = [
    {
      title: `Awarded ${tokens(mine.amount)} tokens`,
      when: published ? block(index.public, published.block) : "",
      state: "done",
      body: [line("To", digest(mine.account)), later(work.then((result) => [result]), (results) => badgeOf(results, "in the awards tree")), published ? line("Published by", transaction(index.public, published.transaction)) : h("p", "Not published yet.")],
    },
  ];
  if (own) {
    const paid = own.kind === "claimed";
    const right = !paid || (own.amount === mine.amount && own.account === mine.account);
    steps.push({ title: paid ? "Claimed" : "Void", when: block(index.public, own.block), state: right ? "done" : "bad", body: [line("Transaction", transaction(index.public, own.transaction)), paid ? badge(right ? "good" : "bad", right ? "paid what was awarded" : "not what was awarded") : null] });
  }
  return steps;
}

async function revoked(index: Index, request: string): Promise<Step> {
  const row = index.revocations.find((item) => item.id === request)!;
  const found = revocationOf(request, await recordsOf(row.segments));
  return {
    title: row.status === "requested" ? "Its revocation is asked for" : `Revoked: ${row.status}`,
    when: found.requested ? block(index.private, found.requested.record.block) : "",
    state: "revoked",
    body: [h("p", `By ${row.organisation}: ${row.reason.replaceAll("_", " ")}, mode ${row.mode}.`), h("a", { href: `#/revocation/${request}` }, "The whole revocation")],
  };
}
