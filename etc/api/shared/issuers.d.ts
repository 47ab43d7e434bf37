import * as v from "valibot";
type SettingSchema<Input = unknown, Output = Input> = v.GenericSchema<Input, Output>;
type Entries = Readonly<Record<string, SettingSchema>>;
type Block<E extends Entries = Entries> = v.StrictObjectSchema<E, undefined>;
/** What an operator may write: as declared, and read-only lists and objects, too. */
type InputOf<S extends SettingSchema> = Frozen<v.InferInput<S>>;
/** What the gateway works with, every default filled in. */
type PolicyOf<S extends SettingSchema> = Frozen<v.InferOutput<S>>;
type Frozen<T> = T extends ((...args: never[]) => unknown) ? T : T extends readonly (infer Item)[] ? readonly Frozen<Item>[] : T extends ReadonlySet<unknown> | ReadonlyMap<unknown, unknown> | Uint8Array ? T : T extends object ? { readonly [K in keyof T]: Frozen<T[K]>; } : T;
declare const BREAKER_SETTINGS: Block<{
  readonly mode: v.OptionalSchema<v.PicklistSchema<readonly ("enforce" | "off" | "report")[], ({ input }: v.PicklistIssue) => string>, "enforce" | "off" | "report">;
  readonly percent: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly consecutive: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly failurePercent: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly slowPercent: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly slowMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly minCalls: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly outlierFactor: v.OptionalSchema<v.UnionSchema<[v.LiteralSchema<0, undefined>, v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>], "write a number from 1 to 10, or 0 for never">, number>;
  readonly maxOpenPercent: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly openMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly quorum: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly probes: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
}>;
interface BreakerPolicy extends PolicyOf<typeof BREAKER_SETTINGS> {}
interface HealthPolicy {
  readonly kind: "http" | "grpc" | "native_grpc";
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}
/** A public key as RFC 7517 writes it. */
interface Jwk {
  readonly kty: string;
  readonly kid?: string;
  readonly [member: string]: unknown;
}
interface JwkSet {
  readonly keys: readonly Jwk[];
}
/** Where the keys of an issuer come from. */
type JwksSource = {
  readonly kind: "written";
  readonly jwks: JwkSet;
} | {
  readonly kind: "jwks";
  readonly url: string;
} | {
  readonly kind: "discovery";
  readonly url: string;
};
export { Block as a, BreakerPolicy as i, JwkSet as n, InputOf as o, HealthPolicy as r, SettingSchema as s, JwksSource as t };