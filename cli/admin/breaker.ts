// `npm run breaker`: lists the circuit breakers of the gateway's upstreams, overrides them, and lists what has changed, by whom and why.
import { userInfo } from "node:os";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { OPERATOR_HEADER } from "../../core/headers.ts";
import { type Breaker, BreakerService, type Change, Override, StateSchema } from "../../protos/gen/tidegate/breaker/v1/breaker_pb.ts";
import { parseCommand } from "../command.ts";
import { adminToken, codeOf, DEFAULT_GATEWAY, gatewayClient, problemOf } from "./gateway-client.ts";

const OVERRIDES: Readonly<Record<string, Override>> = { open: Override.OPEN, close: Override.CLOSED, auto: Override.NONE };

/** The fix of an error, where its message does not have one. */
const FIXES: Partial<Record<Code, string>> = {
  [Code.Unimplemented]: '; set breakers: {}, and admin: { secretBinding: "ADMIN_SECRET" }, in gateway.config.ts',
  [Code.Unauthenticated]: "; set ADMIN_TOKEN to the secret that the gateway has, or to an API key with the scope of a role",
};

const options = {
  reason: { type: "string", default: "" },
  as: { type: "string", default: userInfo().username },
  gateway: { type: "string", default: DEFAULT_GATEWAY },
} as const;
const { values, positionals } = parseCommand("breaker", options, { allowPositionals: true });
const [command = "", upstream = "", endpoint = "", ...more] = positionals;
const override = OVERRIDES[command];
const problem = problemOfArguments();
if (problem !== undefined) stop(problem);
const token = adminToken("OPERATOR_TOKEN", stop);

const client = gatewayClient(BreakerService, values.gateway, token, { [OPERATOR_HEADER]: values.as });
try {
  process.stdout.write(tableOf(await rows()));
} catch (error) {
  stop(`${problemOf(error, values.gateway)}${FIXES[codeOf(error)] ?? ""}`);
}

function problemOfArguments(): string | undefined {
  const help = "(`npm run breaker -- --help`)";
  if (override === undefined && command !== "list" && command !== "changes")
    return `found ${command === "" ? "no command" : command}; write list, open, close, auto or changes ${help}`;
  if (more.length > 0 || (override === undefined && endpoint !== "")) return `${command}: found more arguments than it takes ${help}`;
  if (override === undefined) return undefined;
  if (endpoint === "") return `${command}: found no upstream or no endpoint; write both as \`list\` prints them ${help}`;
  return values.reason.trim() === "" ? `${command}: found no reason; write one for the audit: --reason "..."` : undefined;
}

async function rows(): Promise<string[][]> {
  if (override !== undefined) return [rowOf(await client.setOverride({ upstream, endpoint, override, reason: values.reason }))];
  if (command === "list") return (await client.listBreakers({ upstream })).breakers.map(rowOf);
  return (await client.listChanges({ upstream })).changes.map(rowOf);
}

function rowOf(line: Breaker | Change): string[] {
  const decision = line.override === Override.NONE ? "by evidence" : "by an operator";
  const state = StateSchema.value[line.state]?.localName.toLowerCase() ?? String(line.state); // a gateway may be newer than this command
  if (line.$typeName === "tidegate.breaker.v1.Change") {
    const author = line.reason === "" ? line.author : `${line.author}: ${line.reason}`;
    return [line.upstream, line.endpoint, state, decision, textOf(line.time), author];
  }
  const since = line.since === undefined ? "never changed" : `since ${textOf(line.since)}`;
  return [line.upstream, line.endpoint, state, decision, since, `${line.isolates} isolates`];
}

function textOf(time: Timestamp | undefined): string {
  return time === undefined ? "" : timestampDate(time).toISOString();
}

function tableOf(table: readonly (readonly string[])[]): string {
  if (table.length === 0) return "none\n";
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function stop(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
