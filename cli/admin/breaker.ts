// `tidegate breaker`: lists the circuit breakers of the gateway's upstreams, overrides them, and lists what has changed, by whom and why.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { OPERATOR_HEADER } from "../../core/headers.ts";
import { type Breaker, BreakerService, type Change, Override, StateSchema } from "../../protos/gen/tidegate/breaker/v1/breaker_pb.ts";
import type { Context } from "../tidegate/context.ts";
import { wrongUsage } from "../tidegate/failure.ts";
import { authorOf } from "../tidegate/gateway-flags.ts";
import { tableText } from "../tidegate/table.ts";
import { adminToken, callFailure, gatewayClient } from "./gateway-client.ts";

export interface BreakerOptions {
  readonly gateway: string;
  readonly as?: string | undefined;
}

export interface OverrideOptions extends BreakerOptions {
  readonly reason?: string | undefined;
}

type Word = "open" | "close" | "auto";
const OVERRIDES: Readonly<Record<Word, Override>> = { open: Override.OPEN, close: Override.CLOSED, auto: Override.NONE };

export async function listBreakers(context: Context, options: BreakerOptions, [upstream = ""]: readonly string[]): Promise<void> {
  print(context, await called(context, options, async (client) => (await client.listBreakers({ upstream })).breakers));
}

export async function listChanges(context: Context, options: BreakerOptions, [upstream = ""]: readonly string[]): Promise<void> {
  print(context, await called(context, options, async (client) => (await client.listChanges({ upstream })).changes));
}

/** @returns what `breaker open`, `close` and `auto` do */
export function setOverride(word: Word) {
  return async (context: Context, options: OverrideOptions, [upstream = "", endpoint = ""]: readonly string[]): Promise<void> => {
    const reason = options.reason ?? "";
    if (reason.trim() === "") throw wrongUsage("found no reason", `breaker ${word}`, 'write one for the audit: --reason "..."');
    const override = OVERRIDES[word];
    const changed = await called(context, options, (client) => client.setOverride({ upstream, endpoint, override, reason }));
    print(context, [changed]);
  };
}

async function called<T>(context: Context, { gateway, as }: BreakerOptions, call: (client: Client<typeof BreakerService>) => Promise<T>) {
  const token = adminToken(context.env, "OPERATOR_TOKEN");
  const client = gatewayClient(BreakerService, gateway, token, { [OPERATOR_HEADER]: authorOf(as) });
  try {
    return await call(client);
  } catch (error) {
    throw callFailure(error, gateway, "breakers: {}");
  }
}

function print(context: Context, lines: readonly (Breaker | Change)[]): void {
  context.print(lines.map(objectOf), tableText(lines.map(rowOf)));
}

function objectOf(line: Breaker | Change) {
  const { upstream, endpoint } = line;
  const common = { upstream, endpoint, state: stateOf(line), decision: decisionOf(line) };
  if (line.$typeName === "tidegate.breaker.v1.Change")
    return { ...common, time: textOf(line.time), author: line.author, reason: line.reason };
  return { ...common, since: line.since === undefined ? null : textOf(line.since), isolates: line.isolates };
}

function rowOf(line: Breaker | Change): string[] {
  const common = [line.upstream, line.endpoint, stateOf(line), decisionOf(line)];
  if (line.$typeName === "tidegate.breaker.v1.Change") {
    const author = line.reason === "" ? line.author : `${line.author}: ${line.reason}`;
    return [...common, textOf(line.time), author];
  }
  const since = line.since === undefined ? "never changed" : `since ${textOf(line.since)}`;
  return [...common, since, `${line.isolates} isolates`];
}

/** A gateway may be newer than this command. */
function stateOf({ state }: Breaker | Change): string {
  return StateSchema.value[state]?.localName.toLowerCase() ?? String(state);
}

function decisionOf({ override }: Breaker | Change): string {
  return override === Override.NONE ? "by evidence" : "by an operator";
}

function textOf(time: Timestamp | undefined): string {
  return time === undefined ? "" : timestampDate(time).toISOString();
}
