// The contract of authorization expressions: one boolean over what is known of a call.
import type { Principal } from "./principal.ts";

/** Longest text of an expression, UTF-8 bytes. */
export const MAX_EXPRESSION_BYTES = 2_048;
/** Most nodes of an expression, with those that its macros stand for. */
export const MAX_EXPRESSION_NODES = 100;

/** What an expression reads of a call. */
export interface ExpressionFacts<Message = unknown> {
  readonly principal: Principal | undefined; // undefined for an anonymous call
  readonly headers: { forEach(each: (value: string, name: string) => void): void };
  readonly address: string | null; // one address, as the edge reports it
  readonly region: string;
  /** Read only where the expression names `message`; undefined for one that cannot be decoded. */
  readonly message: () => Message | undefined;
}

/** Why an expression does not allow a call, as the log names it. */
export type ExpressionFault =
  | "expression_false"
  | "expression_error" // it fails for this call: a field that is missing, two types that do not compare
  | "expression_not_boolean"
  | "expression_cost" // a collection or a text is too large to decide within its time
  | "expression_message"; // the message cannot be decoded

export interface Expression<Message = unknown> {
  readonly readsMessage: boolean;
  /** @returns undefined where the call is allowed. Throws nothing. */
  decide(facts: ExpressionFacts<Message>): ExpressionFault | undefined;
}

export interface ExpressionProblem {
  readonly found: string; // with its position
  readonly fix: string;
}

/**
 * Compiles an expression when the configuration loads.
 *
 * @param input of the method; undefined for plain HTTP and streams of requests, whose expressions cannot read a message
 */
export type CompileExpression<Desc = unknown, Message = unknown> = (
  text: string,
  input: Desc | undefined,
) => Expression<Message> | ExpressionProblem;
