// Adds idempotency keys to the methods of a service that are listed: around the method itself, within the interceptors.
import { create, type DescMessage, type DescMethod, type Message } from "@bufbuild/protobuf";
import type { HandlerContext, MethodImplSpec, ServiceImplSpec } from "@connectrpc/connect";
import { IDEMPOTENCY_KEY_HEADER } from "../../../core/headers.ts";
import { readIdempotencyKey } from "../../../core/idempotency/key-header.ts";
import { IDEMPOTENCY_KEY, type IdempotencyKey, idempotencyKey } from "./idempotency-key.ts";
import { invalidKey } from "./key-errors.ts";
import { type IdempotencyOptions, type KeyRule, keyRulesOf } from "./key-settings.ts";
import { runRecorded } from "./run-recorded.ts";
import type { RecordStores } from "./store-contract.ts";

type UnaryImpl = (request: Message, context: HandlerContext) => Promise<Message>;

/**
 * @param env of the Worker; has the binding of the store where a method needs one
 * @throws Error where an option is wrong or the binding is missing
 */
export function withKeys(
  services: readonly ServiceImplSpec[],
  options: IdempotencyOptions | undefined,
  env: unknown,
): readonly ServiceImplSpec[] {
  if (options === undefined) return services;
  const rules = keyRulesOf(
    options,
    services.map(({ service }) => service),
  );
  return services.map((spec) => {
    const methods = Object.entries(spec.methods).map(([name, method]) => {
      const rule = rules.get(method.method);
      return [name, rule === undefined ? method : keyed(method, rule, env)] as const;
    });
    return { ...spec, methods: Object.fromEntries(methods) };
  });
}

function keyed(spec: MethodImplSpec, rule: KeyRule, env: unknown): MethodImplSpec {
  const { method } = spec;
  const implementation = spec.impl as unknown as (request: Message, context: HandlerContext) => unknown;
  const run: UnaryImpl = async (request, context) =>
    create(method.output as DescMessage, (await implementation(request, context)) as Message);
  const stores = rule.record === "store" ? storesIn(env, rule.binding) : undefined;
  const impl: UnaryImpl = async (request, context) => {
    const key = await keyOf(request, context, method, rule);
    if (key === undefined) return run(request, context);
    context.values.set(IDEMPOTENCY_KEY, key);
    return stores === undefined ? run(request, context) : runRecorded(stores, key, rule, run, request, context);
  };
  return { ...spec, impl } as unknown as MethodImplSpec;
}

/** @throws ConnectError `invalid_argument` for a key that is invalid, or missing where it is required */
async function keyOf(
  request: Message,
  context: HandlerContext,
  { input }: DescMethod,
  { isRequired, acceptsUnquoted }: KeyRule,
): Promise<IdempotencyKey | undefined> {
  const text = context.requestHeader.get(IDEMPOTENCY_KEY_HEADER);
  if (text === null) {
    if (isRequired)
      throw invalidKey('is missing; send one that is unique to the call, Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"');
    return undefined;
  }
  const read = readIdempotencyKey(text, acceptsUnquoted);
  if (read.kind === "invalid") throw invalidKey(read.problem);
  return idempotencyKey(read.value, context, input, request);
}

function storesIn(env: unknown, binding: string): RecordStores {
  const stores = (env as Readonly<Record<string, RecordStores | undefined>> | undefined)?.[binding];
  if (stores !== undefined) return stores;
  throw new Error(
    `idempotency: there is no binding ${binding}; bind the Durable Object class IdempotencyStore in wrangler.toml, or record in a transaction`,
  );
}
