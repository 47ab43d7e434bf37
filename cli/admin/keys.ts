// `tidegate keys`: issues, lists, changes, rolls, revokes, imports and verifies the API keys of the gateway.
import { text as textOf } from "node:stream/consumers";
import type { Client } from "@connectrpc/connect";
import { OPERATOR_HEADER } from "../../core/headers.ts";
import { type Key, KeyService } from "../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import type { Context } from "../tidegate/context.ts";
import { Failure, wrongUsage } from "../tidegate/failure.ts";
import { authorOf } from "../tidegate/gateway-flags.ts";
import { tableText } from "../tidegate/table.ts";
import { adminToken, callFailure, gatewayClient } from "./gateway-client.ts";
import { type KeyOptions, keyObject, keyRow, seconds, settingsOf, timeText, writtenPaths } from "./key-settings.ts";

export interface CallOptions {
  readonly gateway: string;
  readonly as?: string | undefined;
}

export async function issueKey(context: Context, options: KeyOptions & CallOptions): Promise<void> {
  const settings = settingsOf(options, "issue");
  const { key, text } = await called(context, options, (client) => client.issueKey({ settings }));
  show(context, key!, text, `issued ${key!.id} for ${key!.settings!.owner}; the key is shown only here`);
}

export async function listKeys(context: Context, options: CallOptions & { readonly owner?: string | undefined }): Promise<void> {
  const all: Key[] = [];
  let pageToken = "";
  do {
    const page = await called(context, options, (client) => client.listKeys({ owner: options.owner ?? "", pageToken }));
    all.push(...page.keys);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  context.print(all.map(keyObject), tableText(all.map(keyRow)));
}

export async function updateKey(context: Context, options: KeyOptions & CallOptions, [id = ""]: readonly string[]): Promise<void> {
  const paths = writtenPaths(options);
  if (paths.length === 0) throw wrongUsage("found nothing to change", "keys update", "write an option with its new value");
  const settings = settingsOf(options, "update");
  const { key, effectiveWithinMs } = await called(context, options, (client) => client.updateKey({ id, settings, updateMask: { paths } }));
  done(
    context,
    { key: keyObject(key!), effectiveWithinMs },
    `updated ${key!.id}; in effect everywhere within ${effectiveWithinMs / 1_000} s`,
  );
}

export async function rollKey(context: Context, options: CallOptions & { readonly overlap: string }, [id = ""]: readonly string[]) {
  const overlapSeconds = seconds("overlap", options.overlap);
  const { key, text } = await called(context, options, (client) => client.rollKey({ id, overlapSeconds }));
  const end = key!.overlapEndTime === undefined ? "has ended" : `counts until ${timeText(key!.overlapEndTime)}`;
  show(context, key!, text, `rolled ${key!.id}; the former secret ${end}; the key is shown only here`);
}

export async function revokeKey(context: Context, options: CallOptions, [id = ""]: readonly string[]): Promise<void> {
  const { key, effectiveWithinMs, effectiveWithoutRelayMs } = await called(context, options, (client) => client.revokeKey({ id }));
  const late = `${effectiveWithoutRelayMs / 1_000} s where an isolate does not reach its relay`;
  const result = { key: keyObject(key!), effectiveWithinMs, effectiveWithoutRelayMs };
  done(context, result, `revoked ${key!.id}; refused everywhere within ${effectiveWithinMs / 1_000} s, ${late}`);
}

export async function importKey(context: Context, options: KeyOptions & CallOptions & { readonly sha256?: string | undefined }) {
  const found = options.sha256 ?? "";
  if (!/^[0-9a-f]{64}$/i.test(found))
    throw wrongUsage(`--sha256: found ${found || "nothing"}`, "keys import", "write 64 hexadecimal digits");
  const imported = { sha256: Uint8Array.from(Buffer.from(found, "hex")), settings: settingsOf(options, "import") };
  const { keys } = await called(context, options, (client) => client.importKeys({ keys: [imported] }));
  done(context, { key: keyObject(keys[0]!) }, `imported ${keys[0]!.id} for ${keys[0]!.settings!.owner}`);
}

/** Reads the key from the standard input: arguments of a process can be read by others. */
export async function verifyKey(context: Context, options: CallOptions & { readonly address?: string | undefined }): Promise<number> {
  const text = (await textOf(context.stdin)).trim();
  const verified = await called(context, options, (client) => client.verifyKey({ text, address: options.address ?? "" }));
  const { isValid, id, owner, plan, scopes } = verified;
  if (!isValid && !context.isJson) throw new Failure("the key does not count");
  done(context, isValid ? { isValid, id, owner, plan, scopes } : { isValid }, [id, owner, plan, scopes.join(" ")].join("  ").trimEnd());
  return isValid ? 0 : 1;
}

async function called<T>(
  context: Context,
  { gateway, as }: CallOptions,
  call: (client: Client<typeof KeyService>) => Promise<T>,
): Promise<T> {
  const token = adminToken(context.env, "KEYS_TOKEN");
  const client = gatewayClient(KeyService, gateway, token, { [OPERATOR_HEADER]: authorOf(as) });
  try {
    return await call(client);
  } catch (error) {
    throw callFailure(error, gateway, "auth.keys");
  }
}

/** A key goes to the standard output alone, for scripts. */
function show(context: Context, key: Key, text: string, note: string): void {
  context.note(note);
  context.print({ key: keyObject(key), text }, `${text}\n`);
}

/** What is done is a note; the standard output is for keys, and for JSON. */
function done(context: Context, result: unknown, note: string): void {
  if (context.isJson) context.print(result, "");
  else context.note(note);
}
