// The gateway's layers keep the contract of attempts.
import { afterEach, beforeEach, describe, vi } from "vitest";
import { attemptContract, type ContractCall, type ContractOutcome, type MakeSubject } from "../support/attempt-contract.ts";
import { AUTH, bearer, idOf } from "../support/callers.ts";
import { enveloped, gatewayTo, json, unary } from "../support/gateway.ts";

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined)); // faults of the endpoints
afterEach(() => vi.restoreAllMocks());

const gatewaySubject: MakeSubject = (endpoints, { retries, hedging, balancer, retryBudget = {}, breaker = {} }) => {
  const names = Object.keys(endpoints);
  const gateway = gatewayTo(
    () => json({}),
    {
      defaults: { ...(retries !== undefined && { retries }), ...(hedging !== undefined && { hedging }) },
      auth: AUTH,
      overload: { trusted: [idOf("billing")] },
      services: {
        "users.v1.UserService": {
          upstream: { endpoints: names.map((binding) => ({ binding })), retryBudget, ...(balancer !== undefined && { balancer }) },
          breaker,
        },
      },
    },
    Object.fromEntries(Object.entries(endpoints).map(([name, fetch]) => [name, { fetch }])),
  );
  const run = async (method: string, { timeoutMs, signal, idempotencyKey, isChained = false }: ContractCall): Promise<ContractOutcome> => {
    const request = unary(
      method,
      {},
      {
        ...(timeoutMs !== undefined && { "connect-timeout-ms": String(timeoutMs) }),
        ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
        ...(isChained && { ...(await bearer("billing")), "tidegate-attempt": "2" }),
      },
    );
    const response = await gateway(signal === undefined ? request : new Request(request, { signal }));
    return outcomeOf(response);
  };
  return {
    read: (call = {}) => run("GetUser", call),
    write: (call = {}) => run("UpdateUser", call),
    async watch() {
      const response = await gateway(enveloped("WatchUsers", "application/connect+json", "{}"));
      if (response.status !== 200) return { ...(await outcomeOf(response)), messages: 0 }; // an endpoint may refuse a stream with a unary error
      const chunks: Uint8Array[] = [];
      try {
        for await (const chunk of response.body ?? []) chunks.push(chunk);
      } catch {
        // A connection that broke off: over a socket, the caller sees no end of the stream.
      }
      return endOf(new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer()));
    },
  };
};

async function outcomeOf(response: Response): Promise<ContractOutcome> {
  const { code = "ok" } = response.status === 200 ? {} : ((await response.json()) as { code?: string });
  return { code, pushback: response.headers.get("grpc-retry-pushback-ms") };
}

/** The messages of a Connect stream, and how it ends. */
function endOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let messages = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at + 1);
    if (bytes[at] === 2) {
      const { error } = JSON.parse(new TextDecoder().decode(bytes.subarray(at + 5, at + 5 + length))) as { error?: { code: string } };
      return { code: error?.code ?? "ok", pushback: null, messages };
    }
    messages += 1;
    at += 5 + length;
  }
  return { code: "broken", pushback: null, messages };
}

describe("the gateway", () => attemptContract(gatewaySubject));
