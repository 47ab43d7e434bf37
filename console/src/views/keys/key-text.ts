// Keys in words, and what operators write about them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Key, type KeySettingsSchema, State } from "../../../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import type { Tone } from "../../components/tone.ts";
import { ago, epochMs } from "../../data/format.ts";

const STATES: Readonly<Record<State, readonly [string, Tone]>> = {
  [State.UNSPECIFIED]: ["unknown", "quiet"],
  [State.ACTIVE]: ["active", "good"],
  [State.EXPIRED]: ["expired", "warn"],
  [State.REVOKED]: ["revoked", "bad"],
};

/** A state that this console does not know is one of a later gateway. */
export function stateText(state: State): readonly [string, Tone] {
  return STATES[state] ?? STATES[State.UNSPECIFIED];
}

export function lastUseText({ lastUseTime }: Key, now: number): string {
  return lastUseTime === undefined ? "never" : ago(now - epochMs(lastUseTime));
}

/** The end of an overlap that has not passed; undefined without one. */
export function overlapEnd({ overlapEndTime }: Key, now: number): number | undefined {
  const end = epochMs(overlapEndTime);
  return end > now ? end : undefined;
}

/** Fields of the form, as they are written. */
export interface KeyFieldTexts {
  readonly owner: string;
  readonly name: string;
  readonly plan: string;
  readonly scopes: string; // several, with commas or spaces between them; so are tags and addresses
  readonly tags: string;
  readonly addresses: string;
  readonly expires: string; // value of a datetime-local field; "" for never
}

export const NO_FIELDS: KeyFieldTexts = { owner: "", name: "", plan: "", scopes: "", tags: "", addresses: "", expires: "" };

export function textsOf({ settings }: Key): KeyFieldTexts {
  if (settings === undefined) return NO_FIELDS;
  const { owner, name, plan, scopes, tags, addresses, expireTime } = settings;
  const lists = { scopes: scopes.join(" "), tags: tags.join(" "), addresses: addresses.join(" ") };
  return { owner, name, plan, ...lists, expires: expireTime === undefined ? "" : localTime(epochMs(expireTime)) };
}

export function settingsOf(texts: KeyFieldTexts): MessageInitShape<typeof KeySettingsSchema> {
  const { owner, name, plan, scopes, tags, addresses, expires } = texts;
  const end = expires === "" ? Number.NaN : new Date(expires).getTime();
  const lists = { scopes: partsOf(scopes), tags: partsOf(tags), addresses: partsOf(addresses) };
  return { owner: owner.trim(), name: name.trim(), plan: plan.trim(), ...lists, ...(end > 0 && { expireTime: timestampFromMs(end) }) };
}

const MASK: readonly (readonly [keyof KeyFieldTexts, string])[] = [
  ...(["owner", "name", "plan", "scopes", "tags", "addresses"] as const).map((field) => [field, field] as const),
  ["expires", "expire_time"],
];

/** Names of the fields that have changed, as an update mask has them. */
export function changedFields(before: KeyFieldTexts, after: KeyFieldTexts): string[] {
  return MASK.filter(([field]) => before[field].trim() !== after[field].trim()).map(([, path]) => path);
}

function partsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((part) => part !== "");
}

/** A time in the form of the field, without seconds, in the time zone of the browser. */
function localTime(ms: number): string {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}
