// Checks each response of an app in the suite that the gateway made: it names a documented reason. `plugin.ts` puts the two functions below
// into the gateway's code as tests load it; each test fails for the responses that it has seen.
import { afterEach, expect } from "vitest";
import { REASON_HEADER } from "../../../core/headers.ts";
import { REASONS } from "../../../core/reasons.ts";
import type { App } from "../../../workers/gateway/app.ts";
import type { Call } from "../../../workers/gateway/call.ts";
import { faultOf } from "./fault-of.ts";

const MAX_CALLS = 1_000; // the latest ones
const calls = new Map<string, Call>(); // keys: request ids
const faults: string[] = [];
/** Apps that say what they would do: their responses go to no caller. */
const explaining = new WeakSet<App>();
/** Static files have no reason (docs/reasons.md). */
const STATIC = /^[^/]*\/\/[^/]*\/_tidegate(?:$|[/?])/;

Object.assign(globalThis, {
  /** Of `layers/trace.ts`: remembers the call by which its response is checked. */
  tracedCall(call: Call): void {
    if (calls.size >= MAX_CALLS) calls.clear();
    calls.set(call.id, call);
  },
  /** Of `app.ts`: the same app, whose responses are checked. */
  checkedApp(app: App): App {
    const checked: App = {
      async fetch(request, ctx) {
        const response = await app.fetch(request, ctx);
        const call = calls.get(response.headers.get("x-request-id") ?? "");
        if (explaining.has(checked) || STATIC.test(request.url)) return response;
        const fault = faultOf(response.headers, call, (reason) => Object.hasOwn(REASONS, reason), REASON_HEADER);
        if (fault !== undefined) faults.push(`${request.method} ${request.url.slice(0, 200)}: ${response.status} ${fault}`);
        return response;
      },
    };
    return checked;
  },
  /** Of `trace/explain.ts`. */
  explainingApp(app: App): void {
    explaining.add(app);
  },
});

afterEach(() => expect(faults.splice(0)).toEqual([]));
