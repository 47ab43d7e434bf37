// Dictionaries of structured fields. Parsing is strict: one syntax error makes the whole field invalid.

export interface DictionaryMember {
  readonly kind: "integer" | "boolean" | "string" | "other";
  readonly value: string; // `3600`, `?1`, or the content of a string
}

const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const OWS = /[ \t]*/y;
const SPACES = / */y;
const END_OF_INNER_ITEM = /(?=[ )])/y;
const INTEGER = /-?\d{1,15}(?![\d.])/y;
const DECIMAL = /-?\d{1,12}\.\d{1,3}(?![\d.])/y;
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*/y;
const BYTES = /:[A-Za-z0-9+/=]*:/y;
const BOOLEAN = /\?[01]/y;

/**
 * @returns members by name without their parameters, the last one of each name; undefined where the field is invalid
 * @see RFC 9651, section 4.2.2
 */
export function parseDictionary(text: string): ReadonlyMap<string, DictionaryMember> | undefined {
  const members = new Map<string, DictionaryMember>();
  const read = reader(text.replace(/^ +/, ""));
  while (!read.isDone()) {
    const name = read.take(KEY)?.[0];
    if (name === undefined) return undefined;
    let member: DictionaryMember | undefined = { kind: "boolean", value: "?1" };
    if (read.skip("=")) member = read.skip("(") ? innerList(read) : item(read);
    if (member === undefined || !parameters(read)) return undefined;
    members.set(name, member);
    read.take(OWS);
    if (read.isDone()) return members;
    if (!read.skip(",")) return undefined;
    read.take(OWS);
    if (read.isDone()) return undefined; // a trailing comma is an error
  }
  return members;
}

type Reader = ReturnType<typeof reader>;

function reader(text: string) {
  let at = 0;
  return {
    isDone: (): boolean => at >= text.length,
    skip(character: string): boolean {
      const isNext = text[at] === character;
      if (isNext) at += 1;
      return isNext;
    },
    take(pattern: RegExp): RegExpExecArray | undefined {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match === null) return undefined;
      at += match[0].length;
      return match;
    },
  };
}

function item(read: Reader): DictionaryMember | undefined {
  if (read.take(DECIMAL) !== undefined) return { kind: "other", value: "" };
  const integer = read.take(INTEGER);
  if (integer !== undefined) return { kind: "integer", value: integer[0] };
  const string = read.take(STRING);
  if (string !== undefined) return { kind: "string", value: string[1]!.replace(/\\(.)/g, "$1") };
  const boolean = read.take(BOOLEAN);
  if (boolean !== undefined) return { kind: "boolean", value: boolean[0] };
  return read.take(TOKEN) === undefined && read.take(BYTES) === undefined ? undefined : { kind: "other", value: "" };
}

function innerList(read: Reader): DictionaryMember | undefined {
  for (;;) {
    read.take(SPACES);
    if (read.skip(")")) return { kind: "other", value: "" };
    if (item(read) === undefined || !parameters(read) || read.take(END_OF_INNER_ITEM) === undefined) return undefined;
  }
}

function parameters(read: Reader): boolean {
  while (read.skip(";")) {
    read.take(SPACES);
    if (read.take(KEY) === undefined) return false;
    if (read.skip("=") && item(read) === undefined) return false;
  }
  return true;
}
