// Checks each response of an app or a gateway in the suite that the gateway made: it names a documented reason. `plugin.ts` puts the functions below
// into the gateway's code as tests load it; each test fails for the responses that it has seen.
import { afterEach, expect } from "vitest";
import { REASON_HEADER } from "../../../core/headers.ts";
import { REASONS } from "../../../core/reasons.ts";
import type { App } from "../../../workers/gateway/app.ts";
import type { Call } from "../../../workers/gateway/call.ts";
import type { Gateway } from "../../../workers/gateway/gateway.ts";
import { faultOf, type SeenCall } from "./fault-of.ts";

const MAX_CALLS = 10_000; // the latest ones: a response whose call is not among them is a fault
const calls = new Map<string, Call>(); // keys: request ids
const own = new WeakSet<Call>(); // calls of the gateway's own services
const faults: string[] = [];
/** Apps and gateways that say what they would do: their responses go to no caller. */
const explaining = new WeakSet<object>();
/** Static files have no reason (docs/reasons.md). */
const STATIC = /^[^/]*\/\/[^/]*\/_tidegate(?:$|[/?])/;

function seenCall(call: Call): SeenCall {
  const { reason, endsWithStream, attempts, cacheLevel } = call;
  return { reason, endsWithStream, attempts, cacheLevel, isOwn: own.has(call) };
}

function check({ method, url }: Request, response: Response): Response {
  if (STATIC.test(url)) return response;
  const call = calls.get(response.headers.get("x-request-id") ?? "");
  const seen = call && seenCall(call);
  const fault = faultOf(response.headers, seen, (reason) => Object.hasOwn(REASONS, reason), REASON_HEADER);
  if (fault !== undefined) faults.push(`${method} ${url.slice(0, 200)}: ${response.status} ${fault}`);
  return response;
}

Object.assign(globalThis, {
  /** Of `layers/trace.ts`: remembers the call by which its response is checked. */
  tracedCall(call: Call): void {
    if (calls.size >= MAX_CALLS) calls.delete(calls.keys().next().value!);
    calls.set(call.id, call);
  },
  /** Of `upstream/fixed-upstream.ts`. */
  ownServiceCalled({ origin }: Call): void {
    own.add(origin);
  },
  /** Of `app.ts`: the same app, whose responses are checked. */
  checkedApp(app: App): App {
    const checked: App = {
      async fetch(request, ctx) {
        const response = await app.fetch(request, ctx);
        return explaining.has(checked) ? response : check(request, response);
      },
    };
    return checked;
  },
  /** Of `gateway.ts`: the same. */
  checkedGateway(gateway: Gateway): Gateway {
    const checked: Gateway = async (request, url) => {
      const response = await gateway(request, url);
      return explaining.has(checked) ? response : check(request, response);
    };
    return checked;
  },
  /** Of `trace/explain.ts`. */
  explaining(app: App, gateway: Gateway): void {
    explaining.add(app).add(gateway);
  },
});

afterEach(() => expect(faults.splice(0)).toEqual([]));
