// What is wrong with an expression, found when the configuration loads.
import type { DescMessage } from "@bufbuild/protobuf";
import { MAX_EXPRESSION_NODES } from "../../../../core/auth/expression.ts";
import { suggest } from "../../../../core/config/problems.ts";
import { type CelNode, childrenOf, countNodes, loopOf, nodesOf } from "./nodes.ts";
import { VARIABLES } from "./values.ts";

/** A problem at a node; the position is that of the node in the text. */
export interface NodeProblem {
  readonly node: CelNode;
  readonly problem: string;
  readonly fix: string;
}

/** Names of types, which an expression can compare with: `type(message.id) == string`. */
const TYPES = ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];
/** What macros and operators stand for; an expression cannot write these names. */
const OWN_NAME = /^[@_!-]/;
const MAX_PATTERN = 256; // characters

export interface ExpressionContext {
  readonly input: DescMessage | undefined; // type of the message; undefined where none can be read
  readonly knows: (name: string) => boolean; // whether a function exists
  readonly patternProblem: (pattern: string) => string | undefined; // what RE2 cannot read of it
}

/** @returns the first problem of an expression */
export function checkExpression(root: CelNode, context: ExpressionContext): NodeProblem | undefined {
  const count = countNodes(root);
  if (count > MAX_EXPRESSION_NODES)
    return {
      node: root,
      problem: `${count} nodes`,
      fix: `write at most ${MAX_EXPRESSION_NODES} operators, names and values; a macro such as exists() counts about ten`,
    };
  for (const node of nodesOf(root)) {
    const problem = nestedProblem(node) ?? callProblem(node, context) ?? fieldProblem(node, context);
    if (problem !== undefined) return problem;
  }
  return nameProblem(root, new Set(), context);
}

function nestedProblem(node: CelNode): NodeProblem | undefined {
  for (const part of loopOf(node))
    for (const inner of nodesOf(part))
      if (inner.exprKind.case === "comprehensionExpr")
        return {
          node: inner,
          problem: "all(), exists(), map() or filter() within another one",
          fix: "look at one collection at a time: its cost would be the product of both sizes",
        };
  return undefined;
}

function callProblem(node: CelNode, { knows, patternProblem }: ExpressionContext): NodeProblem | undefined {
  if (node.exprKind.case !== "callExpr") return undefined;
  const { function: name, args, target } = node.exprKind.value;
  if (!OWN_NAME.test(name) && !knows(name))
    return { node, problem: `the function ${name}(), which is unknown`, fix: "use the functions and macros of the CEL specification" };
  if (name !== "matches") return undefined;
  const pattern = (target === undefined ? args[1] : args[0])?.exprKind;
  const text =
    pattern?.case === "constExpr" && pattern.value.constantKind.case === "stringValue" ? pattern.value.constantKind.value : undefined;
  if (text === undefined || text.length > MAX_PATTERN)
    return {
      node,
      problem: "a pattern that is not constant",
      fix: `write the pattern of matches() as a string of at most ${MAX_PATTERN} characters`,
    };
  const problem = patternProblem(text);
  return problem === undefined ? undefined : { node, problem, fix: "write a pattern of RE2 (github.com/google/re2/wiki/Syntax)" };
}

/** Names of variables and types. Variables of comprehensions are known within them. */
function nameProblem(node: CelNode, known: ReadonlySet<string>, context: ExpressionContext): NodeProblem | undefined {
  const { exprKind } = node;
  if (exprKind.case === "identExpr") {
    const { name } = exprKind.value;
    if (known.has(name) || TYPES.includes(name)) return undefined;
    const isMessage = name === "message";
    if (isMessage && context.input === undefined)
      return { node, problem: "message, where none is read", fix: "leave it out: this route has a stream of requests, or plain HTTP" };
    if (VARIABLES.some((variable) => variable === name)) return undefined;
    return { node, problem: `the name ${name}, which is unknown`, fix: `write ${suggest(name, VARIABLES)}` };
  }
  const inner =
    exprKind.case === "comprehensionExpr"
      ? new Set([...known, exprKind.value.iterVar, exprKind.value.iterVar2, exprKind.value.accuVar])
      : known;
  for (const child of childrenOf(node)) {
    const problem = nameProblem(child, inner, context);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Fields of `message`: one that its type does not have would refuse every call. */
function fieldProblem(node: CelNode, { input }: ExpressionContext): NodeProblem | undefined {
  if (input === undefined || node.exprKind.case !== "selectExpr") return undefined;
  const { operand, field } = node.exprKind.value;
  const type = operand && typeOf(operand, input);
  if (type === undefined || type.typeName.startsWith("google.protobuf.") || type.fields.some(({ name }) => name === field))
    return undefined;
  const names = type.fields.map(({ name }) => name);
  return { node, problem: `the field ${field}, which ${type.typeName} does not have`, fix: `write ${suggest(field, names)}` };
}

/** The type of `message` and of its single messages; undefined for anything else. */
function typeOf({ exprKind }: CelNode, input: DescMessage): DescMessage | undefined {
  if (exprKind.case === "identExpr") return exprKind.value.name === "message" ? input : undefined;
  if (exprKind.case !== "selectExpr" || exprKind.value.operand === undefined || exprKind.value.testOnly) return undefined;
  const outer = typeOf(exprKind.value.operand, input);
  const field = outer?.fields.find(({ name }) => name === exprKind.value.field);
  return field?.fieldKind === "message" ? field.message : undefined;
}
