// Explains a request without sending it: the gateway itself routes it, and its routes say what they are made of instead of handling it.
import { Sources } from "../../../core/config/sources.ts";
import {
  type ExplainedStep,
  type Explanation,
  explainedSteps,
  type RefusalExplanation,
  type RouteExplanation,
} from "../../../core/explain/explanation.ts";
import { settingsOfLayer } from "../../../core/explain/layer-settings.ts";
import type { EffectiveSetting } from "../../../core/explain/setting-value.ts";
import type { Rejection } from "../../../core/rejection.ts";
import { appAround } from "../app.ts";
import { assemble, type HandledRoute, type HandledRoutes } from "../assemble.ts";
import type { Handler } from "../call/layer.ts";
import type { Call } from "../call.ts";
import type { Configuration } from "../configure/configuration.ts";
import { createGateway } from "../gateway.ts";
import { refuse } from "../pipeline.ts";
import { writeRefusal } from "../protocol/protocol.ts";
import { toRefusal } from "../protocol/refusal.ts";
import { nearestRoutes } from "./nearest-routes.ts";
import { explainedRequest } from "./request.ts";
import { routeSettings } from "./settings.ts";
import { listing } from "./walk.ts";
import { withHandlers } from "./with-handlers.ts";

/** @returns what the gateway would do with a request */
export type Explain = (method: string, path: string) => Promise<Explanation>;

/** @param configuration that no gateway of this isolate runs: its parts are compiled here once more, and nothing of it is called */
export function explainer(configuration: Configuration): Explain {
  const idle = { ...configuration, exchange: undefined };
  const routes = assemble(idle);
  const sources = new Sources();
  const policy = configuration.parseAgain(sources);
  return async (method, path) => {
    let found: Explanation | undefined;
    const explained = (explain: (call: Call) => Explanation): Handler => {
      return (call) => {
        found = explain(call);
        return Promise.resolve(new Response());
      };
    };
    const explaining = withHandlers(
      routes,
      (handled, rule) => explained((call) => routeExplanation(handled, call, method, rule, routeSettings(policy, sources, handled))),
      (rejection) => explained((call) => refusalExplanation(routes, rejection, call, method)),
    );
    const app = appAround(idle, createGateway(idle, explaining));
    const request = explainedRequest(configuration, routes, method, path);
    const response = await app.fetch(request);
    if (found !== undefined) return withNotes(found, configuration);
    const notes = method === "OPTIONS" ? ["a preflight: `cors` decides"] : ["handled by the Worker itself: no layer, no upstream"];
    return { kind: "own", method, path: new URL(request.url).pathname, status: response.status, notes };
  };
}

function routeExplanation(
  handled: HandledRoute,
  call: Call,
  method: string,
  rule: string | undefined,
  settings: readonly EffectiveSetting[],
): RouteExplanation {
  const { route } = handled;
  const { combine, stepsOf } = listing();
  const isStream = route.method !== undefined && route.method.methodKind !== "unary";
  const steps = explainedSteps(stepsOf(handled.combined(combine)), ({ layer, isAttempt }) =>
    settingsOfLayer(layer, settings, { isStream, isAttempt }),
  );
  return {
    kind: "route",
    route: route.name,
    protocol: call.protocol.kind,
    method,
    path: call.outgoing.path,
    rule,
    methodKind: route.method?.methodKind,
    isAdmin: "isAdmin" in handled && handled.isAdmin === true,
    notes: [],
    settings,
    steps,
  };
}

function refusalExplanation(routes: HandledRoutes, rejection: Rejection, call: Call, method: string): RefusalExplanation {
  const refusal = toRefusal(rejection);
  const { combine, stepsOf } = listing();
  const { path } = call.outgoing;
  return {
    kind: "refused",
    protocol: call.protocol.kind,
    method,
    path,
    reason: rejection.kind,
    message: refusal.error.rawMessage,
    status: writeRefusal(call.protocol, refusal).status,
    allow: rejection.kind === "method_not_allowed" ? rejection.allow : [],
    nearest: nearestRoutes(routes, path),
    steps: explainedSteps(stepsOf(refuse(rejection, combine)), (): ExplainedStep["settings"] => []),
  };
}

/** What is special about the request, in sentences. */
function withNotes(explanation: Explanation, { policy }: Configuration): Explanation {
  if (explanation.kind !== "route") return explanation;
  const { method, isAdmin, protocol } = explanation;
  const notes = [
    ...(method === "HEAD" ? [protocol === "rest" && explanation.methodKind === undefined ? FORWARDED_HEAD : HEAD_AS_GET] : []),
    ...(method === "OPTIONS" && policy.cors !== undefined ? [PREFLIGHT] : []),
    ...(isAdmin && policy.admin?.host !== undefined ? [`Served at ${policy.admin.host} alone.`] : []),
  ];
  return { ...explanation, notes };
}

const HEAD_AS_GET = "HEAD walks the layers of GET; the body of the response is left out.";
const FORWARDED_HEAD = "HEAD is forwarded as it comes.";
const PREFLIGHT = "A preflight (with Origin and Access-Control-Request-Method) gets its response from `cors`, before any layer.";
