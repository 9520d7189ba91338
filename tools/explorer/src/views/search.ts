/** Search by CID, digest, transaction, address, organisation, or the number of a round or checkpoint. */
import { readShard, type Index } from "../data";
import { h, type Child } from "../dom";
import { heading, section } from "../ui";

const HEX = /^0x[0-9a-f]{4,64}$/;
const CID = /^(?:Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{20,})$/;

/** The file that a word is in, as the Python side names it. */
export function shardOf(key: string): string {
  return key.startsWith("0x") ? key.slice(2, 4) : key.slice(-2).toLowerCase();
}

export async function found(index: Index, text: string): Promise<[string, string][]> {
  const word = text.trim();
  const results: [string, string][] = [];
  if (/^\d{1,9}$/.test(word)) {
    const number = Number(word);
    if (index.rounds.some((row) => row.id === number)) results.push([`round ${number}`, `#/round/${number}`]);
    if (index.segments.some((row) => row.sequence === number)) results.push([`checkpoint ${number}`, `#/checkpoint/${number}`]);
  }
  const lower = word.toLowerCase();
  const names = new Set(index.membership.public.map((item) => item.fields.organisation as string).filter(Boolean));
  for (const name of names) {
    if (lower.length < 2 || !name.includes(lower)) continue;
    results.push([`${name}, a member`, "#/members"]);
    for (const row of index.rounds.filter((item) => item.submitted.includes(name)).slice(-12).reverse()) results.push([`round ${row.id}, to which ${name} contributed`, `#/round/${row.id}`]);
    for (const row of index.revocations.filter((item) => item.organisation === name)) results.push([`a revocation that ${name} asked for`, `#/revocation/${row.id}`]);
  }
  const key = HEX.test(lower) ? lower : CID.test(word) ? word : null;
  if (key && index.shards.includes(shardOf(key))) {
    const shard = await readShard(shardOf(key));
    for (const [known, targets] of Object.entries(shard)) if (key.startsWith("0x") ? known.startsWith(key) : known === key) results.push(...targets);
  }
  return results.filter(([, route], place) => results.findIndex(([, other]) => other === route) === place).slice(0, 60);
}

export async function search(index: Index, text: string): Promise<Child> {
  const results = await found(index, text);
  return [
    heading("Search", results.length ? `${results.length} found` : "Nothing found", ["For ", h("code.asked", text)]),
    results.length
      ? section("Places", h("ul.cards", results.map(([words, route]) => h("li.card", h("a", { href: route }, words)))))
      : h("p.quiet", "Search takes a CID, the first digits of a digest or of a transaction (0x and at least four), an organisation, or the number of a round or checkpoint."),
  ];
}
