// Authorization expressions in CEL. The evaluator comes with the validator, so only the entry point validating.ts has it.
//
// An expression has a bound on its text, its nodes and what one evaluation costs. The last is charged while it runs: a collection of the
// message or a long text ends it, and the call is refused.
import { CelScalar, celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import type { DescMessage, Message, Registry } from "@bufbuild/protobuf";
import { createRegistry } from "@bufbuild/protobuf";
import { RE2JS } from "@bufbuild/re2";
import {
  type CompileExpression,
  type Expression,
  type ExpressionFault,
  type ExpressionProblem,
  MAX_EXPRESSION_BYTES,
} from "../../../../core/auth/expression.ts";
import { checkExpression } from "./check-expression.ts";
import { EvaluationBudget } from "./evaluation-budget.ts";
import { chargingFunctions, meter } from "./metered.ts";
import { type CelNode, nodesOf } from "./nodes.ts";
import { headersValue, principalValue, sourceValue } from "./values.ts";

const { DYN } = CelScalar;

/** @see cel.dev */
export function celExpressions(): CompileExpression<DescMessage, Message> {
  return (text, input) => {
    const bytes = new TextEncoder().encode(text).byteLength;
    if (bytes > MAX_EXPRESSION_BYTES)
      return { found: `an expression of ${bytes} bytes`, fix: `write at most ${MAX_EXPRESSION_BYTES} bytes` };
    const parsed = parsedOf(text);
    return "fix" in parsed ? parsed : compiled(parsed, text, input);
  };
}

type Parsed = ReturnType<typeof parse>;

function parsedOf(text: string): Parsed | ExpressionProblem {
  try {
    return parse(text);
  } catch (error) {
    const at = (error as { readonly location?: { readonly start: { readonly offset: number } } }).location?.start.offset;
    const found = at === undefined ? "an expression that cannot be read" : `an expression that cannot be read at ${positionOf(text, at)}`;
    return { found, fix: "write one CEL expression, such as principal.plan == 'pro'" };
  }
}

function compiled({ expr, sourceInfo }: Parsed, text: string, input: DescMessage | undefined): Expression<Message> | ExpressionProblem {
  const budget = new EvaluationBudget();
  const patterns = new Map<string, RE2JS>();
  const env = celEnv({
    registry: registryOf(input),
    variables: { principal: DYN, headers: DYN, source: DYN, message: DYN },
    funcs: chargingFunctions(budget),
    re2: { compile: (pattern) => patterns.get(pattern) ?? RE2JS.compile(pattern) },
  });
  const problem = checkExpression(expr, {
    input,
    knows: (name) => env.funcs.find(name) !== undefined,
    patternProblem: (pattern) => {
      try {
        patterns.set(pattern, RE2JS.compile(pattern));
        return undefined;
      } catch (error) {
        return `a pattern that RE2 cannot read: ${error instanceof Error ? error.message : String(error)}`;
      }
    },
  });
  if (problem !== undefined) {
    const at = sourceInfo?.positions[String(problem.node.id)] ?? 0;
    return { found: `${problem.problem}, at ${positionOf(text, at)}`, fix: problem.fix };
  }
  const names = new Set(variableNames(expr));
  meter(expr, (name) => Array.from(env.funcs.find(name) ?? []).length);
  const evaluate = plan(env, expr);
  return {
    readsMessage: names.has("message"),
    decide: (facts) => {
      const message = names.has("message") ? facts.message() : undefined;
      if (names.has("message") && message === undefined) return "expression_message";
      budget.start();
      const result = evaluate({
        principal: names.has("principal") ? principalValue(facts.principal) : null,
        headers: names.has("headers") ? headersValue(facts.headers) : null,
        source: names.has("source") ? sourceValue(facts) : null,
        message: message ?? null,
      });
      return faultOf(result, budget);
    },
  };
}

/** An operator leaves an error out where the other side decides; a spent budget decides nothing. */
function faultOf(result: ReturnType<ReturnType<typeof plan>>, budget: EvaluationBudget): ExpressionFault | undefined {
  if (budget.isSpent) return "expression_cost";
  if (isCelError(result)) return "expression_error";
  if (typeof result !== "boolean") return "expression_not_boolean";
  return result ? undefined : "expression_false";
}

function variableNames(expr: CelNode): string[] {
  return Array.from(nodesOf(expr)).flatMap(({ exprKind }) => (exprKind.case === "identExpr" ? [exprKind.value.name] : []));
}

function registryOf(input: DescMessage | undefined): Registry {
  return input === undefined ? createRegistry() : createRegistry(input.file);
}

/** @returns `1:12`: line and column, counted from 1 */
function positionOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `${before.length}:${before.at(-1)!.length + 1}`;
}
