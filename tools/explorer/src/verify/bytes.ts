/** Bytes, hexadecimal text and 32-byte words, in the one form that every format of LoRAnchor has. */
import { sha256 as sha } from "@noble/hashes/sha2";
import { keccak_256 } from "@noble/hashes/sha3";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils";

export type Hex = `0x${string}`;

export const ZERO: Hex = `0x${"00".repeat(32)}`;
const HEX = /^0x(?:[0-9a-f]{2})*$/;
const ASCII = /^[\x20-\x7e]*$/;

/** Bytes of lower-case hexadecimal text; throws for any other text. */
export function bytes(value: string): Uint8Array {
  if (!HEX.test(value)) throw new Error(`${shorten(value)} is not 0x and pairs of lower-case hexadecimal digits`);
  return hexToBytes(value.slice(2));
}

export function hex(data: Uint8Array): Hex {
  return `0x${bytesToHex(data)}`;
}

/** The 32 bytes of a digest. */
export function word(value: string): Uint8Array {
  const data = bytes(value);
  if (data.length !== 32) throw new Error(`${shorten(value)} is not 32 bytes long`);
  return data;
}

/** An unsigned integer as 32 bytes, as contracts encode it. */
export function number(value: bigint | number | string, bits = 256): Uint8Array {
  const whole = BigInt(value);
  if (whole < 0n || whole >> BigInt(bits)) throw new Error(`${whole} does not fit in uint${bits}`);
  return bytes(`0x${whole.toString(16).padStart(64, "0")}`);
}

/** An address as 32 bytes. */
export function account(value: string): Uint8Array {
  const data = bytes(value);
  if (data.length !== 20) throw new Error(`${shorten(value)} is no address`);
  return concatBytes(new Uint8Array(12), data);
}

/** ASCII text, left-aligned in 32 bytes: the names of organisations and labels. */
export function nameWord(text: string): Uint8Array {
  const data = new TextEncoder().encode(text);
  if (!ASCII.test(text) || data.length > 32) throw new Error(`${shorten(text)} is no text of at most 32 ASCII characters`);
  const padded = new Uint8Array(32);
  padded.set(data);
  return padded;
}

export function sha256(...parts: Uint8Array[]): Uint8Array {
  return sha(concatBytes(...parts));
}

export function keccak(...parts: Uint8Array[]): Uint8Array {
  return keccak_256(concatBytes(...parts));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function same(first: Uint8Array, second: Uint8Array): boolean {
  return first.length === second.length && first.every((value, index) => value === second[index]);
}

export function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}

export { concatBytes as join };
