// Runs the implementation of a unary method, with the interceptors of the host around it.
import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { MethodImplSpec } from "@connectrpc/connect";
import { invokeUnaryImplementation } from "@connectrpc/connect/protocol";
import type { CallContext } from "../call-context.ts";
import type { Settings } from "../settings.ts";

export type UnarySpec = MethodImplSpec<DescMessage, DescMessage> & { kind: "unary" };

export function invokeUnary(
  spec: UnarySpec,
  input: Message,
  context: CallContext,
  { interceptors }: Settings,
): ReturnType<UnarySpec["impl"]> {
  if (interceptors.length === 0) return spec.impl(input, context);
  return invokeUnaryImplementation(spec, context.toPlain(), input, interceptors);
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { readonly then?: unknown } | undefined)?.then === "function";
}
