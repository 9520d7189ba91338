/** What one recomputation said. Plain values, since a worker sends them. */

export interface Result {
  /** What is asked, as a short sentence. */
  label: string;
  /** How it is recomputed. */
  how: string;
  state: "good" | "bad" | "absent";
  expected?: string;
  found?: string;
}

export function compare(label: string, how: string, expected: string, found: string): Result {
  return { label, how, state: expected === found ? "good" : "bad", expected, found };
}

export function absent(label: string, how: string): Result {
  return { label, how, state: "absent" };
}

/** A recomputation that throws has not agreed: what it was given is malformed. */
export async function attempt(label: string, how: string, work: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    return { label, how, state: "bad", expected: "well-formed", found: (error as Error).message };
  }
}

export function worst(results: Result[]): Result["state"] {
  if (results.some((one) => one.state === "bad")) return "bad";
  return results.some((one) => one.state === "absent") ? "absent" : "good";
}
