// Tests of faults by table: what a caller sends over a socket, what it receives, and what the upstream receives.
import { expect, it } from "vitest";
import { errorLines, type FaultBench } from "./bench.ts";
import type { Received } from "./origin.ts";
import { type Answer, exchange, request, type Sending } from "./wire.ts";

export interface Row {
  readonly id: string; // in cases.ts
  readonly does: string; // completes "it ..."
  readonly send: readonly (string | Uint8Array)[]; // texts as latin1
  readonly sending?: Sending;
  readonly status: number | readonly number[]; // 0: the connection ends without a response
  readonly code?: string | number; // code in the JSON of the error: a name for Connect, a number for REST
  readonly received?: number; // requests at the upstream; default 0
  /** Faults of a caller are repeated: none may count against an upstream. "none": the request is served. Default "caller". */
  readonly fault?: "caller" | "upstream" | "none";
  readonly check?: (answer: Answer, received: readonly Received[]) => void;
}

/** As many failures in a row as open a breaker, and one more. */
const REPEATS = 6;

/** Defines one test per row. @param bench is read when a test runs, so it may be started by `beforeAll` */
export function itEach(bench: () => FaultBench, rows: readonly Row[]): void {
  for (const row of rows) it(`${row.id} ${row.does}`, () => run(bench(), row));
}

async function run(bench: FaultBench, row: Row): Promise<void> {
  const { origin, gateway } = bench;
  const repeats = (row.fault ?? "caller") === "caller" ? REPEATS : 1;
  origin.clear();
  bench.clearLog();
  for (let n = 0; n < repeats; n++) {
    origin.clear();
    checkAnswer(row, await exchange(gateway.port, row.send, row.sending), origin.received);
  }
  if (repeats > 1) await expectUnharmed(bench);
  expect((await exchange(gateway.port, [request("GET /healthz")])).status).toBe(200);
  expect(errorLines(bench.log), "lines of level error").toEqual([]);
}

function checkAnswer({ status, code, received = 0, sending, check }: Row, answer: Answer, atOrigin: readonly Received[]): void {
  const shown = `${answer.head}\n${answer.body.subarray(0, 500).toString("latin1")}`;
  if (sending?.hangUp !== "reset") {
    expect([status].flat(), shown).toContain(answer.status);
    expect(answer.end, shown).not.toBe("open");
  }
  if (code !== undefined) expect(JSON.parse(answer.body.toString()), shown).toMatchObject({ code });
  expect(atOrigin.map(({ line }) => line)).toHaveLength(received);
  check?.(answer, atOrigin);
}

/** The upstreams still get calls: no breaker has opened, and no limit is taken. */
export async function expectUnharmed({ gateway, origin }: FaultBench): Promise<void> {
  const rpc = request("POST /users.v1.UserService/UpdateUser", ["content-type: application/json"], "{}");
  for (const good of [rpc, request("GET /pub/x")]) {
    origin.clear();
    const answer = await exchange(gateway.port, [good]);
    expect([answer.status, origin.received.length], answer.body.toString()).toEqual([200, 1]);
  }
}
