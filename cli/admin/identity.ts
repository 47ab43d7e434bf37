// `npm run identity`: makes and rotates the keys with which the gateway signs who makes a call, for services at URLs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { readScheduledKeys, type ScheduledKey, signingKey, slotOfNextKey } from "../../core/auth/identity/identity-keys.ts";
import { parseCommand } from "../command.ts";
import { DEFAULT_GATEWAY } from "./gateway-client.ts";
import { newIdentityKey, withVariable } from "./identity-key.ts";

const FILE = ".dev.vars";
const TIMEOUT_MS = 10_000;
/** Services fetch keys again after five minutes, and a deployed secret takes a while to reach every isolate. */
const DEFAULT_AFTER_SECONDS = "900";

const { values, positionals } = parseCommand(
  "identity",
  {
    local: { type: "boolean", default: false },
    env: { type: "string", short: "e" },
    after: { type: "string", default: DEFAULT_AFTER_SECONDS },
    secret: { type: "string", multiple: true, default: ["IDENTITY_KEY_A", "IDENTITY_KEY_B"] },
    gateway: { type: "string", default: DEFAULT_GATEWAY },
  },
  { allowPositionals: true },
);
const after = Number(values.after);
if (!Number.isSafeInteger(after) || after < 0 || after > 86_400) stop("--after: write a whole number from 0 to 86400 (s)", 2);
const now = Date.now();
const [action] = positionals;
if (action === "new") write(0, 0);
else if (action === "rotate") await rotate();
else if (action === "list") await list();
else stop("write new, rotate or list (`npm run identity -- --help`)", 2);

async function rotate(): Promise<void> {
  const slot = slotOfNextKey(await publishedKeys(), now);
  if (typeof slot === "string") stop(slot);
  write(slot, Math.ceil(now / 1_000) + after);
}

async function list(): Promise<void> {
  const keys = await publishedKeys();
  for (const key of keys) console.log(lineOf(key, keys));
}

/** What the running gateway publishes: secrets of an account cannot be read. */
async function publishedKeys(): Promise<readonly ScheduledKey[]> {
  const url = `${values.gateway}/.well-known/tidegate/jwks.json`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "manual" });
    const keys = response.status === 200 ? readScheduledKeys(await response.json()) : undefined;
    if (keys !== undefined && keys.length > 0) return keys;
    return stop(`${url} has no keys; set auth.identity.keyBindings in gateway.config.ts, and make a first key: npm run identity -- new`);
  } catch (error) {
    return stop(`no response from ${url} (${String(error)}); write the origin of the gateway: --gateway URL`);
  }
}

function write(slot: number, from: number): void {
  const name = values.secret[slot] ?? stop("two secrets are needed to rotate: --secret NAME --secret NAME", 2);
  const key = newIdentityKey(from);
  const text = JSON.stringify(key);
  if (values.local) writeFileSync(FILE, withVariable(existsSync(FILE) ? readFileSync(FILE, "utf8") : "", name, text), { mode: 0o600 });
  else put(name, text);
  const when = from === 0 ? "at once" : `from ${new Date(from * 1_000).toISOString()} on`;
  console.log(`${name}: key ${key.kid} signs ${when}${values.local ? `; written to ${FILE}` : ""}`);
}

/** The value goes through standard input: arguments of a process can be read by others. */
function put(name: string, text: string): void {
  const options = values.env === undefined ? [] : ["--env", values.env];
  const { status, error } = spawnSync("wrangler", ["secret", "put", name, ...options], {
    input: text,
    stdio: ["pipe", "inherit", "inherit"],
  });
  if (error !== undefined) stop(`wrangler could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function lineOf({ kid, from }: ScheduledKey, all: readonly ScheduledKey[]): string {
  if (kid === signingKey(all, now).kid) return `${kid}  signs`;
  return from * 1_000 > now ? `${kid}  signs from ${new Date(from * 1_000).toISOString()} on` : `${kid}  verifies only`;
}

function stop(problem: string, code = 1): never {
  process.stderr.write(`${problem}\n`);
  process.exit(code);
}
