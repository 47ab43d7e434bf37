import { t as ViolationList } from "./violation-list.js";
import { t as Principal } from "./principal.js";
/** What an expression reads of a call. */
interface ExpressionFacts<Message = unknown> {
  readonly principal: Principal | undefined;
  readonly headers: {
    forEach(each: (value: string, name: string) => void): void;
  };
  readonly address: string | null;
  readonly region: string;
  /** Read only where the expression names `message`; undefined for one that cannot be decoded. */
  readonly message: () => Message | undefined;
}
/** Why an expression does not allow a call, as the log names it. */
type ExpressionFault = "expression_false" | "expression_error" | "expression_not_boolean" | "expression_cost" | "expression_message";
interface Expression<Message = unknown> {
  readonly readsMessage: boolean;
  /** @returns undefined where the call is allowed. Throws nothing. */
  decide(facts: ExpressionFacts<Message>): ExpressionFault | undefined;
}
interface ExpressionProblem {
  readonly found: string;
  readonly fix: string;
}
/**
 * Compiles an expression when the configuration loads.
 *
 * @param input of the method; undefined for plain HTTP and streams of requests, whose expressions cannot read a message
 */
type CompileExpression<Desc = unknown, Message = unknown> = (text: string, input: Desc | undefined) => Expression<Message> | ExpressionProblem;
/**
 * Checks a message against the rules of its proto.
 *
 * @returns the violations; undefined for a valid message
 * @throws UnevaluatedRule where a rule cannot be evaluated for this message; Error where one cannot be compiled
 */
type Validate<Desc = unknown, Message = unknown> = (desc: Desc, message: Message) => ViolationList | undefined;
export { CompileExpression as n, Validate as t };