// `tidegate identity`: makes and rotates the keys with which the gateway, or a Worker, signs who makes a call, for services at URLs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readScheduledKeys, type ScheduledKey, signingKey, slotOfNextKey } from "../../core/auth/identity/identity-keys.ts";
import type { Context } from "../tidegate/context.ts";
import { Failure } from "../tidegate/failure.ts";
import { tableText } from "../tidegate/table.ts";
import { newIdentityKey, withVariable } from "./identity-key.ts";

const FILE = ".dev.vars";
const TIMEOUT_MS = 10_000;

export interface NewKeyOptions {
  readonly local: boolean; // writes .dev.vars; otherwise the secret of an account is set
  readonly env?: string | undefined;
  readonly secret?: readonly string[] | undefined;
  readonly worker?: string | undefined; // folder of the Worker that signs, with its wrangler.toml; undefined for the gateway
}

export interface RotateOptions extends NewKeyOptions {
  readonly after: number; // s
  readonly gateway: string;
}

const SECRETS = ["IDENTITY_KEY_A", "IDENTITY_KEY_B"];

export async function newKey(context: Context, options: NewKeyOptions): Promise<void> {
  write(context, options, 0, 0);
}

export async function rotateKeys(context: Context, options: RotateOptions): Promise<void> {
  const now = Date.now();
  const slot = slotOfNextKey(await publishedKeys(options.gateway), now);
  if (typeof slot === "string") throw new Failure(slot);
  write(context, options, slot, Math.ceil(now / 1_000) + options.after);
}

export async function listIdentityKeys(context: Context, { gateway }: { readonly gateway: string }): Promise<void> {
  const now = Date.now();
  const keys = await publishedKeys(gateway);
  const rows = keys.map((key) => ({ kid: key.kid, from: new Date(key.from * 1_000).toISOString(), use: useOf(key, keys, now) }));
  context.print(rows, tableText(rows.map(({ kid, use }) => [kid, use])));
}

/** What the running gateway publishes: secrets of an account cannot be read. */
async function publishedKeys(gateway: string): Promise<readonly ScheduledKey[]> {
  const url = `${gateway}/.well-known/tidegate/jwks.json`;
  let keys: readonly ScheduledKey[] | undefined;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "manual" });
    keys = response.status === 200 ? readScheduledKeys(await response.json()) : undefined;
  } catch (error) {
    throw new Failure({ what: `no response from ${url}`, why: String(error), fix: "write the origin of the gateway: --gateway URL" });
  }
  if (keys !== undefined && keys.length > 0) return keys;
  const fix = "set auth.identity.keyBindings in gateway.config.ts, and make a first key: tidegate identity new";
  throw new Failure({ what: `${url} has no keys`, fix });
}

function write(context: Context, { secret = SECRETS, local, env, worker = "." }: NewKeyOptions, slot: number, from: number): void {
  const name = secret[slot];
  if (name === undefined) throw new Failure({ what: "two secrets are needed to rotate", fix: "write --secret NAME --secret NAME" }, 2);
  const key = newIdentityKey(from);
  const text = JSON.stringify(key);
  const config = join(worker, "wrangler.toml");
  if (worker !== "." && !existsSync(config))
    throw new Failure({ what: `${config} is missing`, fix: "write the folder of a Worker: --worker FOLDER" }, 2);
  const file = join(worker, FILE);
  if (local) writeFileSync(file, withVariable(existsSync(file) ? readFileSync(file, "utf8") : "", name, text), { mode: 0o600 });
  else put(context, name, text, [...(env === undefined ? [] : ["--env", env]), ...(worker === "." ? [] : ["--config", config])]);
  const when = from === 0 ? "at once" : `from ${new Date(from * 1_000).toISOString()} on`;
  const result = { secret: name, kid: key.kid, from, ...(local && { file }) };
  context.print(result, `${name}: key ${key.kid} signs ${when}${local ? `; written to ${file}` : ""}\n`);
}

/** The value goes through standard input: arguments of a process can be read by others. */
function put({ isJson }: Context, name: string, text: string, options: readonly string[]): void {
  const stdio = ["pipe", isJson ? "ignore" : "inherit", "inherit"] as const;
  const { status, error } = spawnSync("wrangler", ["secret", "put", name, ...options], { input: text, stdio: [...stdio] });
  if (error !== undefined) throw new Failure(`wrangler could not be started: ${error.message}`);
  if (status !== 0) throw new Failure({ what: `wrangler secret put ${name} ended with ${status}`, fix: "see what it reports above" });
}

function useOf({ kid, from }: ScheduledKey, all: readonly ScheduledKey[], now: number): string {
  if (kid === signingKey(all, now).kid) return "signs";
  return from * 1_000 > now ? `signs from ${new Date(from * 1_000).toISOString()} on` : "verifies only";
}
