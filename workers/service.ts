// defineService: a proto service and its implementation become a Worker that speaks Connect and gRPC-Web.
import type { DescService } from "@bufbuild/protobuf";
import { createServiceImplSpec, type ServiceImpl, type ServiceImplSpec } from "@connectrpc/connect";
import type { Platform } from "./service/host/platform.ts";
import { ServiceHost } from "./service/host/service-host.ts";
import type { LocalService } from "./service/in-process/local-call.ts";
import { localService } from "./service/in-process/local-service.ts";
import type { ServiceOptions } from "./service/settings.ts";

/** What is wrong with a request, for services that report all violations together. */
export { ViolationList } from "../core/violations/violation-list.ts";
export { type IdempotencyKey, idempotencyKeyOf } from "./service/idempotency/idempotency-key.ts";
export type { IdempotencyOptions, IdempotentMethod } from "./service/idempotency/key-settings.ts";
export { type CallingService, callerOf, callingServiceOf, type ServiceCaller } from "./service/identity/caller.ts";
export { isRetryOfCaller, stopRetriesAbove } from "./service/mesh/retry-chain.ts";
export type { ServiceOptions } from "./service/settings.ts";

/** A Worker's default export. */
export interface ServiceWorker<Env> {
  /** @param ctx of the platform: the context of a Worker, or of a Durable Object; in Node there is none */
  fetch(request: Request, env: Env, ctx?: Platform): Promise<Response>;
  /** For `inProcess` of `tidegate/client`: calls from the same isolate, without HTTP. */
  readonly inProcess: LocalService<Env>;
  /** Whether only proven callers are served: `npm run check` reads it for Workers with a public address. */
  readonly verifiesIdentity: boolean;
}

/**
 * Serves one proto service as a Worker: Connect (JSON and binary; GET for methods without side effects; streams) and gRPC-Web.
 *
 * ```ts
 * // workers/services/greetings/index.ts
 * import { Code, ConnectError } from "@connectrpc/connect";
 * import { GreetService } from "../../../protos/gen/greetings/v1/greetings_pb.ts";
 * import { defineService } from "../../service.ts";
 *
 * interface Env {
 *   readonly GREETING: string;
 * }
 *
 * export default defineService(GreetService, (env: Env) => ({
 *   greet({ name }, context) {
 *     if (name === "") throw new ConnectError("name is empty", Code.InvalidArgument);
 *     context.responseHeader.set("Cache-Control", "max-age=60");
 *     return { text: `${env.GREETING}, ${name}` };
 *   },
 *   async *greetOften({ name, times }) {
 *     for (let n = 1; n <= times; n++) yield { text: `${env.GREETING}, ${name}, ${n}` };
 *   },
 * }));
 * ```
 *
 * A thrown `ConnectError` reaches the caller as it is. Anything else is logged with its stack, and the caller gets `internal` without its
 * text; a Durable Object that can't be reached is `unavailable`. A call ends at its deadline, whatever the implementation waits for;
 * `context.signal` is aborted then. Methods that are left out are `unimplemented`.
 *
 * @param implement called once per isolate (once for each `env`): keep no state of a single call in it
 */
export function defineService<S extends DescService, Env>(
  schema: S,
  implement: (env: Env) => Partial<ServiceImpl<S>>,
  options?: ServiceOptions,
): ServiceWorker<Env> {
  return defineServices((env: Env) => [implementation(schema, implement(env))], options);
}

/**
 * As `defineService`, for a Worker that serves several services:
 * `defineServices((env: Env) => [implementation(A, a(env)), implementation(B, b(env))])`.
 */
export function defineServices<Env>(implement: (env: Env) => readonly ServiceImplSpec[], options: ServiceOptions = {}): ServiceWorker<Env> {
  const host = new ServiceHost(implement, options);
  return {
    verifiesIdentity: options.identity !== undefined && options.identity.required !== false,
    fetch: (request, env, ctx) => host.fetch(request, env, ctx),
    inProcess: localService(host),
  };
}

/** One service with its implementation, for `defineServices`. */
export function implementation<S extends DescService>(schema: S, methods: Partial<ServiceImpl<S>>): ServiceImplSpec {
  return createServiceImplSpec(schema, methods);
}
