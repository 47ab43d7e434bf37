// KeyService, by which operators issue, change and end API keys: checks the request, then calls the Durable Objects of the keys.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createServiceImplSpec, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { HmacKey } from "../../../../core/auth/sha256.ts";
import { hexOf } from "../../../../core/auth/sha256.ts";
import type { KeysPolicy } from "../../../../core/config/auth/keys.ts";
import { OPERATOR_HEADER } from "../../../../core/headers.ts";
import { digestOf, idOfDigest, isKeyId, makeKey, RANDOM_BYTES } from "../../../../core/keys/api-key.ts";
import type { KeyOutcome, KeyProblem } from "../../../../core/keys/key-changes.ts";
import { KEY_BOUNDS, type KeyRecord } from "../../../../core/keys/key-record.ts";
import { KEY_LOG_NAME, KEY_SHARDS, shardName, shardOf } from "../../../../core/keys/key-shards.ts";
import type { KeyStore } from "../../../../durable-objects/key-store.ts";
import { KeyService } from "../../../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { logEvent } from "../../../log.ts";
import { callerOf } from "../../../service.ts";
import type { ApiKeys } from "../../auth/keys/api-keys.ts";
import type { AdminAccess } from "../../layers/admin-access.ts";
import type { ServedMethod } from "../../upstream/upstream.ts";
import { logChange } from "../audit.ts";
import { servedToAdmins } from "../served.ts";
import { fieldsOf, keyMessage, timeField, updatedFields } from "./key-messages.ts";
import { pageFrom } from "./key-pages.ts";

export interface KeyAdminSettings {
  readonly access: AdminAccess;
  readonly policy: KeysPolicy;
  readonly secrets: readonly HmacKey[]; // secrets of the tags, the current one first
  readonly keys: ApiKeys; // those of this isolate, which verify
  readonly stores: DurableObjectNamespace<KeyStore>;
}

const MAX_IMPORTED = 100; // keys in one call
const MAX_OVERLAP_S = 2_592_000; // 30 days
const VERIFY_WAIT_MS = 5_000;
const CODES: Readonly<Record<KeyProblem, Code>> = {
  not_found: Code.NotFound,
  exists: Code.AlreadyExists,
  revoked: Code.FailedPrecondition,
  moved: Code.Aborted,
  full: Code.ResourceExhausted,
};
const MESSAGES: Readonly<Record<KeyProblem, string>> = {
  not_found: "no key has this id; write one that ListKeys lists",
  exists: "a key of this id exists; try again",
  revoked: "the key was revoked, which is final; issue another one",
  moved: "the key was changed since it was read; read it again",
  full: "the store of the keys is full; revoke keys that are not used, and wait 90 days",
};

/** The methods of KeyService. */
export function keyMethods(settings: KeyAdminSettings): ReadonlyMap<DescMethod, ServedMethod> {
  return servedToAdmins("keys", createServiceImplSpec<typeof KeyService>(KeyService, keyService(settings)), settings.access);
}

function keyService(settings: KeyAdminSettings): ServiceImpl<typeof KeyService> {
  return { ...reads(settings), ...changes(settings) };
}

/** Methods that change nothing. */
function reads({ keys, stores }: KeyAdminSettings): Pick<ServiceImpl<typeof KeyService>, "getKey" | "listKeys" | "verifyKey"> {
  const store = (id: string) => stores.getByName(shardName(shardOf(id)));
  return {
    async getKey({ id }) {
      const stored = isKeyId(id) ? await reached(async () => await store(id).get(id)) : undefined;
      if (stored === undefined) throw refusal("not_found");
      return keyMessage(stored.record, Date.now(), stored.lastUsedAt);
    },
    async listKeys(request) {
      let { shard, after, limit } = pageFrom(request);
      const now = Date.now();
      const found: Awaited<ReturnType<KeyStore["list"]>> = [];
      for (; shard < KEY_SHARDS; shard += 1, after = "") {
        const query = { after, limit: limit + 1 - found.length, ...(request.owner === "" ? {} : { owner: request.owner }) };
        found.push(...(await reached(async () => await stores.getByName(shardName(shard)).list(query))));
        if (found.length > limit) break;
      }
      const page = found.slice(0, limit);
      const nextPageToken = found.length > limit ? page.at(-1)!.record.id : "";
      return { keys: page.map(({ record, lastUsedAt }) => keyMessage(record, now, lastUsedAt)), nextPageToken };
    },
    async verifyKey({ text, address }) {
      const proof = await keys.prove(text, address === "" ? null : address, Date.now(), VERIFY_WAIT_MS);
      if ("claims" in proof) {
        const { id, owner = "", plan = "", scopes, expiresAt } = proof;
        return { isValid: true, id: id.slice("key:".length), owner, plan, scopes: [...scopes], ...timeField("expireTime", expiresAt) };
      }
      if (proof.kind === "unavailable") throw new ConnectError("keys cannot be verified now; try again", Code.Unavailable);
      return { isValid: false };
    },
  };
}

