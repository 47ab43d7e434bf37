// Faulty messages over sockets, through the gateway to the real service: each is its caller's fault, and none counts against the upstream.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf, MESSAGE_FAULTS } from "../support/message-faults.ts";
import { sendAgain } from "../support/send-again.ts";
import { errorLines, type FaultBench, startFaultBench } from "./bench.ts";

describe.each(["off", "enforce"] as const)("with validate: %s", (validate) => {
  let bench: FaultBench | undefined;

  beforeAll(async () => {
    bench = await startFaultBench({
      config: () => ({ services: { "users.v1.UserService": { upstream: { binding: "USERS" }, validate } }, httpRoutes: {} }),
    });
  });
  afterAll(() => bench?.stop());

  const send = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const { method, headers, body } = request;
    const init = { method, headers, body, duplex: "half", signal: AbortSignal.timeout(60_000) } as RequestInit;
    return fetch(bench!.gateway.origin + pathname + search, init);
  };

  it.each(MESSAGE_FAULTS)("$name", async ({ request, status, codes }) => {
    const response = await sendAgain(() => send(request()));
    expect([response.status, codes]).toEqual([status, expect.arrayContaining([await codeOf(response)])]);
    expect(errorLines(bench!.log)).toEqual([]);
    expect(bench!.log.filter((line) => line.includes("upstream_fault"))).toEqual([]);
  });

  it("the upstream still gets calls after all of them", async () => {
    const list = new Request("http://gateway.test/users.v1.UserService/ListUsers", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect((await send(list)).status).toBe(200);
  });
});
