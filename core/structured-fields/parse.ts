// Parses structured fields. Parsing is strict: one syntax error makes the whole field invalid.
import { pieceDecoder } from "../protocol/base64-pieces.ts";
import type { BareItem, Dictionary, FieldMember, InnerList, Item, Parameters } from "./item.ts";

/** What a key that comes twice means: the last one counts, as RFC 9651 has it, or the field is invalid. */
export type Repeated = "last" | "invalid";

const NO_PARAMETERS: Parameters = new Map();
const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const OWS = /[ \t]*/y;
const SPACES = / */y;
const END_OF_INNER_ITEM = /(?=[ )])/y;
const INTEGER = /-?\d{1,15}(?![\d.])/y;
const DECIMAL = /-?\d{1,12}\.\d{1,3}(?![\d.])/y;
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*/y;
const BYTES = /:([A-Za-z0-9+/]*={0,2}):/y;
const BOOLEAN = /\?([01])/y;
const DATE = /@(-?\d{1,15})(?![\d.])/y;
const DISPLAY = /%"((?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*)"/y;

/**
 * @param text value of a field, combined from its lines
 * @returns members by key, in the order of the field; undefined where the field is invalid
 * @see RFC 9651, section 4.2.2
 */
export function parseDictionary(text: string, repeated: Repeated = "last"): Dictionary | undefined {
  const members = new Map<string, FieldMember>();
  const read = new Reader(text, repeated);
  while (!read.isDone) {
    const name = read.take(KEY)?.[0];
    if (name === undefined || (repeated === "invalid" && members.has(name))) return undefined;
    const member = read.skip("=") ? memberOf(read) : flag(read);
    if (member === undefined) return undefined;
    members.set(name, member);
    if (!read.nextMember()) return undefined;
  }
  return members;
}

/** @returns members of a list; undefined where the field is invalid @see RFC 9651, section 4.2.1 */
export function parseList(text: string, repeated: Repeated = "last"): readonly FieldMember[] | undefined {
  const members: FieldMember[] = [];
  const read = new Reader(text, repeated);
  while (!read.isDone) {
    const member = memberOf(read);
    if (member === undefined) return undefined;
    members.push(member);
    if (!read.nextMember()) return undefined;
  }
  return members;
}

/** @returns the one item of a field; undefined where the field is invalid @see RFC 9651, section 4.2.3 */
export function parseItem(text: string, repeated: Repeated = "last"): Item | undefined {
  const read = new Reader(text, repeated);
  const parsed = item(read);
  return read.isDone ? parsed : undefined;
}

/** Reads a text from the left. Spaces around it do not count. */
class Reader {
  readonly #text: string;
  readonly repeated: Repeated;
  #at = 0;

  constructor(text: string, repeated: Repeated) {
    this.#text = text.replace(/^ +/, "").replace(/(?<! ) +$/, "");
    this.repeated = repeated;
  }

  get isDone(): boolean {
    return this.#at >= this.#text.length;
  }

  skip(character: string): boolean {
    const isNext = this.#text[this.#at] === character;
    if (isNext) this.#at += 1;
    return isNext;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }

  /** @returns whether the field is over, or goes on with a member after a comma: one at the end is an error */
  nextMember(): boolean {
    this.take(OWS);
    if (this.isDone) return true;
    if (!this.skip(",")) return false;
    this.take(OWS);
    return !this.isDone;
  }
}

function memberOf(read: Reader): FieldMember | undefined {
  return read.skip("(") ? innerList(read) : item(read);
}

function flag(read: Reader): Item | undefined {
  const parameters = parametersOf(read);
  return parameters && { item: { kind: "boolean", value: true }, parameters };
}

function item(read: Reader): Item | undefined {
  const bare = bareItem(read);
  const parameters = bare && parametersOf(read);
  return bare && parameters && { item: bare, parameters };
}

function innerList(read: Reader): InnerList | undefined {
  const items: Item[] = [];
  for (;;) {
    read.take(SPACES);
    if (read.skip(")")) {
      const parameters = parametersOf(read);
      return parameters && { items, parameters };
    }
    const next = item(read);
    if (next === undefined || read.take(END_OF_INNER_ITEM) === undefined) return undefined;
    items.push(next);
  }
}

function parametersOf(read: Reader): Parameters | undefined {
  let parameters: Map<string, BareItem> | undefined;
  while (read.skip(";")) {
    read.take(SPACES);
    const name = read.take(KEY)?.[0];
    if (name === undefined) return undefined;
    const value: BareItem | undefined = read.skip("=") ? bareItem(read) : { kind: "boolean", value: true };
    if (value === undefined) return undefined;
    parameters ??= new Map();
    if (read.repeated === "invalid" && parameters.has(name)) return undefined;
    parameters.set(name, value);
  }
  return parameters ?? NO_PARAMETERS;
}

function bareItem(read: Reader): BareItem | undefined {
  const decimal = read.take(DECIMAL);
  if (decimal !== undefined) return { kind: "decimal", value: Number(decimal[0]) };
  const integer = read.take(INTEGER);
  if (integer !== undefined) return { kind: "integer", value: Number(integer[0]) };
  const string = read.take(STRING);
  if (string !== undefined) return { kind: "string", value: string[1]!.replace(/\\(.)/g, "$1") };
  const boolean = read.take(BOOLEAN);
  if (boolean !== undefined) return { kind: "boolean", value: boolean[1] === "1" };
  const bytes = read.take(BYTES);
  if (bytes !== undefined) return bytesOf(bytes[1]!);
  const token = read.take(TOKEN);
  if (token !== undefined) return { kind: "token", value: token[0] };
  const date = read.take(DATE);
  if (date !== undefined) return { kind: "date", value: Number(date[1]) };
  const display = read.take(DISPLAY);
  return display && displayOf(display[1]!);
}

/** Padding may be left out; other texts that are no base64 are invalid (RFC 9651, section 4.2.7). */
function bytesOf(base64: string): BareItem | undefined {
  const digits = base64.replace(/=+$/, "");
  const isPadded = digits.length < base64.length;
  if (digits.length % 4 === 1 || (isPadded && base64.length % 4 !== 0)) return undefined;
  const padded = digits.padEnd(Math.ceil(digits.length / 4) * 4, "=");
  const value = pieceDecoder().push(Uint8Array.from(padded, (character) => character.charCodeAt(0)));
  return value && { kind: "bytes", value };
}

function displayOf(text: string): BareItem | undefined {
  try {
    return { kind: "display", value: decodeURIComponent(text) };
  } catch {
    return undefined; // the escapes are not UTF-8
  }
}
