// defineService: a proto service and its implementation become a Worker that speaks Connect and gRPC-Web.
import type { DescService } from "@bufbuild/protobuf";
import { createServiceImplSpec, type ServiceImpl, type ServiceImplSpec } from "@connectrpc/connect";
import { MEDIAN_HEADER, REDIRECT_HEADER, REPORT_HEADER, SHED_HEADER } from "../core/headers.ts";
import type { AdmissionRefusal } from "../core/overload/admission.ts";
import { discovery } from "./discovery/discovery.ts";
import { drain } from "./service/body.ts";
import { HostLoad } from "./service/host-load.ts";
import { overloaded, unimplemented } from "./service/refusal.ts";
import { serveStream } from "./service/serve-stream.ts";
import { serveUnary } from "./service/serve-unary.ts";
import { type ServiceOptions, type Settings, settingsOf } from "./service/settings.ts";
import { type ShedCall, shedLog } from "./shed-log.ts";

export type { ServiceOptions } from "./service/settings.ts";

/** A Worker's default export. */
export interface ServiceWorker<Env> {
  fetch(request: Request, env: Env): Promise<Response>;
}

type Serve = (request: Request) => Promise<Response>;

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
  let compiled: { readonly env: Env; readonly methods: ReadonlyMap<string, Serve> } | undefined;
  return {
    async fetch(request, env) {
      if (compiled?.env !== env) compiled = { env, methods: methodsOf(withDiscovery(implement(env), options), settings) };
      const path = new URL(request.url).pathname;
      const now = Date.now();
      if (load.shouldRedirect(request.headers.get(MEDIAN_HEADER), now)) return redirected(load);
      const refusal = settings.overload === "off" ? undefined : load.refusal(request, now);
      if (refusal !== undefined) log(shedCall(request, compiled.methods.has(path) ? path.slice(1) : "", refusal, settings), now);
      if (refusal !== undefined && settings.overload === "enforce") return shed(load, request, refusal);
      const end = load.start(now, request);
      const response = (await compiled.methods.get(path)?.(request)) ?? unimplemented(request, path);
      const tookMs = end(Date.now(), response.status < 500 || response.status === 504);
      response.headers.set(REPORT_HEADER, load.report(tookMs));
      // A refusal leaves the body of the request unread.
      if (request.body?.locked === false) await drain(request.body.getReader());
      return response;
    },
  };
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
  return options.discovery === false ? services : [...services, ...discovery(services.map(({ service }) => service))];
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
