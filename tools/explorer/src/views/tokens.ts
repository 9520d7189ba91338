/** Contribution tokens: who was awarded what, what was claimed, and whether it adds up. */
import { readTokens, type Index, type Tokens } from "../data";
import { h, s, type Child } from "../dom";
import { compare, type Result } from "../results";
import { address, block, checks, colourOf, digest, heading, organisation, paged, section, table, tokens, transaction } from "../ui";

interface Account {
  account: string;
  name: string;
  awarded: bigint;
  claimed: bigint;
  voided: bigint;
}

export async function tokensView(index: Index): Promise<Child> {
  const found = await readTokens();
  const accounts = accountsOf(found);
  return [
    heading("Tokens", `${tokens(found.supply)} tokens were paid`, "A round awards tokens for the scores that other members gave. They are claimed on the public chain, each against the anchored root."),
    checks(results(index, found)),
    section("By organisation", bars(accounts), accountTable(index, accounts)),
    section("What happened on the public chain", events(index, found)),
  ];
}

function accountsOf(found: Tokens): Account[] {
  const by = new Map<string, Account>();
  const of = (account: string): Account => {
    const known = by.get(account) ?? { account, name: found.accounts[account] ?? "unknown", awarded: 0n, claimed: 0n, voided: 0n };
    by.set(account, known);
    return known;
  };
  const leaves = new Map(found.awarded.map((item) => [item.sequence, item.leaves]));
  for (const item of found.awarded) for (const [, account, amount] of item.leaves) of(account).awarded += BigInt(amount);
  for (const event of found.events) {
    if (event.kind === "claimed") of(event.account).claimed += BigInt(event.amount);
    const leaf = event.kind === "voided" ? leaves.get(event.sequence)?.[event.index] : undefined;
    if (leaf) of(leaf[1]).voided += BigInt(leaf[2]);
  }
  return [...by.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function results(index: Index, found: Tokens): Result[] {
  const claims = found.events.filter((event) => event.kind === "claimed");
  const sum = claims.reduce((total, event) => total + BigInt(event.amount), 0n);
  const replaced = new Set(found.events.filter((event) => event.kind === "replaced").map((event) => event.sequence));
  const leaves = new Map(found.awarded.map((item) => [item.sequence, item.leaves]));
  const odd = claims.filter((event) => {
    const leaf = leaves.get(event.sequence)?.[event.index];
    return !replaced.has(event.sequence) && (!leaf || leaf[0] !== event.update_id || leaf[1] !== event.account || leaf[2] !== event.amount);
  });
  const keys = claims.map((event) => `${event.sequence} ${event.index} ${replaced.has(event.sequence) ? event.block : ""}`);
  return [
    compare("The token's supply is the sum of all claims", "added up from the events", found.supply, String(sum)),
    compare("The overview says the same", "", index.supply, found.supply),
    compare(`Each of ${claims.length} claims is what was awarded`, "index, contribution, account and amount of the leaf", "0 others", `${odd.length} others`),
    compare("Nothing was claimed twice", "each index of a checkpoint once", String(keys.length), String(new Set(keys).size)),
  ];
}

function bars(accounts: Account[]): Child {
  const most = accounts.reduce((known, item) => (item.awarded > known ? item.awarded : known), 1n);
  const width = (amount: bigint) => Number((amount * 10_000n) / most) / 10_000 * 430;
  const rows = accounts.map((item, place) => {
    const y = place * 40 + 6;
    const words = `${item.name}: ${tokens(item.claimed)} claimed, ${tokens(item.voided)} void, of ${tokens(item.awarded)} awarded`;
    return s(
      "g",
      s("text", { x: 0, y: y + 16, class: `name c${colourOf(item.name)}` }, item.name),
      s("rect", { x: 130, y, width: width(item.awarded), height: 22, rx: 4, class: `waiting c${colourOf(item.name)}` }, s("title", words)),
      s("rect", { x: 130, y, width: width(item.claimed), height: 22, rx: 4, class: `paid c${colourOf(item.name)}` }, s("title", words)),
      s("text", { x: 130 + width(item.awarded) + 10, y: y + 16 }, tokens(item.awarded)),
    );
  });
  const picture = s("svg", { viewBox: `0 0 660 ${accounts.length * 40 + 8}`, class: "bars", role: "img", "aria-label": "Tokens awarded and claimed by organisation; the table below has the figures" }, rows);
  return h("figure", h("div.scroll.picture", { role: "region", "aria-label": "Tokens by organisation", tabindex: 0 }, picture), h("figcaption", "Solid: claimed. Pale: awarded and not claimed, or void."));
}

function accountTable(index: Index, accounts: Account[]): HTMLElement {
  return table(
    "Accounts",
    ["Organisation", "Account", "Awarded", "Claimed", "Void", "Not claimed"],
    accounts.map((item) => [organisation(item.name), address(index.public, item.account), tokens(item.awarded), tokens(item.claimed), tokens(item.voided), tokens(item.awarded - item.claimed - item.voided)]),
    [2, 3, 4, 5],
  );
}

const WORDS: Record<string, string> = { published: "awards published", objected: "objection", replaced: "root replaced", voided: "award void", claimed: "award claimed" };

function events(index: Index, found: Tokens): Child {
  if (!found.events.length) return h("p.quiet", "Nothing yet.");
  return paged([...found.events].reverse(), 50, (part) =>
    table(
      "Events of the AwardDistributor, the latest first",
      ["Public block", "What", "Checkpoint", "Whom", "Tokens", "Transaction"],
      part.map((event) => [
        block(index.public, event.block),
        WORDS[event.kind] ?? event.kind,
        h("a", { href: `#/checkpoint/${event.sequence}` }, String(event.sequence)),
        event.organisation ? organisation(event.organisation) : event.account ? organisation(found.accounts[event.account] ?? "unknown") : event.root || event.current ? digest(event.root ?? event.current) : "",
        event.amount ? tokens(event.amount) : "",
        transaction(index.public, event.transaction),
      ]),
      [0, 2, 4],
    ),
  );
}
