// The syntax tree of a CEL expression.
import type { parse } from "@bufbuild/cel";

export type CelNode = ReturnType<typeof parse>["expr"];
export type CelCall = Extract<CelNode["exprKind"], { case: "callExpr" }>["value"];

/** The nodes directly below a node. */
export function childrenOf({ exprKind }: CelNode): readonly CelNode[] {
  switch (exprKind.case) {
    case "callExpr":
      return present([exprKind.value.target, ...exprKind.value.args]);
    case "selectExpr":
      return present([exprKind.value.operand]);
    case "listExpr":
      return exprKind.value.elements;
    case "structExpr":
      return present(
        exprKind.value.entries.flatMap(({ keyKind, value }) => [keyKind.case === "mapKey" ? keyKind.value : undefined, value]),
      );
    case "comprehensionExpr": {
      const { iterRange } = exprKind.value;
      return present([iterRange, ...loopOf({ exprKind })]);
    }
    default:
      return [];
  }
}

/** What a comprehension evaluates beside its collection: per element, and once at the start and at the end. */
export function loopOf({ exprKind }: Pick<CelNode, "exprKind">): readonly CelNode[] {
  if (exprKind.case !== "comprehensionExpr") return [];
  const { accuInit, loopCondition, loopStep, result } = exprKind.value;
  return present([accuInit, loopCondition, loopStep, result]);
}

/** All nodes of a tree, from its root. */
export function* nodesOf(node: CelNode): Generator<CelNode> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

export function countNodes(node: CelNode): number {
  let count = 0;
  for (const _ of nodesOf(node)) count += 1;
  return count;
}

/** A node that calls a function of ours. */
export function callNode(id: bigint, name: string, args: CelNode[]): CelNode {
  const call: CelCall = { $typeName: "cel.expr.Expr.Call", function: name, args };
  return { $typeName: "cel.expr.Expr", id, exprKind: { case: "callExpr", value: call } };
}

export function constantNode(id: bigint, value: bigint): CelNode {
  return {
    $typeName: "cel.expr.Expr",
    id,
    exprKind: { case: "constExpr", value: { $typeName: "cel.expr.Constant", constantKind: { case: "int64Value", value } } },
  };
}

function present(nodes: readonly (CelNode | undefined)[]): CelNode[] {
  return nodes.filter((node) => node !== undefined);
}
