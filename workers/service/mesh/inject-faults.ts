// Injects faults into the calls of a service, by its option `faults`: off by default, bounded, and each one in the log.
import type { ServiceImplSpec } from "@connectrpc/connect";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { drawFault, type Fault, type FaultOptions, type FaultPlan, faultPlan, seededRandom } from "../../../core/mesh/faults.ts";
import { Permits } from "../../../core/overload/permits.ts";
import { logEvent } from "../../log.ts";
import { sampled } from "../../sampled.ts";
import { wait } from "../../wait.ts";

/** The options, or where they are: a function of the environment may return them as JSON text, or undefined for no faults. */
export type FaultSource = FaultOptions | ((env: never) => FaultOptions | string | undefined);

/**
 * @returns an interceptor that runs before the others; undefined where no faults are configured. Options of the environment that are wrong
 *   inject nothing and are logged: a fault of the test must not end the service
 * @throws Error for options in the code that are wrong
 */
export function faultsOf(source: FaultSource | undefined, services: readonly ServiceImplSpec[], env: unknown): Interceptor | undefined {
  if (source === undefined) return undefined;
  const methods = services.flatMap(({ service }) => service.methods.map(({ name }) => `${service.typeName}/${name}`));
  if (typeof source !== "function") return injecting(faultPlan(source, methods), randomOf(source));
  try {
    const found = source(env as never);
    if (found === undefined || found === "") return undefined;
    const options = typeof found === "string" ? (JSON.parse(found) as FaultOptions) : found;
    return injecting(faultPlan(options, methods), randomOf(options));
  } catch (error) {
    logEvent("configuration_warning", { warning: `no faults are injected: ${error instanceof Error ? error.message : String(error)}` });
    return undefined;
  }
}

const randomOf = ({ seed }: FaultOptions): (() => number) => (seed === undefined ? Math.random : seededRandom(seed));

function injecting(plan: FaultPlan, random: () => number): Interceptor {
  const active = new Permits();
  const log = faultLog();
  return (next) => async (request) => {
    const route = `${request.service.typeName}/${request.method.name}`;
    const fault = drawFault(plan, route, random);
    const now = Date.now();
    if (fault === undefined || active.count(now) >= plan.maxActive) return next(request);
    // The permit also ends by itself: the platform may drop the call while it waits.
    const permit = active.acquire(now, now + fault.delayMs + 1, undefined);
    log(request.header.get("x-request-id"), route, fault, now);
    try {
      if (fault.delayMs > 0) await wait(fault.delayMs, request.signal);
    } finally {
      active.release(permit);
    }
    if (fault.code === undefined) return next(request);
    throw new ConnectError("fault injected", codeFromString(fault.code) ?? Code.Unknown);
  };
}

/** At most one record a second for each isolate, of the latest fault, with the number of faults since the last record. */
function faultLog(): (requestId: string | null, route: string, fault: Fault, now: number) => void {
  const count = sampled();
  return (requestId, route, { delayMs, code = "ok" }, now) => {
    const calls = count(now);
    if (calls > 0) logEvent("fault_injected", { requestId, route, delayMs, code, calls });
  };
}
