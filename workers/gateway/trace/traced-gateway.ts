// A gateway that traces the calls of operators who request it. All other calls run through it as if it were not there.
import { waitUntil } from "cloudflare:workers";
import { comesFromThisMachine } from "../../../core/auth/local-viewer.ts";
import { Sources } from "../../../core/config/sources.ts";
import type { EffectiveSetting } from "../../../core/explain/setting-value.ts";
import { traceOf } from "../../../core/explain/trace-of.ts";
import { traceText } from "../../../core/explain/trace-record.ts";
import { TraceRecorder } from "../../../core/explain/trace-recorder.ts";
import { TRACE_HEADER } from "../../../core/headers.ts";
import { admitsLocalViewers } from "../admin/local-viewer.ts";
import { assemble, type HandledRoute, type HandledRoutes } from "../assemble.ts";
import { operatorCredential } from "../auth/operator-credential.ts";
import type { Handler } from "../call/layer.ts";
import type { Call } from "../call.ts";
import { readBindings } from "../configure/bindings.ts";
import type { Configuration } from "../configure/configuration.ts";
import { createGateway, type Gateway } from "../gateway.ts";
import { refuse } from "../pipeline.ts";
import { storeTrace } from "./isolate-traces.ts";
import { routeSettings } from "./settings.ts";
import { tracedStack } from "./traced-stack.ts";
import { withHandlers } from "./with-handlers.ts";

/** What stands in `tidegate-trace` for a credential where the gateway admits local viewers. */
const LOCAL_TRACE = "local";

/** @param routes of the configuration, assembled */
export function tracedGateway(configuration: Configuration, routes: HandledRoutes = assemble(configuration)): Gateway {
  const plain = createGateway(configuration, routes);
  // Traces are read through the admin plane: without one there are none.
  const credential = configuration.policy.admin && operatorCredential(configuration.tokens.secret, routes.keys);
  const isOpen = admitsLocalViewers(configuration.env);
  if (credential === undefined && !isOpen) return plain;
  let traced: Gateway | undefined;
  const gatewayFor = (isOperator: boolean): Gateway => {
    if (isOperator) traced ??= createGateway(configuration, tracedRoutes(configuration, routes));
    return isOperator ? traced! : plain;
  };
  return (request, url) => {
    const text = request.headers.get(TRACE_HEADER);
    if (text === null) return plain(request, url);
    if (isOpen && text === LOCAL_TRACE && comesFromThisMachine(request.url, request.headers)) return gatewayFor(true)(request, url);
    const isOperator = credential?.(text, request) ?? false;
    return isOperator instanceof Promise ? isOperator.then((is) => gatewayFor(is)(request, url)) : gatewayFor(isOperator)(request, url);
  };
}

/** The same routes; each is compiled for traces with its first traced call. */
function tracedRoutes(configuration: Configuration, routes: HandledRoutes): HandledRoutes {
  const { audits } = readBindings(configuration.env);
  const sources = new Sources();
  const policy = configuration.parseAgain(sources);
  const run = async (handler: Handler, call: Call, settings: readonly EffectiveSetting[]): Promise<Response> => {
    const recorder = new TraceRecorder();
    call.trace = recorder;
    const response = await handler(call);
    recorder.end();
    const { id: requestId, route, receivedAt: at, request, protocol } = call;
    const isStream = route.method !== undefined && route.method.methodKind !== "unary";
    const facts = { requestId, at, route: route.name, httpMethod: request.method, protocol: protocol.kind, status: response.status };
    waitUntil(storeTrace(requestId, traceText(traceOf({ ...facts, isStream }, recorder, settings, Date.now())), audits));
    return response;
  };
  const tracedHandler = (handled: HandledRoute): Handler => {
    let compiled: Handler | undefined;
    let settings: readonly EffectiveSetting[] | undefined;
    return (call) => {
      compiled ??= handled.combined(tracedStack());
      settings ??= routeSettings(policy, sources, handled);
      return run(compiled, call, settings);
    };
  };
  return withHandlers(routes, tracedHandler, (rejection) => (call) => run(refuse(rejection, tracedStack(), routes.observer), call, []));
}
