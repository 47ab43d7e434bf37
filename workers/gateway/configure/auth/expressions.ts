// Compiles the authorization expressions of all routes, and reports those that cannot be.
import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import type { CompileExpression } from "../../../../core/auth/expression.ts";
import type { AllowPolicy } from "../../../../core/config/auth/allow.ts";
import { Derived } from "../../../../core/config/derived.ts";
import type { HttpRoutePolicy } from "../../../../core/config/http-route.ts";
import { join, type Problem } from "../../../../core/config/problems.ts";
import type { CompiledAllow } from "../../auth/allowed.ts";
import type { ServedMethod } from "../../upstream/upstream.ts";

export type ExpressionCompiler = CompileExpression<DescMessage, Message>;

export interface RouteExpressions {
  readonly methods: ReadonlyMap<DescMethod, CompiledAllow>;
  readonly prefixes: ReadonlyMap<string, CompiledAllow>; // plain HTTP
}

/** By method, or by the policy of a prefix: versions of a configuration share what is compiled where they say the same. */
const COMPILED = new Derived<object, CompiledAllow>();

/** @param problems get those of the expressions */
export function compileExpressions(
  endpoints: ReadonlyMap<DescMethod, ServedMethod>,
  httpRoutes: ReadonlyMap<string, HttpRoutePolicy>,
  compiler: ExpressionCompiler | undefined,
  problems: Problem[],
): RouteExpressions {
  const methods = new Map<DescMethod, CompiledAllow>();
  const prefixes = new Map<string, CompiledAllow>();
  const compile = (owner: object, path: string, allow: AllowPolicy | undefined, input?: DescMessage): CompiledAllow | undefined => {
    if (allow === undefined) return undefined;
    const known = COMPILED.find(owner, [allow, input, compiler]);
    if (known !== undefined) return known;
    const expression = compiler?.(allow.expression, input) ?? WITHOUT_COMPILER;
    if ("fix" in expression) {
      problems.push({ path, ...expression });
      return undefined;
    }
    if (allow.mode === "off") return undefined;
    const compiled = { expression, mode: allow.mode, percent: allow.percent };
    COMPILED.set(owner, [allow, input, compiler], compiled);
    return compiled;
  };
  for (const [method, { policy }] of endpoints) {
    const isOneMessage = method.methodKind === "unary" || method.methodKind === "server_streaming";
    const path = `allow of ${method.parent.typeName}.${method.name}`;
    const compiled = compile(method, path, policy.allow, isOneMessage ? method.input : undefined);
    if (compiled !== undefined) methods.set(method, compiled);
  }
  for (const [prefix, route] of httpRoutes) {
    const compiled = compile(route, `${join("httpRoutes", prefix)}.allow`, route.allow);
    if (compiled !== undefined) prefixes.set(prefix, compiled);
  }
  return { methods, prefixes };
}

const WITHOUT_COMPILER = {
  found: "an entry point without expressions",
  fix: 'set main = "workers/gateway/validating.ts" in wrangler.toml',
};
