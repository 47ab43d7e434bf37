// What an entry point of the Worker brings beside configuration and protos: parts that not every bundle needs.
import type { ExpressionCompiler } from "./auth/expressions.ts";
import type { Validator } from "./route-checks.ts";

/** A layer of the team's own. There is none before `defineLayer` exists, so the list is empty. */
export type CustomLayer = never;

export interface Extensions {
  readonly validator?: Validator | undefined; // checks messages against the rules of their protos: `protovalidate()`
  readonly compiler?: ExpressionCompiler | undefined; // compiles authorization expressions: `celExpressions()`
  readonly layers?: readonly CustomLayer[] | undefined;
}

export const NO_EXTENSIONS: Extensions = {};
