// defineService: a proto service and its implementation become a Worker that speaks Connect and gRPC-Web.
import type { DescService } from "@bufbuild/protobuf";
import { createServiceImplSpec, type ServiceImpl, type ServiceImplSpec } from "@connectrpc/connect";
import { MEDIAN_HEADER, REDIRECT_HEADER, REPORT_HEADER, SHED_HEADER } from "../core/headers.ts";
import type { AdmissionRefusal } from "../core/overload/admission.ts";
import { discovery } from "./discovery/discovery.ts";
import { drain } from "./service/body.ts";
import { HostLoad, remainingMs } from "./service/host-load.ts";
import type { ProvenCaller } from "./service/identity/caller.ts";
import { type Prove, proofOf } from "./service/identity/prove.ts";
import { overloaded, unimplemented } from "./service/refusal.ts";
import { serveStream } from "./service/serve-stream.ts";
import { serveUnary } from "./service/serve-unary.ts";
import { type ServiceOptions, type Settings, settingsOf } from "./service/settings.ts";
import { type ShedCall, shedLog } from "./shed-log.ts";

/** What is wrong with a request, for services that report all violations together. */
export { ViolationList } from "../core/violations/violation-list.ts";
export { callerOf, type ServiceCaller } from "./service/identity/caller.ts";
export type { ServiceOptions } from "./service/settings.ts";

/** A Worker's default export. */
export interface ServiceWorker<Env> {
  /** @param ctx of the platform; `ctx.props` are those of the service binding over which the call has come */
  fetch(request: Request, env: Env, ctx?: { readonly props?: unknown }): Promise<Response>;
  /** Whether only proven callers are served: `npm run check` reads it for Workers with a public address. */
  readonly verifiesIdentity: boolean;
}

type Serve = (request: Request, caller?: ProvenCaller) => Promise<Response>;

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
  const settings = settingsOf(options);
  const load = new HostLoad(settings.admission);
  const log = shedLog();
  let compiled: { readonly env: Env; readonly methods: ReadonlyMap<string, Serve>; readonly prove: Prove | undefined } | undefined;
  return {
    verifiesIdentity: options.identity !== undefined && options.identity.required !== false,
    async fetch(request, env, ctx) {
      if (compiled?.env !== env) {
        const services = implement(env);
        const prove = proofOf(options.identity, services, env);
        compiled = { env, methods: methodsOf(withDiscovery(services, options), settings), prove };
      }
      const path = pathOf(request.url, compiled.methods);
      const now = Date.now();
      const { headers } = request;
      if (load.shouldRedirect(headers.get(MEDIAN_HEADER), now)) return redirected(load);
      const leftMs = remainingMs(headers);
      const refusal = settings.overload === "off" ? undefined : load.refusal(headers, leftMs, now);
      if (refusal !== undefined) log(shedCall(request, compiled.methods.has(path) ? path.slice(1) : "", refusal, settings), now);
      if (refusal !== undefined && settings.overload === "enforce") return shed(load, request, refusal);
      const { methods, prove } = compiled;
      let caller = prove?.(request, path, ctx?.props, now);
      if (caller instanceof Promise) caller = await caller;
      if (caller instanceof Response) return caller;
      const end = load.start(now, leftMs);
      const response = (await methods.get(path)?.(request, caller)) ?? unimplemented(request, path);
      const tookMs = end(Date.now(), response.status < 500 || response.status === 504);
      response.headers.set(REPORT_HEADER, load.report(tookMs));
      // A refusal leaves the body of the request unread.
      if (!request.bodyUsed && request.body?.locked === false) await drain(request.body.getReader());
      return response;
    },
  };
}

/** @returns the path of a URL. The path of a method is found without parsing the URL, which would cost a tenth of the call. */
function pathOf(url: string, methods: ReadonlyMap<string, Serve>): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const query = url.indexOf("?", start);
  const path = url.slice(start, query < 0 ? undefined : query);
  return methods.has(path) ? path : new URL(url).pathname;
}

/** Another endpoint is less loaded: the gateway sends the call there, and the caller never sees this response. */
function redirected(load: HostLoad): Response {
  return new Response(null, { status: 503, headers: { [REDIRECT_HEADER]: "1", [REPORT_HEADER]: load.report() } });
}

/** The host is overloaded: refused at once, in the protocol of the caller. A gateway may try another endpoint. */
async function shed(load: HostLoad, request: Request, reason: AdmissionRefusal): Promise<Response> {
  const response = overloaded(request, reason === "late" ? "this can't be done in the time left" : "too many calls in flight");
  response.headers.set(SHED_HEADER, reason);
  response.headers.set(REPORT_HEADER, load.report());
  if (request.body !== null) await drain(request.body.getReader());
  return response;
}

function shedCall({ headers }: Request, route: string, reason: AdmissionRefusal, { overload }: Settings): ShedCall {
  return { requestId: headers.get("x-request-id"), route, point: "host", reason, enforced: overload === "enforce" };
}

/** One service with its implementation, for `defineServices`. */
export function implementation<S extends DescService>(schema: S, methods: Partial<ServiceImpl<S>>): ServiceImplSpec {
  return createServiceImplSpec(schema, methods);
}

function withDiscovery(services: readonly ServiceImplSpec[], options: ServiceOptions): readonly ServiceImplSpec[] {
  if (options.discovery === false) return services;
  const limits = typeof options.discovery === "object" ? options.discovery : undefined;
  return [
    ...services,
    ...discovery(
      services.map(({ service }) => service),
      limits,
    ),
  ];
}

function methodsOf(services: readonly ServiceImplSpec[], settings: Settings): ReadonlyMap<string, Serve> {
  const methods = new Map<string, Serve>();
  for (const { service, methods: specs } of services) {
    for (const spec of Object.values(specs)) {
      const serve = spec.kind === "unary" ? serveUnary(spec, settings) : serveStream(spec, settings);
      methods.set(`/${service.typeName}/${spec.method.name}`, serve);
    }
  }
  return methods;
}
