// What an entry point of the Worker brings beside configuration and protos: parts that not every bundle needs.
import type { CustomLayer } from "../layer.ts";
import type { ExpressionCompiler } from "./auth/expressions.ts";
import type { Validator } from "./route-checks.ts";

export interface Extensions {
  readonly validator?: Validator | undefined; // checks messages against the rules of their protos: `protovalidate()`
  readonly compiler?: ExpressionCompiler | undefined; // compiles authorization expressions: `celExpressions()`
  readonly layers?: readonly CustomLayer[] | undefined; // the team's own ones, in the order in which they run at one position
}

export const NO_EXTENSIONS: Extensions = {};
