// The option `idempotency` of a service: which methods honor idempotency keys, and where their responses are recorded.
import type { DescMethod, DescService } from "@bufbuild/protobuf";

export interface IdempotentMethod {
  /** Whether a call without a key is refused. False by default: it runs as if the method were not listed. */
  readonly required?: boolean;
  /**
   * `store`: the host records responses in Durable Objects, `IdempotencyStore`. An effect happens **at least once**: where the Worker stops
   * between the effect and its record, a repeat runs again. By default.
   *
   * `transaction`: the method itself records the response with `once`, in the transaction of its effect: at most once. The host reads the
   * key, `idempotencyKeyOf(context)`.
   */
  readonly record?: "store" | "transaction";
}

export interface IdempotencyOptions {
  /** Unary methods that honor the header `Idempotency-Key`, by their name; by `package.Service/Method` where several services are served. */
  readonly methods: Readonly<Record<string, IdempotentMethod>>;
  /** Binding of the Durable Objects `IdempotencyStore`. "IDEMPOTENCY_STORE" by default. */
  readonly store?: string;
  /** Durable Objects that share the keys, 1 to 1,000; 16 by default. Another number forgets the keys of the last day. */
  readonly shards?: number;
  /** Longest time of a call without a deadline, ms, after which a repeat runs again; one with a deadline has until then. 60 000 by default. */
  readonly leaseMs?: number;
  /** Whether keys without quotes are accepted, which the draft does not allow but many clients send. False by default. */
  readonly acceptUnquoted?: boolean;
}

export interface KeyRule {
  readonly isRequired: boolean;
  readonly record: "store" | "transaction";
  readonly acceptsUnquoted: boolean;
  readonly binding: string;
  readonly shards: number;
  readonly leaseMs: number;
}

const MAX_SHARDS = 1_000;

/**
 * @returns the rule of each listed method
 * @throws Error for a method that is not there or is a stream, and for a number out of its bounds
 */
export function keyRulesOf(options: IdempotencyOptions, services: readonly DescService[]): ReadonlyMap<DescMethod, KeyRule> {
  const { store: binding = "IDEMPOTENCY_STORE", shards = 16, leaseMs = 60_000, acceptUnquoted: acceptsUnquoted = false } = options;
  requireWhole("shards", shards, MAX_SHARDS);
  requireWhole("leaseMs", leaseMs, 3_600_000);
  const rules = new Map<DescMethod, KeyRule>();
  for (const [name, { required: isRequired = false, record = "store" }] of Object.entries(options.methods)) {
    rules.set(methodOf(name, services), { isRequired, record, acceptsUnquoted, binding, shards, leaseMs });
  }
  return rules;
}

function methodOf(name: string, services: readonly DescService[]): DescMethod {
  const methods = services.flatMap((service) => service.methods);
  const named = methods.filter((method) => method.name === name || `${method.parent.typeName}/${method.name}` === name);
  const [method] = named;
  if (method === undefined)
    throw new Error(`idempotency.methods: there is no method "${name}"; there are ${methods.map((m) => m.name).join(", ")}`);
  if (named.length > 1) throw new Error(`idempotency.methods: "${name}" is in several services; write package.Service/${name}`);
  if (method.methodKind !== "unary") throw new Error(`idempotency.methods: "${name}" is a stream; only unary methods honor keys`);
  return method;
}

function requireWhole(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) throw new Error(`idempotency.${name}: write a whole number from 1 to ${max}`);
}
