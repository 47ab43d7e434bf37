import { n as CompileExpression, t as Validate } from "../shared/validation.js";
import { DescMessage, Message } from "@bufbuild/protobuf";
/** @see cel.dev */
export declare function celExpressions(): CompileExpression<DescMessage, Message>;
/** @see github.com/bufbuild/protovalidate */
export declare function protovalidate(): Validate<DescMessage, Message>;