// The options of a key as fields of the key service, and a key as a row of a table and as JSON.
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Key, StateSchema } from "../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { wrongUsage } from "../tidegate/failure.ts";

export interface KeyOptions {
  readonly owner?: string | undefined;
  readonly name?: string | undefined;
  readonly plan?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly address?: readonly string[] | undefined;
  readonly expires?: string | undefined; // 30d, a time, or never
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** The paths of the options that were written, for an update mask. */
export function writtenPaths({ owner, name, plan, scope, tag, address, expires }: KeyOptions): string[] {
  const written = { owner, name, plan, scopes: scope, tags: tag, addresses: address, expire_time: expires };
  return Object.entries(written).flatMap(([path, value]) => (value === undefined ? [] : [path]));
}

/** @param verb of the command, for the hint to its help */
export function settingsOf(options: KeyOptions, verb: string) {
  const { owner = "", name = "", plan = "", scope = [], tag = [], address = [], expires = "never" } = options;
  const all = (items: readonly string[]) => items.filter((item) => item !== "");
  const expireTime = expires === "never" ? undefined : timestampFromDate(timeOf(expires, verb));
  return { owner, name, plan, scopes: all(scope), tags: all(tag), addresses: all(address), ...(expireTime && { expireTime }) };
}

function timeOf(text: string, verb: string): Date {
  if (/^\d+[smhd]$/.test(text)) return new Date(Date.now() + 1_000 * seconds("expires", text));
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw wrongUsage(`--expires: found ${text}`, `keys ${verb}`, "write 30d, a time as in 2027-01-31T00:00:00Z, or never");
}

/** @param text as in 30d, 12h, 45m, 10s or 0 */
export function seconds(flag: string, text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (match === null) throw wrongUsage(`--${flag}: found ${text}`, "keys", "write a time as in 30d, 12h, 45m or 0");
  return Number(match[1]) * (UNITS[match[2]!] ?? 1);
}

export function keyRow(key: Key): string[] {
  const { id, settings, lastFour, lastUseTime } = key;
  const used = lastUseTime === undefined ? "never used" : `used ${timeText(lastUseTime)}`;
  const ending = lastFour === "" ? "imported" : `...${lastFour}`;
  return [id, settings?.owner ?? "", settings?.plan || "-", stateOf(key), ending, used, settings?.scopes.join(" ") ?? ""];
}

export function keyObject(key: Key) {
  const { id, settings, lastFour, lastUseTime, overlapEndTime } = key;
  const { owner = "", name = "", plan = "", scopes = [], tags = [], addresses = [], expireTime } = settings ?? {};
  const time = (value: Timestamp | undefined): string | null => (value === undefined ? null : timeText(value));
  return {
    ...{ id, owner, name, plan, scopes, tags, addresses, state: stateOf(key), lastFour },
    ...{ expireTime: time(expireTime), lastUseTime: time(lastUseTime), overlapEndTime: time(overlapEndTime) },
  };
}

/** A gateway may be newer than this command. */
function stateOf({ state }: Key): string {
  return StateSchema.value[state]?.localName.toLowerCase() ?? String(state);
}

export function timeText(time: Timestamp): string {
  return timestampDate(time).toISOString();
}
