// The export `tidegate/validating`: validation by the rules of protos, and authorization expressions, for `serve` in a Worker that uses them.
export { celExpressions } from "./gateway/auth/expression/cel.ts";
export { protovalidate } from "./gateway/configure/protovalidate.ts";
