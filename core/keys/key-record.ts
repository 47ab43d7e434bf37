// An API key as it is stored, and what isolates get of it. Nowhere is the key itself: only its SHA-256.
import type { AddressRange } from "../ip.ts";
import { parseAddressRange } from "../ip.ts";

/** A digest that counts beside the current one, until the overlap after a roll is over. */
export interface PreviousDigest {
  readonly digest: string; // 64 hex digits
  readonly lastFour: string;
  readonly until: number; // epoch ms
}

/** What an operator chooses. */
export interface KeyFields {
  readonly owner: string; // who uses the key
  readonly name: string; // a text for people; "" for none
  readonly plan: string; // names a tier of rate limits; "" for none
  readonly scopes: readonly string[]; // sorted, unique
  readonly tags: readonly string[]; // sorted, unique
  readonly addresses: readonly string[]; // ranges from which the key may be used; empty for all
  readonly expiresAt?: number; // epoch ms; missing for none
}

/** What an isolate needs of a key. Plain data: can be sent over RPC, and stored as JSON. */
export interface KeyGrant {
  readonly id: string;
  readonly revision: number; // 1 for a new key, and one more with each change
  readonly digest: string; // SHA-256 of the key, 64 hex digits
  readonly previous?: PreviousDigest;
  readonly owner: string;
  readonly plan: string;
  readonly scopes: readonly string[];
  readonly addresses: readonly string[];
  readonly expiresAt?: number;
  readonly revokedAt?: number;
}

export interface KeyRecord extends KeyGrant, KeyFields {
  readonly lastFour: string; // last characters of the key, by which people tell keys apart; "" for an imported one
  readonly isImported: boolean;
  readonly createdAt: number; // epoch ms
  readonly createdBy: string;
}

export const KEY_BOUNDS = {
  owner: 128, // characters
  name: 128,
  plan: 64,
  creator: 200,
  scopes: 50, // items
  scope: 128, // characters
  tags: 20,
  tag: 64,
  addresses: 50,
} as const;

const OWNER = /^[\x21-\x7e]+$/;
const PLAN = /^[\w.:-]*$/;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/; // RFC 6749, section 3.3
const TAG = /^[\w.:/=-]+$/;

export interface FieldProblem {
  readonly field: string; // its name in the proto
  readonly problem: string;
}

/** @returns every problem of what an operator has written */
export function fieldProblems(fields: KeyFields, now: number): FieldProblem[] {
  const { owner, name, plan, scopes, tags, addresses, expiresAt } = fields;
  const problems: FieldProblem[] = [];
  const report = (isWrong: boolean, field: string, problem: string): void => {
    if (isWrong) problems.push({ field, problem });
  };
  report(!OWNER.test(owner) || owner.length > KEY_BOUNDS.owner, "owner", `write 1 to ${KEY_BOUNDS.owner} visible ASCII characters`);
  report(
    name.length > KEY_BOUNDS.name || hasControl(name),
    "name",
    `write at most ${KEY_BOUNDS.name} characters, without control characters`,
  );
  report(!PLAN.test(plan) || plan.length > KEY_BOUNDS.plan, "plan", `write at most ${KEY_BOUNDS.plan} letters, digits and . : - _`);
  const list = (
    field: "scopes" | "tags" | "addresses",
    items: readonly string[],
    isItem: (item: string) => boolean,
    what: string,
  ): void => {
    report(items.length > KEY_BOUNDS[field], field, `write at most ${KEY_BOUNDS[field]}`);
    for (const [index, item] of items.slice(0, KEY_BOUNDS[field]).entries()) report(!isItem(item), `${field}[${index}]`, what);
  };
  const scopeFix = `write 1 to ${KEY_BOUNDS.scope} visible ASCII characters except " and \\`;
  list("scopes", scopes, (scope) => SCOPE.test(scope) && scope.length <= KEY_BOUNDS.scope, scopeFix);
  const tagFix = `write 1 to ${KEY_BOUNDS.tag} letters, digits and . : / = - _`;
  list("tags", tags, (tag) => TAG.test(tag) && tag.length <= KEY_BOUNDS.tag, tagFix);
  list("addresses", addresses, (range) => parseAddressRange(range) !== undefined, "write an address range such as 203.0.113.0/24");
  report(expiresAt !== undefined && !(expiresAt > now), "expire_time", "write a time in the future");
  return problems;
}

/** What operators have written, in the form that is stored. */
export function normalized<F extends KeyFields>(fields: F): F {
  return { ...fields, scopes: sortedSet(fields.scopes), tags: sortedSet(fields.tags), addresses: sortedSet(fields.addresses) };
}

/** What an isolate gets of a record: the rest is for operators. */
export function grantOf(record: KeyRecord): KeyGrant {
  const { id, revision, digest, previous, owner, plan, scopes, addresses, expiresAt, revokedAt } = record;
  return {
    ...{ id, revision, digest, owner, plan, scopes, addresses },
    ...(previous === undefined ? {} : { previous }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
  };
}

/** Bytes that a grant takes in memory, about. */
export function grantBytes({ id, owner, plan, scopes, addresses }: KeyGrant): number {
  const texts = [id, owner, plan, ...scopes, ...addresses];
  return texts.reduce((sum, text) => sum + 2 * text.length + 32, 800) + 400 * addresses.length;
}

export function rangesOf(addresses: readonly string[]): AddressRange[] {
  return addresses.flatMap((text) => parseAddressRange(text) ?? []);
}

function hasControl(text: string): boolean {
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
}

function sortedSet(items: readonly string[]): string[] {
  return [...new Set(items)].sort();
}