/** Methods that issue, change and end keys. */
function changes({ policy, secrets, stores }: KeyAdminSettings): Omit<ServiceImpl<typeof KeyService>, keyof ReturnType<typeof reads>> {
  const store = (id: string) => stores.getByName(shardName(shardOf(id)));
  const { revocationMaxAgeMs, maxStaleMs } = policy;
  /** Isolates learn of a change by the sequence. It is written last: until then the operator has no response, and repeats the call. */
  const announce = (ids: readonly string[]) => reached(async () => await stores.getByName(KEY_LOG_NAME).append(ids));
  const effect = { effectiveWithinMs: revocationMaxAgeMs, effectiveWithoutRelayMs: maxStaleMs };
  return {
    async issueKey({ settings }, context) {
      const now = Date.now();
      const fields = fieldsOf(settings, now);
      const { id, text } = makeKey(policy.env, secrets[0]!, crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
      const record: KeyRecord = { id, ...newKey(digestOf(text), text.slice(-4), context, now), ...fields };
      const [outcome] = await reached(async () => await store(id).add([record]));
      const key = keyMessage(recordOf(outcome!), now);
      logChange(context, `issued ${id} for ${fields.owner}`);
      return { key, text };
    },
    async importKeys({ keys: imported }, context) {
      if (policy.importedPrefixes.length === 0)
        throw new ConnectError("set auth.keys.importedPrefixes to how the keys start", Code.FailedPrecondition);
      if (imported.length < 1 || imported.length > MAX_IMPORTED)
        throw new ConnectError(`keys: write 1 to ${MAX_IMPORTED}`, Code.InvalidArgument);
      const now = Date.now();
      const records = imported.map(({ sha256, settings }, index): KeyRecord => {
        if (sha256.length !== 32) throw new ConnectError(`keys[${index}].sha256: write the 32 bytes of a SHA-256`, Code.InvalidArgument);
        const fields = fieldsOf(settings, now, `keys[${index}].settings`);
        return { id: idOfDigest(sha256), ...newKey(hexOf(sha256), "", context, now), isImported: true, ...fields };
      });
      const messages = await Promise.all(records.map((record) => addImported(store(record.id), record, now)));
      await announce(records.map(({ id }) => id)); // isolates may know that these keys were not there
      logChange(context, `imported ${records.length} keys, the first one ${records[0]!.id}`);
      return { keys: messages };
    },
    async updateKey({ id, settings, updateMask, expectedRevision }, context) {
      const now = Date.now();
      const stored = isKeyId(id) ? await reached(async () => await store(id).get(id)) : undefined;
      if (stored === undefined) throw refusal("not_found");
      if (expectedRevision !== 0n && Number(expectedRevision) !== stored.record.revision) throw refusal("moved");
      const fields = updatedFields(stored.record, settings, updateMask?.paths ?? [], now);
      const record = recordOf(await reached(async () => await store(id).update(id, stored.record.revision, fields)));
      await announce([id]);
      logChange(context, `updated ${id}: ${updateMask?.paths.join(", ")}`);
      return { key: keyMessage(record, now, stored.lastUsedAt), ...effect };
    },
    async rollKey({ id, overlapSeconds, expectedRevision }, context) {
      if (overlapSeconds > MAX_OVERLAP_S) throw new ConnectError(`overlap_seconds: write 0 to ${MAX_OVERLAP_S}`, Code.InvalidArgument);
      if (!isKeyId(id)) throw refusal("not_found");
      const { text } = makeKey(policy.env, secrets[0]!, crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)), id);
      const secret = { digest: digestOf(text), lastFour: text.slice(-4) };
      const record = recordOf(
        await reached(async () => await store(id).roll(id, Number(expectedRevision), secret, overlapSeconds * 1_000)),
      );
      await announce([id]);
      logChange(context, `rolled ${id}, overlap ${overlapSeconds} s`);
      return { key: keyMessage(record, Date.now()), text };
    },
    async revokeKey({ id }, context) {
      if (!isKeyId(id)) throw refusal("not_found");
      const record = recordOf(await reached(async () => await store(id).revoke(id)));
      await announce([id]);
      logChange(context, `revoked ${id}`);
      return { key: keyMessage(record, Date.now()), ...effect };
    },
  };
}

async function addImported(store: DurableObjectStub<KeyStore>, record: KeyRecord, now: number) {
  const [outcome] = await reached(async () => await store.add([record]));
  if (outcome!.kind === "refused" && outcome!.problem === "exists") {
    const stored = await reached(async () => await store.get(record.id));
    if (stored?.record.digest === record.digest) return keyMessage(stored.record, now, stored.lastUsedAt);
  }
  return keyMessage(recordOf(outcome!), now);
}

function newKey(digest: string, lastFour: string, context: HandlerContext, now: number) {
  const id = callerOf(context)?.id ?? "";
  const operator = context.requestHeader.get(OPERATOR_HEADER) ?? "";
  const isShared = id.startsWith("secret:") && operator !== ""; // several people have the secret: the name is what one of them says
  const createdBy = (isShared ? `${id} (${operator})` : id).slice(0, KEY_BOUNDS.creator);
  return { revision: 1, digest, lastFour, isImported: false, createdAt: now, createdBy };
}

/** @throws ConnectError where the Durable Object has refused the change */
function recordOf(outcome: KeyOutcome): KeyRecord {
  if (outcome.kind === "ok") return outcome.record;
  throw refusal(outcome.problem);
}

function refusal(problem: KeyProblem): ConnectError {
  return new ConnectError(MESSAGES[problem], CODES[problem]);
}

/** @throws ConnectError `unavailable` if the Durable Object cannot be reached; the caller may repeat the call */
async function reached<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    logEvent("key_change_failed", { error });
    throw new ConnectError("the store of the keys cannot be reached now; try again", Code.Unavailable);
  }
}
