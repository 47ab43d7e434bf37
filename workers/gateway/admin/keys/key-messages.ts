// Messages of KeyService: what operators write, and keys as they read them.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { fieldProblems, type KeyFields, type KeyRecord, normalized } from "../../../../core/keys/key-record.ts";
import { printable } from "../../../../core/protocol/printable.ts";
import { ViolationList } from "../../../../core/violations/violation-list.ts";
import { type Key, KeySchema, type KeySettings, type KeySettingsSchema, State } from "../../../../protos/gen/tidegate/keys/v1/keys_pb.ts";

const MASKED = ["owner", "name", "plan", "scopes", "tags", "addresses", "expire_time"] as const;

/**
 * @param masked fields that are checked; by default all of them
 * @throws ConnectError `invalid_argument` with the first problem
 */
export function fieldsOf(settings: KeySettings | undefined, now: number, path = "settings", masked: readonly string[] = MASKED): KeyFields {
  if (settings === undefined) throw new ConnectError(`${path}: write at least the owner`, Code.InvalidArgument);
  const { owner, name, plan, scopes, tags, addresses, expireTime } = settings;
  const expiresAt = expireTime === undefined ? {} : { expiresAt: msOf(expireTime) };
  const fields: KeyFields = { owner, name, plan, scopes, tags, addresses, ...expiresAt };
  const violations = new ViolationList();
  for (const { field, problem } of fieldProblems(fields, now))
    if (masked.includes(field.replace(/\[.*/, ""))) violations.add(`${path}.${field}`, problem);
  if (violations.count > 0) throw new ConnectError(violations.describe(path), Code.InvalidArgument);
  return normalized(fields);
}

/** The fields of a key after an update. @throws ConnectError `invalid_argument` */
export function updatedFields(record: KeyRecord, settings: KeySettings | undefined, paths: readonly string[], now: number): KeyFields {
  if (settings === undefined || paths.length === 0)
    throw new ConnectError("update_mask: name the fields that change, and write them in settings", Code.InvalidArgument);
  const unknown = paths.find((path) => !(MASKED as readonly string[]).includes(path));
  if (unknown !== undefined)
    throw new ConnectError(`update_mask: found ${printable(unknown)}; write some of ${MASKED.join(", ")}`, Code.InvalidArgument);
  const changed = fieldsOf(settings, now, "settings", paths);
  const { expiresAt, ...before } = record;
  const fields: Record<string, unknown> = { ...before };
  for (const path of paths) if (path !== "expire_time") fields[path] = changed[path as keyof KeyFields];
  const end = paths.includes("expire_time") ? changed.expiresAt : expiresAt;
  return { ...(fields as unknown as KeyFields), ...(end === undefined ? {} : { expiresAt: end }) };
}

export function keyMessage(record: KeyRecord, now: number, lastUsedAt?: number): Key {
  const { id, owner, name, plan, scopes, tags, addresses, expiresAt, revokedAt, previous, lastFour, revision } = record;
  const settings: MessageInitShape<typeof KeySettingsSchema> = {
    ...{ owner, name, plan, scopes: [...scopes], tags: [...tags], addresses: [...addresses] },
    ...timeField("expireTime", expiresAt),
  };
  return create(KeySchema, {
    ...{ id, settings, lastFour, revision: BigInt(revision), state: stateOf(record, now) },
    ...{ createTime: timestampFromMs(record.createdAt), createdBy: record.createdBy, isImported: record.isImported },
    ...timeField("lastUseTime", lastUsedAt),
    ...timeField("revokeTime", revokedAt),
    ...timeField("overlapEndTime", previous === undefined || previous.until <= now ? undefined : previous.until),
  });
}

function stateOf({ revokedAt, expiresAt }: KeyRecord, now: number): State {
  if (revokedAt !== undefined) return State.REVOKED;
  return expiresAt !== undefined && expiresAt <= now ? State.EXPIRED : State.ACTIVE;
}

export function timeField<Name extends string>(name: Name, ms: number | undefined): { [N in Name]?: Timestamp } {
  return (ms === undefined || !Number.isFinite(ms) ? {} : { [name]: timestampFromMs(ms) }) as { [N in Name]?: Timestamp };
}

function msOf({ seconds, nanos }: Timestamp): number {
  return Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000);
}
