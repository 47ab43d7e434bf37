// `npm run breaker`: lists the breakers of the gateway's upstreams, opens and closes them by hand, and tells who has.
import { userInfo } from "node:os";
import { OPERATOR_HEADER } from "../../core/headers.ts";
import { parseCommand } from "../command.ts";

const HINT = "`npm run breaker -- --help` shows how";
const FORCES = { open: "FORCE_OPEN", close: "FORCE_CLOSED", auto: "FORCE_EVIDENCE" } as const;
const STATES: Readonly<Record<string, string>> = {
  STATE_CLOSED: "closed",
  STATE_OPEN: "open",
  STATE_HALF_OPEN: "half open",
  STATE_RAMP: "ramp",
};
/** What mends a refusal, where the message does not say so itself. */
const MENDS: Readonly<Record<string, string>> = {
  unimplemented: '; set breakers: { tokenBinding: "OPERATOR_TOKEN" } in gateway.config.ts',
  unauthenticated: "; OPERATOR_TOKEN is not the secret that the gateway has",
};

interface Line {
  readonly upstream: string;
  readonly endpoint: string;
  readonly state: string;
  readonly forced: string;
  readonly since?: string;
  readonly time?: string;
  readonly isolates?: number;
  readonly who?: string;
  readonly reason?: string;
}

class Refused extends Error {}

/** @throws Refused, with what mends it */
function fail(message: string): never {
  throw new Refused(message);
}

async function main(): Promise<string> {
  const options = {
    reason: { type: "string", default: "" },
    as: { type: "string", default: userInfo().username },
    gateway: { type: "string", default: "http://127.0.0.1:8787" },
  } as const;
  const { values, positionals } = parseCommand("breaker", options, { allowPositionals: true });
  const [command = "", upstream = "", endpoint = "", ...more] = positionals;
  const isForce = command in FORCES;
  if (!isForce && command !== "list" && command !== "changes") fail(`write list, open, close, auto or changes; ${HINT}`);
  if (more.length > 0 || (!isForce && endpoint !== "")) fail(`${command}: too much after it; ${HINT}`);
  if (isForce && (upstream === "" || endpoint === "")) fail(`${command}: say of which upstream and endpoint; \`list\` tells them`);
  if (isForce && values.reason.trim() === "") fail(`${command}: say why: --reason "..."`);
  const token = process.env["OPERATOR_TOKEN"];
  if (token === undefined || token === "") fail("set OPERATOR_TOKEN, the operator's token");
  const call = caller(values.gateway, token, values.as);
  if (command === "list") return linesOf((await call("ListBreakers", { upstream }))["breakers"] as Line[] | undefined);
  if (command === "changes") return linesOf((await call("ListChanges", { upstream }))["changes"] as Line[] | undefined);
  const force = FORCES[command as keyof typeof FORCES];
  return linesOf([(await call("ForceBreaker", { upstream, endpoint, force, reason: values.reason })) as unknown as Line]);
}

function caller(gateway: string, token: string, operator: string) {
  const headers = { authorization: `Bearer ${token}`, [OPERATOR_HEADER]: operator };
  return async (method: string, message: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${gateway}/tidegate.breaker.v1.BreakerService/${method}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", "connect-protocol-version": "1" },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(10_000),
    }).catch((fault: unknown) => fail(`no answer from ${gateway} (${String(fault)}); --gateway says where it is`));
    const body = (await answer.json().catch(() => fail(`${gateway} is no gateway: ${answer.status}`))) as Record<string, unknown>;
    if (!answer.ok) fail(`${String(body["code"])}: ${String(body["message"])}${MENDS[String(body["code"])] ?? ""}`);
    return body;
  };
}

function linesOf(lines: readonly Line[] = []): string {
  const rows = lines.map((line) => {
    const by = line.forced === "FORCE_EVIDENCE" ? "by evidence" : "by an operator";
    const when = line.time ?? (line.since === undefined ? "never changed" : `since ${line.since}`);
    const rest = line.who === undefined ? `${line.isolates ?? 0} isolates` : `${line.who}${line.reason ? `: ${line.reason}` : ""}`;
    return [line.upstream, line.endpoint, STATES[line.state] ?? line.state, by, when, rest];
  });
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const text = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return rows.length === 0 ? "none\n" : `${text.join("\n")}\n`;
}

try {
  process.stdout.write(await main());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof Refused ? 1 : 2;
}
