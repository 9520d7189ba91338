/** RFC 8785 JSON without floats, hashed with SHA-256 (docs/formats/canonical.md). */
import { hex, sha256, utf8, type Hex } from "./bytes";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const MAX_DEPTH = 32;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** The canonical text; throws for what has none: floats, integers beyond 2^53, lone surrogates, deep nesting. */
export function canonical(value: Json, depth = 0): string {
  if (depth > MAX_DEPTH) throw new Error(`nested more than ${MAX_DEPTH} deep`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new Error(`${value} is no integer below 2^53`);
    return String(value);
  }
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(",")}]`;
  const members = Object.keys(value).sort(); // by UTF-16 code units, which is what RFC 8785 asks for
  return `{${members.map((key) => `${text(key)}:${canonical(value[key] as Json, depth + 1)}`).join(",")}}`;
}

export function canonicalBytes(value: Json): Uint8Array {
  return utf8(canonical(value));
}

/** SHA-256 of the canonical bytes. */
export function digest(value: Json): Hex {
  return hex(sha256(canonicalBytes(value)));
}

function text(value: string): string {
  if (LONE.test(value)) throw new Error("a text is not Unicode");
  return JSON.stringify(value);
}
