// The path of a call through a host: admitted, its caller proven, served, and its load reported. One host for each `defineService`.
import type { ServiceImplSpec } from "@connectrpc/connect";
import { MEDIAN_HEADER, REDIRECT_HEADER, REPORT_HEADER, SHED_HEADER } from "../../../core/headers.ts";
import { drain } from "../body.ts";
import { type HostLoad, remainingMs } from "../host-load.ts";
import { withKeys } from "../idempotency/with-keys.ts";
import { KEY_SET_PATH } from "../identity/key-set.ts";
import { type Prove, proofOf } from "../identity/prove.ts";
import { type DepthLimit, depthLimit } from "../mesh/depth-limit.ts";
import { faultsOf } from "../mesh/inject-faults.ts";
import { overloaded, unimplemented } from "../refusal.ts";
import { type ServiceOptions, type Settings, settingsOf } from "../settings.ts";
import { HostAdmission, type Shedding } from "./host-admission.ts";
import { withSpan } from "./host-span.ts";
import { type HostTelemetry, telemetryOf } from "./host-telemetry.ts";
import { type HostMethod, type HostMethods, methodsOf, pathOf, withDiscovery } from "./methods.ts";
import type { Platform } from "./platform.ts";
import { ServedCall } from "./served-call.ts";

/** What depends on the environment. */
export interface CompiledServices<Env> {
  readonly env: Env;
  readonly methods: HostMethods;
  readonly settings: Settings; // with the faults of this environment
  readonly prove: Prove | undefined; // undefined where callers are not proven
  readonly telemetry: HostTelemetry | undefined; // undefined where nothing is counted
}

export class ServiceHost<Env> {
  readonly settings: Settings;
  readonly admission: HostAdmission;
  readonly #implement: (env: Env) => readonly ServiceImplSpec[];
  readonly #options: ServiceOptions;
  readonly tooDeep: DepthLimit;
  #compiled: CompiledServices<Env> | undefined;

  constructor(implement: (env: Env) => readonly ServiceImplSpec[], options: ServiceOptions) {
    this.settings = settingsOf(options);
    this.admission = new HostAdmission(this.settings);
    this.#implement = implement;
    this.#options = options;
    this.tooDeep = depthLimit(this.settings.maxDepth);
  }

  async fetch(request: Request, env: Env, platform: Platform | undefined): Promise<Response> {
    const { methods, prove, telemetry } = this.compiled(env);
    const path = pathOf(request.url, methods);
    const method = methods.get(path);
    const now = Date.now();
    const { headers } = request;
    const { load } = this.admission;
    if (load.shouldRedirect(headers.get(MEDIAN_HEADER), now)) return redirected(load);
    const leftMs = remainingMs(headers);
    const isStream = method?.isStream === true;
    const route = method?.route ?? "";
    const shedding = this.admission.refusal({ headers, route, isStream, leftMs }, now);
    if (shedding !== undefined) {
      telemetry?.refused(route, "unavailable", shedding.reason, request, platform, now);
      return shed(load, request, shedding);
    }
    const circle = this.tooDeep(request, path, now);
    if (circle !== undefined) {
      telemetry?.refused(route, "failed_precondition", "loop", request, platform, now);
      return circle;
    }
    let caller = prove?.(request, path, platform, now);
    if (caller instanceof Promise) caller = await caller;
    if (caller instanceof Response) {
      if (path !== KEY_SET_PATH) telemetry?.refused(route, codeOfRefusal(caller), "identity", request, platform, now);
      return caller;
    }
    const call = new ServedCall(caller);
    if (isStream) call.onStreamEnd(this.admission.streams.begin(now, leftMs));
    const end = load.start(now, leftMs);
    const response = method === undefined ? unimplemented(request, path) : await this.#serve(method, request, call, platform);
    const endedAt = Date.now();
    const tookMs = end(endedAt, response.status < 500 || response.status === 504);
    if (response.status >= 400 && call.code === "ok") call.code = method === undefined ? "unimplemented" : "unknown"; // no call of a method
    if (call.isStreaming) call.onStreamEnd(() => telemetry?.ended(route, call, request, platform, now, Date.now()));
    else {
      call.streamEnded();
      telemetry?.ended(route, call, request, platform, now, endedAt);
    }
    response.headers.set(REPORT_HEADER, load.report(tookMs));
    // A refusal leaves the body of the request unread.
    if (!request.bodyUsed && request.body?.locked === false) await drain(request.body.getReader());
    return response;
  }

  /** The methods are compiled, and the implementation is called, once for each environment. */
  compiled(env: Env): CompiledServices<Env> {
    if (this.#compiled?.env === env) return this.#compiled;
    const services = this.#implement(env);
    const keyed = withKeys(services, this.#options.idempotency, env);
    const faults = faultsOf(this.#options.faults, services, env);
    const interceptors = faults === undefined ? this.settings.interceptors : [faults, ...this.settings.interceptors];
    const settings = { ...this.settings, interceptors };
    const methods = methodsOf(withDiscovery(keyed, this.#options), settings);
    const telemetry = telemetryOf(this.settings.metrics, services[0]?.service.typeName ?? "", this.admission, env);
    this.#compiled = { env, methods, settings, prove: proofOf(this.#options.identity, services, env), telemetry };
    return this.#compiled;
  }

  #serve({ route, serve }: HostMethod, request: Request, call: ServedCall, platform: Platform | undefined): Promise<Response> {
    const tracing = this.settings.spans ? platform?.tracing : undefined;
    return tracing === undefined ? serve(request, call) : withSpan(tracing, route, request, call, (traced) => serve(traced, call));
  }
}

/** The code of a call that its proof has refused. */
function codeOfRefusal({ status }: Response): string {
  if (status === 503) return "unavailable";
  return status === 403 ? "permission_denied" : "unauthenticated";
}

/** Another endpoint is less loaded: the gateway sends the call there, and the caller never sees this response. */
function redirected(load: HostLoad): Response {
  return new Response(null, { status: 503, headers: { [REDIRECT_HEADER]: "1", [REPORT_HEADER]: load.report() } });
}

/** The host is overloaded: refused at once, in the protocol of the caller. A gateway may try another endpoint. */
async function shed(load: HostLoad, request: Request, { reason, text }: Shedding): Promise<Response> {
  const response = overloaded(request, text);
  response.headers.set(SHED_HEADER, reason);
  response.headers.set(REPORT_HEADER, load.report());
  if (request.body !== null) await drain(request.body.getReader());
  return response;
}
