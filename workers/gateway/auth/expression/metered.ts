// Puts charges into the syntax tree of an expression: before each element of a collection, and where a function reads a whole value.
import { type CelFunc, type CelList, CelScalar, celFunc, celList, listType } from "@bufbuild/cel";
import type { EvaluationBudget } from "./evaluation-budget.ts";
import { type CelNode, callNode, childrenOf, constantNode, nodesOf } from "./nodes.ts";

const CHARGE = "@charge";
const CHARGE_TEXT = "@charge_text";
const CHARGE_OPERAND = "@charge_operand";
const CHARGE_ITEMS = "@charge_items";
const CHARGE_ELEMENT = "@charge_element";

/** Operators that look at no more than a boolean of their arguments. */
const LOGICAL: ReadonlySet<string> = new Set(["_&&_", "_||_", "!_", "_?_:_", "@not_strictly_false"]);

/** The arrays of the lists that `joined` has made in this isolate. */
const arrays = new WeakMap<CelList, readonly unknown[]>();

/** Lists as one. Those of the evaluator are chains: to list the result of map() takes a time that grows with the square of its size. */
function joined(one: CelList, other: CelList): CelList {
  const array = [...(arrays.get(one) ?? one), ...(arrays.get(other) ?? other)];
  const list = celList(array as never[]);
  arrays.set(list, array);
  return list;
}

/** The functions that the charges call, which give back what they charge for, and lists that are joined by copying. */
export function chargingFunctions(budget: EvaluationBudget): CelFunc[] {
  const { DYN, INT } = CelScalar;
  const list = listType(DYN);
  return [
    celFunc("_+_", [list, list], list, joined),
    celFunc(CHARGE, [DYN], DYN, (value) => {
      budget.charge(value);
      return value;
    }),
    celFunc(CHARGE_TEXT, [DYN], DYN, (value) => {
      budget.chargeText(value);
      return value;
    }),
    celFunc(CHARGE_OPERAND, [DYN], DYN, (value) => {
      budget.chargeOperand(value);
      return value;
    }),
    celFunc(CHARGE_ITEMS, [DYN], DYN, (value) => {
      budget.chargeItems(value);
      return value;
    }),
    // First the charge, then the condition: an error here ends the loop, and no operator leaves it out.
    celFunc(CHARGE_ELEMENT, [INT], CelScalar.BOOL, (units) => {
      budget.take(Number(units));
      return true;
    }),
  ];
}

/**
 * Changes the tree in place.
 *
 * @param overloads how many forms a function has: the evaluator tries them one after the other
 */
export function meter(node: CelNode, overloads: (name: string) => number): void {
  const units = unitsPerElement(node, overloads);
  for (const child of childrenOf(node)) meter(child, overloads);
  const { id, exprKind } = node;
  if (exprKind.case === "comprehensionExpr") {
    const { value } = exprKind;
    if (value.iterRange !== undefined) value.iterRange = callNode(id, CHARGE_ITEMS, [value.iterRange]);
    if (value.loopCondition !== undefined) {
      const charge = callNode(id, CHARGE_ELEMENT, [constantNode(id, BigInt(units))]);
      value.loopCondition = callNode(id, "_?_:_", [charge, value.loopCondition, constantFalse(id)]);
    }
    return;
  }
  if (exprKind.case !== "callExpr" || LOGICAL.has(exprKind.value.function)) return;
  const { value: call } = exprKind;
  if (call.function === "_[_]") {
    call.args = call.args.map((argument, at) => (at === 0 ? argument : charged(argument, CHARGE)));
    return;
  }
  const name = call.function === "matches" ? CHARGE_TEXT : call.function === "_+_" ? CHARGE_OPERAND : CHARGE;
  call.args = call.args.map((argument) => charged(argument, name));
  if (call.target !== undefined) call.target = charged(call.target, name);
}

function unitsPerElement({ exprKind }: CelNode, overloads: (name: string) => number): number {
  if (exprKind.case !== "comprehensionExpr") return 0;
  const { loopCondition, loopStep } = exprKind.value;
  let units = 0;
  for (const part of [loopCondition, loopStep])
    for (const node of part === undefined ? [] : nodesOf(part))
      units += node.exprKind.case === "callExpr" ? 2 + 2 * overloads(node.exprKind.value.function) : 1;
  return units;
}

/** What is written in the expression has a size that the expression has. */
function charged(node: CelNode, name: string): CelNode {
  return node.exprKind.case === "constExpr" ? node : callNode(node.id, name, [node]);
}

function constantFalse(id: bigint): CelNode {
  const node = constantNode(id, 0n);
  node.exprKind = { case: "constExpr", value: { $typeName: "cel.expr.Constant", constantKind: { case: "boolValue", value: false } } };
  return node;
}
