// `tidegate register`: registers a server with the gateway's registry, renews its lease, and deregisters it when this command ends.
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { type Client, Code } from "@connectrpc/connect";
import { RegistryService } from "../../protos/gen/tidegate/registry/v1/registry_pb.ts";
import type { Context } from "../tidegate/context.ts";
import { wrongUsage } from "../tidegate/failure.ts";
import { adminToken, callFailure, codeOf, gatewayClient } from "./gateway-client.ts";

const RETRY_MS = 1_000;

/** Errors that another attempt does not fix. */
const FATAL: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.FailedPrecondition,
  Code.AlreadyExists,
  Code.Unimplemented,
]);

export interface RegisterOptions {
  readonly service?: string | undefined;
  readonly url?: string | undefined;
  readonly gateway: string;
  readonly id?: string | undefined;
  readonly weight: number;
  readonly priority: number;
  readonly zone: string;
  readonly lease: number; // s
  readonly drain: number; // s
}

interface Registration {
  readonly registry: Client<typeof RegistryService>;
  readonly service: string;
  readonly id: string;
  readonly options: RegisterOptions;
}

/** Ends at SIGINT or SIGTERM, after the endpoint has been deregistered; at once at the second one. */
export async function register(context: Context, options: RegisterOptions): Promise<void> {
  const { service, url, gateway } = options;
  if (service === undefined || url === undefined) throw wrongUsage("found no --service or no --url; both are required", "register");
  const token = adminToken(context.env, "REGISTRY_TOKEN");
  const id = options.id ?? `${hostname()}-${URL.parse(url)?.port ?? ""}`.replaceAll(/[^\w.-]/g, "-").slice(0, 64);
  const registration = { registry: gatewayClient(RegistryService, gateway, token), service, id, options };
  const stop = new AbortController();
  const onSignal = (): void => (stop.signal.aborted ? process.exit(1) : stop.abort());
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
  try {
    await keepRegistered(context, registration, url, stop.signal);
    await leave(context, registration);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, onSignal);
  }
}

async function keepRegistered(context: Context, { registry, service, id, options }: Registration, url: string, signal: AbortSignal) {
  const { weight, priority, zone, lease, gateway } = options;
  const leaseMs = Math.round(lease * 1_000);
  for (let isRegistered = false; !signal.aborted; ) {
    try {
      if (isRegistered) await registry.renew({ service, id });
      else {
        const { revision } = await registry.register({ service, endpoint: { id, url, weight, priority, zone }, leaseMs });
        context.print(
          { event: "registered", service, id, url, revision },
          `${id} is registered for ${service} at ${url}, revision ${revision}\n`,
        );
      }
      isRegistered = true;
      await wait(leaseMs / 3, signal);
    } catch (error) {
      const code = codeOf(error);
      if (FATAL.has(code)) throw callFailure(error, gateway, "registry: true for the upstream");
      if (code === Code.NotFound)
        isRegistered = false; // the lease has ended
      else context.note(`${callFailure(error, gateway).problem.what}; next attempt in ${RETRY_MS / 1_000} s`);
      await wait(RETRY_MS, signal);
    }
  }
}

/** Drains and deregisters the endpoint. */
async function leave(context: Context, { registry, service, id, options: { drain, gateway } }: Registration): Promise<void> {
  context.print({ event: "draining", service, id, drainSeconds: drain }, `${id} drains for ${drain} s; Ctrl-C ends it at once\n`);
  try {
    await registry.drain({ service, id });
    await pause(drain * 1_000);
    await registry.deregister({ service, id });
  } catch (error) {
    if (codeOf(error) === Code.NotFound) return; // the lease has ended
    context.note("the endpoint is removed when its lease ends");
    throw callFailure(error, gateway);
  }
}

/** Ends early, and without an error, where the command is ended. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
