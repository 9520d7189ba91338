/** Recomputes everything, one checkpoint and one round after the other, and tells of each. */
import { readFrom, readSegment, type Index } from "./data";
import { certificateResults, objectResults } from "./objects";
import type { Message } from "./progress";
import { equivocationResults, headResults, manifestResults, roundResults, segmentResults } from "./recompute";
import { readPack } from "./data";
import { changed, type Entry } from "./verify";
import type { Result } from "./results";

const port = self as unknown as { onmessage: (event: MessageEvent) => void; postMessage(message: Message[]): void };

port.onmessage = ({ data }: MessageEvent<{ place: string; index: Index }>) => {
  readFrom(data.place);
  void audit(data.index);
};

async function audit(index: Index): Promise<void> {
  const { checkpoints, rounds, revocations, equivocations } = index;
  const steps = index.manifest_packs ? 1 : 0;
  const total = checkpoints.length * 2 + rounds.length + revocations.length + equivocations.length + steps;
  const tell = (where: string, route: string, results: Result[]) => port.postMessage([{ where, route, results, total }]);
  const heads = headResults(index);
  port.postMessage(
    checkpoints.map((row, place) => ({ where: `checkpoint ${row.checkpoint.sequence}`, route: `#/checkpoint/${row.checkpoint.sequence}`, results: heads[place] ?? [], total })),
  );
  for (const item of equivocations) tell(`equivocation of ${item.organisation}`, "#/trouble", await equivocationResults(index, item));
  for (const [number, segment] of index.segments.entries()) {
    if (checkpoints.some((row) => row.checkpoint.sequence === segment.sequence)) {
      const results = await guarded(async () => segmentResults(index, number, await readSegment(number)));
      tell(`checkpoint ${segment.sequence}`, `#/checkpoint/${segment.sequence}`, results);
    }
  }
  for (const row of rounds) tell(`round ${row.id}`, `#/round/${row.id}`, await guarded(async () => [...(await roundResults(index, row)), ...(await objectResults(row))]));
  for (const row of revocations) tell("a revocation", `#/revocation/${row.id}`, await guarded(() => certificateResults(index, row)));
  if (steps) tell("manifests", "#/model", await guarded(() => manifests(index)));
}

async function guarded(work: () => Promise<Result[]>): Promise<Result[]> {
  try {
    return await work();
  } catch (error) {
    return [{ label: "It can be read", how: "the file is fetched and parsed", state: "bad", expected: "a file of the view", found: (error as Error).message }];
  }
}

async function manifests(index: Index): Promise<Result[]> {
  const rows = new Map(index.checkpoints.map((row) => [row.checkpoint.sequence, row]));
  const results: Result[] = [];
  let entries: Entry[] = [];
  for (let number = 0; number < index.manifest_packs; number += 1) {
    for (const step of await readPack(number)) {
      entries = changed(entries, step);
      const row = rows.get(step.sequence);
      if (row) results.push(...(await manifestResults(row, step, entries)).map((one) => ({ ...one, label: `Manifest of checkpoint ${step.sequence}: ${one.label.toLowerCase()}` })));
    }
  }
  return results;
}
