// A snapshot: gateway.config.ts as data, in one canonical text, so that equal configurations have equal digests.

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Format of the text. A gateway refuses snapshots of a format that it does not know. */
export const SNAPSHOT_FORMAT = 1;
/** Text (in UTF-8) and descriptor sets of one snapshot together. */
export const MAX_SNAPSHOT_BYTES = 8_388_608;
export const MAX_DESCRIPTOR_SETS = 100; // in one snapshot
export const MAX_CUSTOM_LAYERS = 100; // named by one snapshot

/** What is published. */
export interface Snapshot {
  readonly format: number;
  /** What gateway.config.ts exports, without `descriptors`: names of secrets, never their values. */
  readonly configuration: JsonObject;
  /** SHA-256 (hex) of each descriptor set, in the order of `descriptors`. */
  readonly descriptors: readonly string[];
  /** Names of the team's own layers that the configuration uses, sorted. */
  readonly layers: readonly string[];
}

/** A snapshot as it is stored and sent. Plain data. */
export interface StoredSnapshot {
  readonly digest: string; // SHA-256 (hex) of the UTF-8 bytes of `text`
  readonly text: string; // `snapshotText`
  readonly descriptors: Readonly<Record<string, Uint8Array>>; // descriptor sets by their digests
}

export type ParsedSnapshot = { readonly kind: "ok"; readonly snapshot: Snapshot } | { readonly kind: "invalid"; readonly problem: string };

/**
 * Canonical JSON: keys in the order of their UTF-16 code units, no spaces. Fields that are undefined are left out.
 *
 * @see RFC 8785, sections 3.2.1 to 3.2.3
 */
export function snapshotText(snapshot: Snapshot): string {
  return canonicalJson(snapshot as unknown as JsonObject); // a snapshot is plain data of these types
}

export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonicalJson(item)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value as JsonObject)
    .filter(([, field]) => field !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
  return `{${fields.join(",")}}`;
}

/** Reads the text of a snapshot. Never throws. */
export function parseSnapshot(text: string): ParsedSnapshot {
  if (mayExceed(text.length)) {
    const bytes = utf8Bytes(text);
    if (bytes > MAX_SNAPSHOT_BYTES) return invalid(`the text has ${bytes} bytes; publish at most ${MAX_SNAPSHOT_BYTES}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid("the text is not JSON; make it with `tidegate publish`");
  }
  if (!isObject(value)) return invalid("the text is not a JSON object; make it with `tidegate publish`");
  const { format, configuration, descriptors, layers } = value;
  if (format !== SNAPSHOT_FORMAT)
    return invalid(`format ${JSON.stringify(format)} is not known; deploy a gateway that knows it, or publish format ${SNAPSHOT_FORMAT}`);
  if (!isObject(configuration)) return invalid("configuration is not an object; make the snapshot with `tidegate publish`");
  if (!isListOf(descriptors, isDigest, MAX_DESCRIPTOR_SETS))
    return invalid(`descriptors is not a list of at most ${MAX_DESCRIPTOR_SETS} digests; make the snapshot with \`tidegate publish\``);
  if (!isListOf(layers, isName, MAX_CUSTOM_LAYERS))
    return invalid(`layers is not a list of at most ${MAX_CUSTOM_LAYERS} names; make the snapshot with \`tidegate publish\``);
  return { kind: "ok", snapshot: { format, configuration: configuration as JsonObject, descriptors, layers } };
}

/** @returns what is wrong with the parts of a snapshot; undefined for a complete one within its bounds */
export function snapshotProblem(stored: StoredSnapshot): string | undefined {
  const read = readSnapshot(stored);
  return read.kind === "invalid" ? read.problem : undefined;
}

/** Reads the text of a snapshot whose parts are complete and within their bounds. Never throws. */
export function readSnapshot({ digest, text, descriptors }: StoredSnapshot): ParsedSnapshot {
  if (!isDigest(digest)) return invalid("the digest is not a SHA-256 in 64 hexadecimal digits");
  const sets = Object.values(descriptors).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const bytes = mayExceed(text.length, sets) ? snapshotBytes({ text, descriptors }) : 0;
  if (bytes > MAX_SNAPSHOT_BYTES)
    return invalid(
      `text and descriptor sets have ${bytes} bytes; publish at most ${MAX_SNAPSHOT_BYTES}: leave source info out of descriptor sets`,
    );
  const parsed = parseSnapshot(text);
  if (parsed.kind === "invalid") return parsed;
  const missing = parsed.snapshot.descriptors.find((name) => !Object.hasOwn(descriptors, name));
  if (missing !== undefined) return invalid(`the descriptor set ${missing} is missing; send it with the text`);
  const named = new Set(parsed.snapshot.descriptors);
  const unused = Object.keys(descriptors).find((name) => !named.has(name));
  return unused === undefined ? parsed : invalid(`the descriptor set ${unused} is not named by the text; leave it out`);
}

/** Whether a text of so many UTF-16 code units has to be counted in bytes: each takes three of them at most. */
function mayExceed(units: number, otherBytes = 0): boolean {
  return 3 * units + otherBytes > MAX_SNAPSHOT_BYTES;
}

/** @returns bytes of text and descriptor sets together */
export function snapshotBytes({ text, descriptors }: Pick<StoredSnapshot, "text" | "descriptors">): number {
  return Object.values(descriptors).reduce((sum, { byteLength }) => sum + byteLength, utf8Bytes(text));
}

/** @returns the length of `text` in UTF-8; a lone surrogate counts as U+FFFD */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (isPair(text, at)) {
      bytes += 2; // two code units, four bytes
      at += 1;
    } else bytes += 2;
  }
  return bytes;
}

export function isDigest(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isPair(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  const next = text.charCodeAt(at + 1); // NaN at the end
  return unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length >= 1 && value.length <= 100;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, isItem: (item: unknown) => item is string, most: number): value is readonly string[] {
  return Array.isArray(value) && value.length <= most && value.every(isItem);
}

function invalid(problem: string): ParsedSnapshot {
  return { kind: "invalid", problem };
}
