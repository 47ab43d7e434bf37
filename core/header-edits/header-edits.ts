// Edits of header fields: which are removed, set, given a default, and added, in this order.
import { isAboutStoring } from "./reserved-fields.ts";
import { type BoundValue, bindValue, type CallFact, secretsIn, type ValueTemplate, valueFor } from "./value-template.ts";

export type EditedField<Value> = readonly [name: string, value: Value];

/** Names in lower case; each occurs in one of the lists alone, and only in `add` more than once. */
export interface HeaderEdits<Value = ValueTemplate> {
  readonly remove: readonly string[];
  readonly set: readonly EditedField<Value>[];
  readonly default: readonly EditedField<Value>[]; // only where the message has no such field
  readonly add: readonly EditedField<Value>[];
}

/** What is edited: `Headers`, or anything that works like them. */
export interface EditableFields {
  has(name: string): boolean;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  delete(name: string): void;
}

/** @returns undefined for edits that change nothing */
export function bindEdits(edits: HeaderEdits | undefined, secretOf: (name: string) => string): HeaderEdits<BoundValue> | undefined {
  if (edits === undefined || editedNames(edits).length === 0) return undefined;
  const bind = (fields: readonly EditedField<ValueTemplate>[]) =>
    fields.map(([name, value]): EditedField<BoundValue> => [name, bindValue(value, secretOf)]);
  return { remove: edits.remove, set: bind(edits.set), default: bind(edits.default), add: bind(edits.add) };
}

/** Every name that the edits mention; names in `add` perhaps more than once. */
export function editedNames({ remove, ...written }: HeaderEdits<unknown>): string[] {
  return [...remove, ...[...written.set, ...written.default, ...written.add].map(([name]) => name)];
}

/** Every value that the edits write. */
export function editedValues(edits: HeaderEdits): ValueTemplate[] {
  return [...edits.set, ...edits.default, ...edits.add].map(([, value]) => value);
}

/** Names of the secrets in the edits, each once. */
export function secretsOf(edits: HeaderEdits): string[] {
  return [...new Set(editedValues(edits).flatMap(secretsIn))];
}

/**
 * A field under `set` whose value lacks a fact of the call is removed: what a caller sent in it never stands for the fact.
 *
 * @param factOf  facts of the call
 * @param isError a response of status 400 and above: fields about storing stay as they are
 */
export function editFields(
  fields: EditableFields,
  edits: HeaderEdits<BoundValue>,
  factOf: (fact: CallFact) => string | undefined,
  isError = false,
): void {
  const stays = (name: string): boolean => isError && isAboutStoring(name);
  for (const name of edits.remove) if (!stays(name)) fields.delete(name);
  for (const [name, value] of edits.set) {
    if (stays(name)) continue;
    const text = valueFor(value, factOf);
    if (text === undefined) fields.delete(name);
    else fields.set(name, text);
  }
  for (const [name, value] of edits.default) {
    const text = stays(name) || fields.has(name) ? undefined : valueFor(value, factOf);
    if (text !== undefined) fields.set(name, text);
  }
  for (const [name, value] of edits.add) {
    const text = stays(name) ? undefined : valueFor(value, factOf);
    if (text !== undefined) fields.append(name, text);
  }
}
