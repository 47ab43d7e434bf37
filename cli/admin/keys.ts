// `npm run keys`: issues, lists, changes, rolls, revokes, imports and verifies the API keys of the gateway.
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { OPERATOR_HEADER } from "../../core/headers.ts";
import { type Key, KeyService, StateSchema } from "../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { parseCommand } from "../command.ts";
import { adminToken, codeOf, DEFAULT_GATEWAY, gatewayClient, problemOf } from "./gateway-client.ts";

/** The fix of an error, where its message does not have one. */
const FIXES: Partial<Record<Code, string>> = {
  [Code.Unimplemented]: '; set auth.keys, and admin: { secretBinding: "ADMIN_SECRET" }, in gateway.config.ts',
  [Code.Unauthenticated]: "; set ADMIN_TOKEN to the secret that the gateway has, or to an API key with the scope of a role",
};
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const HELP = "(`npm run keys -- --help`)";
const ARGUMENTS: Readonly<Record<string, number>> = { issue: 0, list: 0, update: 1, roll: 1, revoke: 1, import: 0, verify: 0 };
const list = { type: "string", multiple: true } as const;

const { values, positionals } = parseCommand(
  "keys",
  {
    owner: { type: "string" },
    name: { type: "string" },
    plan: { type: "string" },
    scope: list,
    tag: list,
    address: list,
    expires: { type: "string" },
    overlap: { type: "string", default: "24h" },
    sha256: { type: "string" },
    as: { type: "string", default: userInfo().username },
    gateway: { type: "string", default: DEFAULT_GATEWAY },
  },
  { allowPositionals: true },
);
const [command = "", id = "", ...more] = positionals;
const count = ARGUMENTS[command];
if (count === undefined) stop(`found ${command === "" ? "no command" : command}; write ${Object.keys(ARGUMENTS).join(", ")} ${HELP}`);
if (count === 1 && id === "") stop(`${command}: found no id; write one that \`list\` prints ${HELP}`);
if ((count === 0 && id !== "") || more.length > 0) stop(`${command}: found more arguments than it takes ${HELP}`);
const token = adminToken("KEYS_TOKEN", stop);
const client = gatewayClient(KeyService, values.gateway, token, { [OPERATOR_HEADER]: values.as });

try {
  await run();
} catch (error) {
  stop(`${problemOf(error, values.gateway)}${FIXES[codeOf(error)] ?? ""}`, 1);
}

async function run(): Promise<void> {
  switch (command) {
    case "issue": {
      const { key, text } = await client.issueKey({ settings: settings() });
      return show(text, `issued ${key!.id} for ${key!.settings!.owner}; the key is shown only here`);
    }
    case "update": {
      const paths = Object.entries(written()).flatMap(([path, value]) => (value === undefined ? [] : [path]));
      if (paths.length === 0) stop(`update: found nothing to change; write options ${HELP}`);
      const { key, effectiveWithinMs } = await client.updateKey({ id, settings: settings(), updateMask: { paths } });
      return note(`updated ${key!.id}; in effect everywhere within ${effectiveWithinMs / 1_000} s`);
    }
    case "roll": {
      const { key, text } = await client.rollKey({ id, overlapSeconds: secondsOf("overlap", values.overlap) });
      const end = key!.overlapEndTime === undefined ? "has ended" : `counts until ${textOf(key!.overlapEndTime)}`;
      return show(text, `rolled ${key!.id}; the former secret ${end}; the key is shown only here`);
    }
    case "revoke": {
      const { key, effectiveWithinMs, effectiveWithoutRelayMs } = await client.revokeKey({ id });
      const late = `${effectiveWithoutRelayMs / 1_000} s where an isolate does not reach its relay`;
      return note(`revoked ${key!.id}; refused everywhere within ${effectiveWithinMs / 1_000} s, ${late}`);
    }
    case "import": {
      const { keys } = await client.importKeys({ keys: [{ sha256: digest(), settings: settings() }] });
      return note(`imported ${keys[0]!.id} for ${keys[0]!.settings!.owner}`);
    }
    case "verify": {
      const text = readFileSync(0, "utf8").trim();
      const verified = await client.verifyKey({ text, address: values.address?.[0] ?? "" });
      if (!verified.isValid) stop("the key does not count", 1);
      return note([verified.id, verified.owner, verified.plan, verified.scopes.join(" ")].join("  ").trimEnd());
    }
    default:
      return print(await allKeys());
  }
}

/** The options that were written, by the names of their fields. */
function written(): Record<string, unknown> {
  const { owner, name, plan, scope, tag, address, expires } = values;
  return { owner, name, plan, scopes: scope, tags: tag, addresses: address, expire_time: expires };
}

function settings() {
  const { owner = "", name = "", plan = "", scope = [], tag = [], address = [], expires = "never" } = values;
  const all = (items: readonly string[]) => items.filter((item) => item !== "");
  const expireTime = expires === "never" ? undefined : timestampFromDate(timeOf(expires));
  return { owner, name, plan, scopes: all(scope), tags: all(tag), addresses: all(address), ...(expireTime && { expireTime }) };
}

function timeOf(text: string): Date {
  if (/^\d+[smhd]$/.test(text)) return new Date(Date.now() + 1_000 * secondsOf("expires", text));
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) stop(`--expires: found ${text}; write 30d, a time as in 2027-01-31T00:00:00Z, or never`);
  return time;
}

function secondsOf(flag: string, text: string): number {
  const [, number, unit] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? stop(`--${flag}: found ${text}; write a time as in 30d, 12h, 45m or 0`);
  return Number(number) * (UNITS[unit!] ?? 1);
}

function digest(): Uint8Array<ArrayBuffer> {
  if (!/^[0-9a-f]{64}$/i.test(values.sha256 ?? "")) stop(`import: found ${values.sha256 ?? "no --sha256"}; write 64 hexadecimal digits`);
  return Uint8Array.from(Buffer.from(values.sha256!, "hex"));
}

async function allKeys(): Promise<string[][]> {
  const rows: string[][] = [];
  let pageToken = "";
  do {
    const page = await client.listKeys({ owner: values.owner ?? "", pageToken });
    rows.push(...page.keys.map(rowOf));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return rows;
}

function rowOf({ id, settings, state, lastFour, lastUseTime }: Key): string[] {
  const shown = StateSchema.value[state]?.localName.toLowerCase() ?? String(state); // a gateway may be newer than this command
  const used = lastUseTime === undefined ? "never used" : `used ${textOf(lastUseTime)}`;
  const ending = lastFour === "" ? "imported" : `...${lastFour}`;
  return [id, settings?.owner ?? "", settings?.plan || "-", shown, ending, used, settings?.scopes.join(" ") ?? ""];
}

function textOf(time: Timestamp): string {
  return timestampDate(time).toISOString();
}

function print(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  process.stdout.write(rows.length === 0 ? "none\n" : `${lines.join("\n")}\n`);
}

/** A key goes to the standard output alone, for scripts. */
function show(key: string, text: string): void {
  note(text);
  process.stdout.write(`${key}\n`);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

function stop(text: string, code = 2): never {
  process.stderr.write(`${text}\n`);
  process.exit(code);
}
