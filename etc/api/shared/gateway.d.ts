import { a as Block, n as JwkSet, o as InputOf, s as SettingSchema } from "./issuers.js";
import { n as HashOnInput } from "./upstream.js";
import * as v from "valibot";
type CostFunction = (message: Readonly<Record<string, unknown>>) => number;
declare const METHOD_SETTINGS: Block<{
  readonly auth: v.OptionalSchema<SettingSchema<"off" | "optional" | "required" | {
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    callers: "off" | "optional" | "required";
  }, unknown>, undefined>;
  readonly scopes: v.OptionalSchema<v.SchemaWithPipe<readonly [v.ArraySchema<v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
    readonly shape: string | undefined;
  }>]>, string>, v.MaxLengthAction<string[], number, string>, v.MetadataAction<string[], {
    readonly shape: string;
    readonly fix: string;
  }>]>, string[]>;
  readonly addresses: v.OptionalSchema<SettingSchema<{
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    allow?: string[] | undefined;
    deny?: string[] | undefined;
  }, unknown>, undefined>;
  readonly allow: v.OptionalSchema<SettingSchema<string | false | {
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    expression: string;
  }, unknown>, undefined>;
  readonly forwardCredentials: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
  readonly http: v.OptionalSchema<SettingSchema<{
    get?: string | undefined;
    put?: string | undefined;
    post?: string | undefined;
    delete?: string | undefined;
    patch?: string | undefined;
    custom?: {
      kind?: string | undefined;
      path?: string | undefined;
    } | undefined;
    body?: string | undefined;
    responseBody?: string | undefined;
  }[], unknown>, undefined>;
  readonly idempotency: v.OptionalSchema<v.PicklistSchema<readonly ("idempotent" | "no_side_effects" | "unknown")[], ({ input }: v.PicklistIssue) => string>, undefined>;
  readonly readTimeoutMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly bodyIdleMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly requestStreamIdleMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly streamTimeoutMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly streamIdleMs: v.OptionalSchema<SettingSchema<number, number>, number>;
  readonly maxBodyBytes: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly maxInflation: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly maxMessageElements: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly maxResponseBytes: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly maxResponseElements: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly forwardResponseHeaders: v.OptionalSchema<v.SchemaWithPipe<readonly [v.ArraySchema<v.PicklistSchema<readonly ("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[], ({ input }: v.PicklistIssue) => string>, string>, v.MaxLengthAction<("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[], number, string>, v.MetadataAction<("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[], {
    readonly shape: string;
    readonly fix: string;
  }>]>, ("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[]>;
  readonly serverTiming: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
  readonly requestHeaders: v.OptionalSchema<SettingSchema<{
    remove?: string[] | undefined;
    set?: {
      [x: string]: string;
    } | undefined;
    default?: {
      [x: string]: string;
    } | undefined;
    add?: {
      [x: string]: string | string[];
    } | undefined;
  }, unknown>, undefined>;
  readonly responseHeaders: v.OptionalSchema<SettingSchema<{
    remove?: string[] | undefined;
    set?: {
      [x: string]: string;
    } | undefined;
    default?: {
      [x: string]: string;
    } | undefined;
    add?: {
      [x: string]: string | string[];
    } | undefined;
  }, unknown>, undefined>;
  readonly layers: v.OptionalSchema<SettingSchema<{
    [x: string]: {
      [x: string]: unknown;
    };
  }, unknown>, undefined>;
  readonly validate: v.OptionalSchema<SettingSchema<"enforce" | "off" | "report" | {
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
  }, unknown>, undefined>;
  readonly rateLimits: v.OptionalSchema<SettingSchema<string[], unknown>, undefined>;
  readonly cost: v.OptionalSchema<SettingSchema<number | {
    header?: string | undefined;
    estimate?: number | undefined;
    of?: CostFunction | undefined;
    max: number;
  }, unknown>, undefined>;
  readonly messageCost: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly retries: v.OptionalSchema<SettingSchema<false | {
    max?: number | undefined;
    baseMs?: number | undefined;
    maxMs?: number | undefined;
    perAttemptMs?: number | undefined;
    codes?: ("aborted" | "data_loss" | "deadline_exceeded" | "internal" | "resource_exhausted" | "unavailable" | "unknown")[] | undefined;
  }, unknown>, undefined>;
  readonly hedging: v.OptionalSchema<SettingSchema<false | {
    percent?: number | undefined;
    quantile?: number | undefined;
    minMs?: number | undefined;
  }, unknown>, undefined>;
  readonly fallback: v.OptionalSchema<SettingSchema<false | {
    upstream?: {
      protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
      requestStreams?: "refuse" | "unimplemented" | undefined;
      timeoutHeader?: "always" | "as_called" | undefined;
      retryBudget?: {
        percent?: number | undefined;
        minPerSecond?: number | undefined;
      } | undefined;
      binding: string;
    } | {
      protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
      requestStreams?: "refuse" | "unimplemented" | undefined;
      timeoutHeader?: "always" | "as_called" | undefined;
      retryBudget?: {
        percent?: number | undefined;
        minPerSecond?: number | undefined;
      } | undefined;
      url: string;
    } | {
      binding: string;
      url: string;
      protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
      requestStreams?: "refuse" | "unimplemented" | undefined;
      timeoutHeader?: "always" | "as_called" | undefined;
      retryBudget?: {
        percent?: number | undefined;
        minPerSecond?: number | undefined;
      } | undefined;
    } | {
      protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
      requestStreams?: "refuse" | "unimplemented" | undefined;
      timeoutHeader?: "always" | "as_called" | undefined;
      retryBudget?: {
        percent?: number | undefined;
        minPerSecond?: number | undefined;
      } | undefined;
      endpoints?: ({
        weight?: number | undefined;
        priority?: number | undefined;
        zone?: string | undefined;
        binding: string;
      } | {
        weight?: number | undefined;
        priority?: number | undefined;
        zone?: string | undefined;
        url: string;
      } | {
        binding: string;
        url: string;
        weight?: number | undefined;
        priority?: number | undefined;
        zone?: string | undefined;
      })[] | undefined;
      registry?: boolean | undefined;
      health?: {
        check?: "grpc" | `/${string}` | undefined;
        intervalMs?: number | undefined;
        timeoutMs?: number | undefined;
        healthyAfter?: number | undefined;
        unhealthyAfter?: number | undefined;
      } | undefined;
      slowStartMs?: number | undefined;
      balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
      hashOn?: HashOnInput | undefined;
      zones?: true | {
        [x: string]: string;
      } | undefined;
      subset?: number | undefined;
      maxConcurrent?: number | undefined;
      maxQueued?: number | undefined;
      queueMs?: number | undefined;
      maxLoadPercent?: number | undefined;
    } | undefined;
    response?: object | undefined;
  }, unknown>, undefined>;
  readonly criticality: v.OptionalSchema<v.SchemaWithPipe<readonly [v.PicklistSchema<readonly ("critical" | "critical_plus" | "sheddable" | "sheddable_plus")[], ({ input }: v.PicklistIssue) => string>, v.TransformAction<"critical" | "critical_plus" | "sheddable" | "sheddable_plus", number>]>, "critical" | "critical_plus" | "sheddable" | "sheddable_plus">;
  readonly concurrency: v.OptionalSchema<SettingSchema<{
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    maxQueued?: number | undefined;
    queueMs?: number | undefined;
    callerShare?: number | undefined;
    maxStreams?: number | undefined;
    max?: number | undefined;
    adaptive?: boolean | undefined;
    floor?: number | undefined;
  }, unknown>, undefined>;
  readonly cache: v.OptionalSchema<SettingSchema<boolean | {
    ttlMs?: number | undefined;
    override?: boolean | undefined;
    negativeTtlMs?: number | undefined;
    heuristicPercent?: number | undefined;
    jitterPercent?: number | undefined;
    staleWhileRevalidateMs?: number | undefined;
    staleIfErrorMs?: number | undefined;
    scope?: "principal" | "shared" | {
      header: string;
    } | undefined;
    vary?: string[] | undefined;
    query?: "all" | string[] | undefined;
    forward?: "all" | "key" | undefined;
    authorization?: "bypass" | "forward" | "ignore" | undefined;
    clientControl?: "honor" | "ignore" | undefined;
    tags?: string[] | undefined;
    tagHeader?: string | undefined;
    targets?: string[] | undefined;
    storeErrors?: boolean | undefined;
    maxObjectBytes?: number | undefined;
    maxFollowers?: number | undefined;
    adaptive?: boolean | {
      maxFactor?: number | undefined;
      maxMs?: number | undefined;
    } | undefined;
    l2?: "cache-api" | "kv" | "none" | undefined;
  }, unknown>, undefined>;
  readonly invalidates: v.OptionalSchema<v.SchemaWithPipe<readonly [v.ArraySchema<v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
    readonly shape: string | undefined;
  }>]>, string>, v.MaxLengthAction<string[], number, string>, v.MetadataAction<string[], {
    readonly shape: string;
    readonly fix: string;
  }>]>, string[]>;
}>;
declare const SERVICE_SETTINGS: Block<{
  readonly auth: v.OptionalSchema<SettingSchema<"off" | "optional" | "required" | {
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    callers: "off" | "optional" | "required";
  }, unknown>, undefined>;
  readonly scopes: v.OptionalSchema<v.SchemaWithPipe<readonly [v.ArraySchema<v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
    readonly shape: string | undefined;
  }>]>, string>, v.MaxLengthAction<string[], number, string>, v.MetadataAction<string[], {
    readonly shape: string;
    readonly fix: string;
  }>]>, string[]>;
  readonly addresses: v.OptionalSchema<SettingSchema<{
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    allow?: string[] | undefined;
    deny?: string[] | undefined;
  }, unknown>, undefined>;
  readonly allow: v.OptionalSchema<SettingSchema<string | false | {
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    expression: string;
  }, unknown>, undefined>;
  readonly forwardCredentials: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
  readonly readTimeoutMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly bodyIdleMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly requestStreamIdleMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly streamTimeoutMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly streamIdleMs: v.OptionalSchema<SettingSchema<number, number>, number>;
  readonly maxBodyBytes: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly maxInflation: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly maxMessageElements: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly maxResponseBytes: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly maxResponseElements: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly forwardResponseHeaders: v.OptionalSchema<v.SchemaWithPipe<readonly [v.ArraySchema<v.PicklistSchema<readonly ("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[], ({ input }: v.PicklistIssue) => string>, string>, v.MaxLengthAction<("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[], number, string>, v.MetadataAction<("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[], {
    readonly shape: string;
    readonly fix: string;
  }>]>, ("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[]>;
  readonly serverTiming: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
  readonly requestHeaders: v.OptionalSchema<SettingSchema<{
    remove?: string[] | undefined;
    set?: {
      [x: string]: string;
    } | undefined;
    default?: {
      [x: string]: string;
    } | undefined;
    add?: {
      [x: string]: string | string[];
    } | undefined;
  }, unknown>, undefined>;
  readonly responseHeaders: v.OptionalSchema<SettingSchema<{
    remove?: string[] | undefined;
    set?: {
      [x: string]: string;
    } | undefined;
    default?: {
      [x: string]: string;
    } | undefined;
    add?: {
      [x: string]: string | string[];
    } | undefined;
  }, unknown>, undefined>;
  readonly layers: v.OptionalSchema<SettingSchema<{
    [x: string]: {
      [x: string]: unknown;
    };
  }, unknown>, undefined>;
  readonly validate: v.OptionalSchema<SettingSchema<"enforce" | "off" | "report" | {
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
  }, unknown>, undefined>;
  readonly rateLimits: v.OptionalSchema<SettingSchema<string[], unknown>, undefined>;
  readonly cost: v.OptionalSchema<SettingSchema<number | {
    header?: string | undefined;
    estimate?: number | undefined;
    of?: CostFunction | undefined;
    max: number;
  }, unknown>, undefined>;
  readonly messageCost: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly retries: v.OptionalSchema<SettingSchema<false | {
    max?: number | undefined;
    baseMs?: number | undefined;
    maxMs?: number | undefined;
    perAttemptMs?: number | undefined;
    codes?: ("aborted" | "data_loss" | "deadline_exceeded" | "internal" | "resource_exhausted" | "unavailable" | "unknown")[] | undefined;
  }, unknown>, undefined>;
  readonly hedging: v.OptionalSchema<SettingSchema<false | {
    percent?: number | undefined;
    quantile?: number | undefined;
    minMs?: number | undefined;
  }, unknown>, undefined>;
  readonly fallback: v.OptionalSchema<SettingSchema<false | {
    upstream?: {
      protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
      requestStreams?: "refuse" | "unimplemented" | undefined;
      timeoutHeader?: "always" | "as_called" | undefined;
      retryBudget?: {
        percent?: number | undefined;
        minPerSecond?: number | undefined;
      } | undefined;
      binding: string;
    } | {
      protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
      requestStreams?: "refuse" | "unimplemented" | undefined;
      timeoutHeader?: "always" | "as_called" | undefined;
      retryBudget?: {
        percent?: number | undefined;
        minPerSecond?: number | undefined;
      } | undefined;
      url: string;
    } | {
      binding: string;
      url: string;
      protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
      requestStreams?: "refuse" | "unimplemented" | undefined;
      timeoutHeader?: "always" | "as_called" | undefined;
      retryBudget?: {
        percent?: number | undefined;
        minPerSecond?: number | undefined;
      } | undefined;
    } | {
      protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
      requestStreams?: "refuse" | "unimplemented" | undefined;
      timeoutHeader?: "always" | "as_called" | undefined;
      retryBudget?: {
        percent?: number | undefined;
        minPerSecond?: number | undefined;
      } | undefined;
      endpoints?: ({
        weight?: number | undefined;
        priority?: number | undefined;
        zone?: string | undefined;
        binding: string;
      } | {
        weight?: number | undefined;
        priority?: number | undefined;
        zone?: string | undefined;
        url: string;
      } | {
        binding: string;
        url: string;
        weight?: number | undefined;
        priority?: number | undefined;
        zone?: string | undefined;
      })[] | undefined;
      registry?: boolean | undefined;
      health?: {
        check?: "grpc" | `/${string}` | undefined;
        intervalMs?: number | undefined;
        timeoutMs?: number | undefined;
        healthyAfter?: number | undefined;
        unhealthyAfter?: number | undefined;
      } | undefined;
      slowStartMs?: number | undefined;
      balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
      hashOn?: HashOnInput | undefined;
      zones?: true | {
        [x: string]: string;
      } | undefined;
      subset?: number | undefined;
      maxConcurrent?: number | undefined;
      maxQueued?: number | undefined;
      queueMs?: number | undefined;
      maxLoadPercent?: number | undefined;
    } | undefined;
    response?: object | undefined;
  }, unknown>, undefined>;
  readonly criticality: v.OptionalSchema<v.SchemaWithPipe<readonly [v.PicklistSchema<readonly ("critical" | "critical_plus" | "sheddable" | "sheddable_plus")[], ({ input }: v.PicklistIssue) => string>, v.TransformAction<"critical" | "critical_plus" | "sheddable" | "sheddable_plus", number>]>, "critical" | "critical_plus" | "sheddable" | "sheddable_plus">;
  readonly concurrency: v.OptionalSchema<SettingSchema<{
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    maxQueued?: number | undefined;
    queueMs?: number | undefined;
    callerShare?: number | undefined;
    maxStreams?: number | undefined;
    max?: number | undefined;
    adaptive?: boolean | undefined;
    floor?: number | undefined;
  }, unknown>, undefined>;
  readonly cache: v.OptionalSchema<SettingSchema<boolean | {
    ttlMs?: number | undefined;
    override?: boolean | undefined;
    negativeTtlMs?: number | undefined;
    heuristicPercent?: number | undefined;
    jitterPercent?: number | undefined;
    staleWhileRevalidateMs?: number | undefined;
    staleIfErrorMs?: number | undefined;
    scope?: "principal" | "shared" | {
      header: string;
    } | undefined;
    vary?: string[] | undefined;
    query?: "all" | string[] | undefined;
    forward?: "all" | "key" | undefined;
    authorization?: "bypass" | "forward" | "ignore" | undefined;
    clientControl?: "honor" | "ignore" | undefined;
    tags?: string[] | undefined;
    tagHeader?: string | undefined;
    targets?: string[] | undefined;
    storeErrors?: boolean | undefined;
    maxObjectBytes?: number | undefined;
    maxFollowers?: number | undefined;
    adaptive?: boolean | {
      maxFactor?: number | undefined;
      maxMs?: number | undefined;
    } | undefined;
    l2?: "cache-api" | "kv" | "none" | undefined;
  }, unknown>, undefined>;
  readonly invalidates: v.OptionalSchema<v.SchemaWithPipe<readonly [v.ArraySchema<v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
    readonly shape: string | undefined;
  }>]>, string>, v.MaxLengthAction<string[], number, string>, v.MetadataAction<string[], {
    readonly shape: string;
    readonly fix: string;
  }>]>, string[]>;
  readonly upstream: v.OptionalSchema<SettingSchema<{
    protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
    requestStreams?: "refuse" | "unimplemented" | undefined;
    timeoutHeader?: "always" | "as_called" | undefined;
    retryBudget?: {
      percent?: number | undefined;
      minPerSecond?: number | undefined;
    } | undefined;
    binding: string;
  } | {
    protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
    requestStreams?: "refuse" | "unimplemented" | undefined;
    timeoutHeader?: "always" | "as_called" | undefined;
    retryBudget?: {
      percent?: number | undefined;
      minPerSecond?: number | undefined;
    } | undefined;
    url: string;
  } | {
    binding: string;
    url: string;
    protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
    requestStreams?: "refuse" | "unimplemented" | undefined;
    timeoutHeader?: "always" | "as_called" | undefined;
    retryBudget?: {
      percent?: number | undefined;
      minPerSecond?: number | undefined;
    } | undefined;
  } | {
    protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
    requestStreams?: "refuse" | "unimplemented" | undefined;
    timeoutHeader?: "always" | "as_called" | undefined;
    retryBudget?: {
      percent?: number | undefined;
      minPerSecond?: number | undefined;
    } | undefined;
    endpoints?: ({
      weight?: number | undefined;
      priority?: number | undefined;
      zone?: string | undefined;
      binding: string;
    } | {
      weight?: number | undefined;
      priority?: number | undefined;
      zone?: string | undefined;
      url: string;
    } | {
      binding: string;
      url: string;
      weight?: number | undefined;
      priority?: number | undefined;
      zone?: string | undefined;
    })[] | undefined;
    registry?: boolean | undefined;
    health?: {
      check?: "grpc" | `/${string}` | undefined;
      intervalMs?: number | undefined;
      timeoutMs?: number | undefined;
      healthyAfter?: number | undefined;
      unhealthyAfter?: number | undefined;
    } | undefined;
    slowStartMs?: number | undefined;
    balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
    hashOn?: HashOnInput | undefined;
    zones?: true | {
      [x: string]: string;
    } | undefined;
    subset?: number | undefined;
    maxConcurrent?: number | undefined;
    maxQueued?: number | undefined;
    queueMs?: number | undefined;
    maxLoadPercent?: number | undefined;
  }, unknown>, undefined>;
  readonly breaker: v.OptionalSchema<SettingSchema<{
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    consecutive?: number | undefined;
    failurePercent?: number | undefined;
    slowPercent?: number | undefined;
    slowMs?: number | undefined;
    minCalls?: number | undefined;
    outlierFactor?: number | undefined;
    maxOpenPercent?: number | undefined;
    openMs?: number | undefined;
    quorum?: number | undefined;
    probes?: number | undefined;
  }, unknown>, undefined>;
  readonly throttle: v.OptionalSchema<SettingSchema<{
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    belowPercent?: number | undefined;
    minCalls?: number | undefined;
    honor?: "enforce" | "off" | "report" | undefined;
  }, unknown>, undefined>;
  readonly traffic: v.OptionalSchema<SettingSchema<{
    canaries?: {
      name: string;
      upstream?: {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        binding: string;
      } | {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        url: string;
      } | {
        binding: string;
        url: string;
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
      } | {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        endpoints?: ({
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
          binding: string;
        } | {
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
          url: string;
        } | {
          binding: string;
          url: string;
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
        })[] | undefined;
        registry?: boolean | undefined;
        health?: {
          check?: "grpc" | `/${string}` | undefined;
          intervalMs?: number | undefined;
          timeoutMs?: number | undefined;
          healthyAfter?: number | undefined;
          unhealthyAfter?: number | undefined;
        } | undefined;
        slowStartMs?: number | undefined;
        balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
        hashOn?: HashOnInput | undefined;
        zones?: true | {
          [x: string]: string;
        } | undefined;
        subset?: number | undefined;
        maxConcurrent?: number | undefined;
        maxQueued?: number | undefined;
        queueMs?: number | undefined;
        maxLoadPercent?: number | undefined;
      } | undefined;
      percent?: number | undefined;
      header?: string | undefined;
      cookie?: string | undefined;
    }[] | undefined;
    stickOn?: HashOnInput | undefined;
    mirror?: {
      upstream?: {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        binding: string;
      } | {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        url: string;
      } | {
        binding: string;
        url: string;
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
      } | {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        endpoints?: ({
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
          binding: string;
        } | {
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
          url: string;
        } | {
          binding: string;
          url: string;
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
        })[] | undefined;
        registry?: boolean | undefined;
        health?: {
          check?: "grpc" | `/${string}` | undefined;
          intervalMs?: number | undefined;
          timeoutMs?: number | undefined;
          healthyAfter?: number | undefined;
          unhealthyAfter?: number | undefined;
        } | undefined;
        slowStartMs?: number | undefined;
        balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
        hashOn?: HashOnInput | undefined;
        zones?: true | {
          [x: string]: string;
        } | undefined;
        subset?: number | undefined;
        maxConcurrent?: number | undefined;
        maxQueued?: number | undefined;
        queueMs?: number | undefined;
        maxLoadPercent?: number | undefined;
      } | undefined;
      percent?: number | undefined;
    } | undefined;
  }, unknown>, undefined>;
  readonly methods: v.OptionalSchema<SettingSchema<{
    [x: string]: {
      auth?: "off" | "optional" | "required" | {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        callers: "off" | "optional" | "required";
      } | undefined;
      scopes?: string[] | undefined;
      addresses?: {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        allow?: string[] | undefined;
        deny?: string[] | undefined;
      } | undefined;
      allow?: string | false | {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        expression: string;
      } | undefined;
      forwardCredentials?: boolean | undefined;
      http?: {
        get?: string | undefined;
        put?: string | undefined;
        post?: string | undefined;
        delete?: string | undefined;
        patch?: string | undefined;
        custom?: {
          kind?: string | undefined;
          path?: string | undefined;
        } | undefined;
        body?: string | undefined;
        responseBody?: string | undefined;
      }[] | undefined;
      idempotency?: "idempotent" | "no_side_effects" | "unknown" | undefined;
      readTimeoutMs?: number | undefined;
      bodyIdleMs?: number | undefined;
      requestStreamIdleMs?: number | undefined;
      streamTimeoutMs?: number | undefined;
      streamIdleMs?: number | undefined;
      maxBodyBytes?: number | undefined;
      maxInflation?: number | undefined;
      maxMessageElements?: number | undefined;
      maxResponseBytes?: number | undefined;
      maxResponseElements?: number | undefined;
      forwardResponseHeaders?: ("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[] | undefined;
      serverTiming?: boolean | undefined;
      requestHeaders?: {
        remove?: string[] | undefined;
        set?: {
          [x: string]: string;
        } | undefined;
        default?: {
          [x: string]: string;
        } | undefined;
        add?: {
          [x: string]: string | string[];
        } | undefined;
      } | undefined;
      responseHeaders?: {
        remove?: string[] | undefined;
        set?: {
          [x: string]: string;
        } | undefined;
        default?: {
          [x: string]: string;
        } | undefined;
        add?: {
          [x: string]: string | string[];
        } | undefined;
      } | undefined;
      layers?: {
        [x: string]: {
          [x: string]: unknown;
        };
      } | undefined;
      validate?: "enforce" | "off" | "report" | {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
      } | undefined;
      rateLimits?: string[] | undefined;
      cost?: number | {
        header?: string | undefined;
        estimate?: number | undefined;
        of?: CostFunction | undefined;
        max: number;
      } | undefined;
      messageCost?: number | undefined;
      retries?: false | {
        max?: number | undefined;
        baseMs?: number | undefined;
        maxMs?: number | undefined;
        perAttemptMs?: number | undefined;
        codes?: ("aborted" | "data_loss" | "deadline_exceeded" | "internal" | "resource_exhausted" | "unavailable" | "unknown")[] | undefined;
      } | undefined;
      hedging?: false | {
        percent?: number | undefined;
        quantile?: number | undefined;
        minMs?: number | undefined;
      } | undefined;
      fallback?: false | {
        upstream?: {
          protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
          requestStreams?: "refuse" | "unimplemented" | undefined;
          timeoutHeader?: "always" | "as_called" | undefined;
          retryBudget?: {
            percent?: number | undefined;
            minPerSecond?: number | undefined;
          } | undefined;
          binding: string;
        } | {
          protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
          requestStreams?: "refuse" | "unimplemented" | undefined;
          timeoutHeader?: "always" | "as_called" | undefined;
          retryBudget?: {
            percent?: number | undefined;
            minPerSecond?: number | undefined;
          } | undefined;
          url: string;
        } | {
          binding: string;
          url: string;
          protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
          requestStreams?: "refuse" | "unimplemented" | undefined;
          timeoutHeader?: "always" | "as_called" | undefined;
          retryBudget?: {
            percent?: number | undefined;
            minPerSecond?: number | undefined;
          } | undefined;
        } | {
          protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
          requestStreams?: "refuse" | "unimplemented" | undefined;
          timeoutHeader?: "always" | "as_called" | undefined;
          retryBudget?: {
            percent?: number | undefined;
            minPerSecond?: number | undefined;
          } | undefined;
          endpoints?: ({
            weight?: number | undefined;
            priority?: number | undefined;
            zone?: string | undefined;
            binding: string;
          } | {
            weight?: number | undefined;
            priority?: number | undefined;
            zone?: string | undefined;
            url: string;
          } | {
            binding: string;
            url: string;
            weight?: number | undefined;
            priority?: number | undefined;
            zone?: string | undefined;
          })[] | undefined;
          registry?: boolean | undefined;
          health?: {
            check?: "grpc" | `/${string}` | undefined;
            intervalMs?: number | undefined;
            timeoutMs?: number | undefined;
            healthyAfter?: number | undefined;
            unhealthyAfter?: number | undefined;
          } | undefined;
          slowStartMs?: number | undefined;
          balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
          hashOn?: HashOnInput | undefined;
          zones?: true | {
            [x: string]: string;
          } | undefined;
          subset?: number | undefined;
          maxConcurrent?: number | undefined;
          maxQueued?: number | undefined;
          queueMs?: number | undefined;
          maxLoadPercent?: number | undefined;
        } | undefined;
        response?: object | undefined;
      } | undefined;
      criticality?: "critical" | "critical_plus" | "sheddable" | "sheddable_plus" | undefined;
      concurrency?: {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        maxQueued?: number | undefined;
        queueMs?: number | undefined;
        callerShare?: number | undefined;
        maxStreams?: number | undefined;
        max?: number | undefined;
        adaptive?: boolean | undefined;
        floor?: number | undefined;
      } | undefined;
      cache?: boolean | {
        ttlMs?: number | undefined;
        override?: boolean | undefined;
        negativeTtlMs?: number | undefined;
        heuristicPercent?: number | undefined;
        jitterPercent?: number | undefined;
        staleWhileRevalidateMs?: number | undefined;
        staleIfErrorMs?: number | undefined;
        scope?: "principal" | "shared" | {
          header: string;
        } | undefined;
        vary?: string[] | undefined;
        query?: "all" | string[] | undefined;
        forward?: "all" | "key" | undefined;
        authorization?: "bypass" | "forward" | "ignore" | undefined;
        clientControl?: "honor" | "ignore" | undefined;
        tags?: string[] | undefined;
        tagHeader?: string | undefined;
        targets?: string[] | undefined;
        storeErrors?: boolean | undefined;
        maxObjectBytes?: number | undefined;
        maxFollowers?: number | undefined;
        adaptive?: boolean | {
          maxFactor?: number | undefined;
          maxMs?: number | undefined;
        } | undefined;
        l2?: "cache-api" | "kv" | "none" | undefined;
      } | undefined;
      invalidates?: string[] | undefined;
    };
  }, unknown>, undefined>;
}>;
type MethodInput = InputOf<typeof METHOD_SETTINGS>;
type ServiceInput = InputOf<typeof SERVICE_SETTINGS>;
declare global {
  /** What `npm run gen` writes about the protos of a project, in protos/gen/services.d.ts. */
  namespace Tidegate {
    /** The services, by their full names. Empty where nothing has been generated: then any name may be written. */
    interface Protos {}
  }
}
/** What is generated for a service. */
interface DeclaredService {
  readonly methods: string;
  readonly fields: string;
}
type FieldsOf<D> = D extends DeclaredService ? D["fields"] : string;
type MethodsOf<D> = D extends DeclaredService ? D["methods"] : string;
/** A hash source, whose field is one of a request of the service. */
type HashSourceOf<Source, Field extends string> = Source extends {
  readonly field: string;
} ? {
  readonly field: Field;
} : Source;
type SingleSource = Exclude<HashOnInput, readonly unknown[]>;
type HashOnOf<Field extends string> = HashSourceOf<SingleSource, Field> | readonly HashSourceOf<SingleSource, Field>[];
type UpstreamOf<Upstream, Field extends string> = Upstream extends {
  readonly hashOn?: unknown;
} ? Omit<Upstream, "hashOn"> & {
  readonly hashOn?: HashOnOf<Field>;
} : Upstream;
type ServiceOf<D> = Omit<ServiceInput, "methods" | "upstream"> & {
  readonly upstream?: UpstreamOf<ServiceInput["upstream"], FieldsOf<D>>;
  readonly methods?: { readonly [Name in MethodsOf<D>]?: MethodInput; };
};
type DeclaredServices = { readonly [Name in keyof Tidegate.Protos]?: ServiceOf<Tidegate.Protos[Name]>; };
/** The declared ones with their methods, and any other name. */
interface DeclaredAndOtherServices extends DeclaredServices {
  readonly [name: string]: ServiceInput;
}
/** Settings with services and descriptors among them. */
interface AnyInput {
  readonly services: unknown;
  readonly descriptors?: unknown;
}
/**
 * What `defineGateway` takes. Services of the protos are known by `Tidegate.Protos`; beside them any name may be written where
 * `descriptors` brings services whose protos are not in the project.
 *
 * @typeParam Input       all settings, with services of any name
 * @typeParam Descriptors the type of `descriptors` as written; undefined where there are none
 */
type TypedInput<Input extends AnyInput, Descriptors> = [keyof Tidegate.Protos] extends [never] ? Input : Omit<Input, "services" | "descriptors"> & {
  readonly descriptors?: Descriptors;
  readonly services: [Descriptors] extends [undefined] ? DeclaredServices : DeclaredAndOtherServices;
};
declare const GATEWAY_SETTINGS: Block<{
  readonly services: v.OptionalSchema<SettingSchema<{
    [x: string]: {
      auth?: "off" | "optional" | "required" | {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        callers: "off" | "optional" | "required";
      } | undefined;
      scopes?: string[] | undefined;
      addresses?: {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        allow?: string[] | undefined;
        deny?: string[] | undefined;
      } | undefined;
      allow?: string | false | {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        expression: string;
      } | undefined;
      forwardCredentials?: boolean | undefined;
      readTimeoutMs?: number | undefined;
      bodyIdleMs?: number | undefined;
      requestStreamIdleMs?: number | undefined;
      streamTimeoutMs?: number | undefined;
      streamIdleMs?: number | undefined;
      maxBodyBytes?: number | undefined;
      maxInflation?: number | undefined;
      maxMessageElements?: number | undefined;
      maxResponseBytes?: number | undefined;
      maxResponseElements?: number | undefined;
      forwardResponseHeaders?: ("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[] | undefined;
      serverTiming?: boolean | undefined;
      requestHeaders?: {
        remove?: string[] | undefined;
        set?: {
          [x: string]: string;
        } | undefined;
        default?: {
          [x: string]: string;
        } | undefined;
        add?: {
          [x: string]: string | string[];
        } | undefined;
      } | undefined;
      responseHeaders?: {
        remove?: string[] | undefined;
        set?: {
          [x: string]: string;
        } | undefined;
        default?: {
          [x: string]: string;
        } | undefined;
        add?: {
          [x: string]: string | string[];
        } | undefined;
      } | undefined;
      layers?: {
        [x: string]: {
          [x: string]: unknown;
        };
      } | undefined;
      validate?: "enforce" | "off" | "report" | {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
      } | undefined;
      rateLimits?: string[] | undefined;
      cost?: number | {
        header?: string | undefined;
        estimate?: number | undefined;
        of?: CostFunction | undefined;
        max: number;
      } | undefined;
      messageCost?: number | undefined;
      retries?: false | {
        max?: number | undefined;
        baseMs?: number | undefined;
        maxMs?: number | undefined;
        perAttemptMs?: number | undefined;
        codes?: ("aborted" | "data_loss" | "deadline_exceeded" | "internal" | "resource_exhausted" | "unavailable" | "unknown")[] | undefined;
      } | undefined;
      hedging?: false | {
        percent?: number | undefined;
        quantile?: number | undefined;
        minMs?: number | undefined;
      } | undefined;
      fallback?: false | {
        upstream?: {
          protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
          requestStreams?: "refuse" | "unimplemented" | undefined;
          timeoutHeader?: "always" | "as_called" | undefined;
          retryBudget?: {
            percent?: number | undefined;
            minPerSecond?: number | undefined;
          } | undefined;
          binding: string;
        } | {
          protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
          requestStreams?: "refuse" | "unimplemented" | undefined;
          timeoutHeader?: "always" | "as_called" | undefined;
          retryBudget?: {
            percent?: number | undefined;
            minPerSecond?: number | undefined;
          } | undefined;
          url: string;
        } | {
          binding: string;
          url: string;
          protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
          requestStreams?: "refuse" | "unimplemented" | undefined;
          timeoutHeader?: "always" | "as_called" | undefined;
          retryBudget?: {
            percent?: number | undefined;
            minPerSecond?: number | undefined;
          } | undefined;
        } | {
          protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
          requestStreams?: "refuse" | "unimplemented" | undefined;
          timeoutHeader?: "always" | "as_called" | undefined;
          retryBudget?: {
            percent?: number | undefined;
            minPerSecond?: number | undefined;
          } | undefined;
          endpoints?: ({
            weight?: number | undefined;
            priority?: number | undefined;
            zone?: string | undefined;
            binding: string;
          } | {
            weight?: number | undefined;
            priority?: number | undefined;
            zone?: string | undefined;
            url: string;
          } | {
            binding: string;
            url: string;
            weight?: number | undefined;
            priority?: number | undefined;
            zone?: string | undefined;
          })[] | undefined;
          registry?: boolean | undefined;
          health?: {
            check?: "grpc" | `/${string}` | undefined;
            intervalMs?: number | undefined;
            timeoutMs?: number | undefined;
            healthyAfter?: number | undefined;
            unhealthyAfter?: number | undefined;
          } | undefined;
          slowStartMs?: number | undefined;
          balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
          hashOn?: HashOnInput | undefined;
          zones?: true | {
            [x: string]: string;
          } | undefined;
          subset?: number | undefined;
          maxConcurrent?: number | undefined;
          maxQueued?: number | undefined;
          queueMs?: number | undefined;
          maxLoadPercent?: number | undefined;
        } | undefined;
        response?: object | undefined;
      } | undefined;
      criticality?: "critical" | "critical_plus" | "sheddable" | "sheddable_plus" | undefined;
      concurrency?: {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        maxQueued?: number | undefined;
        queueMs?: number | undefined;
        callerShare?: number | undefined;
        maxStreams?: number | undefined;
        max?: number | undefined;
        adaptive?: boolean | undefined;
        floor?: number | undefined;
      } | undefined;
      cache?: boolean | {
        ttlMs?: number | undefined;
        override?: boolean | undefined;
        negativeTtlMs?: number | undefined;
        heuristicPercent?: number | undefined;
        jitterPercent?: number | undefined;
        staleWhileRevalidateMs?: number | undefined;
        staleIfErrorMs?: number | undefined;
        scope?: "principal" | "shared" | {
          header: string;
        } | undefined;
        vary?: string[] | undefined;
        query?: "all" | string[] | undefined;
        forward?: "all" | "key" | undefined;
        authorization?: "bypass" | "forward" | "ignore" | undefined;
        clientControl?: "honor" | "ignore" | undefined;
        tags?: string[] | undefined;
        tagHeader?: string | undefined;
        targets?: string[] | undefined;
        storeErrors?: boolean | undefined;
        maxObjectBytes?: number | undefined;
        maxFollowers?: number | undefined;
        adaptive?: boolean | {
          maxFactor?: number | undefined;
          maxMs?: number | undefined;
        } | undefined;
        l2?: "cache-api" | "kv" | "none" | undefined;
      } | undefined;
      invalidates?: string[] | undefined;
      upstream?: {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        binding: string;
      } | {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        url: string;
      } | {
        binding: string;
        url: string;
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
      } | {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        endpoints?: ({
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
          binding: string;
        } | {
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
          url: string;
        } | {
          binding: string;
          url: string;
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
        })[] | undefined;
        registry?: boolean | undefined;
        health?: {
          check?: "grpc" | `/${string}` | undefined;
          intervalMs?: number | undefined;
          timeoutMs?: number | undefined;
          healthyAfter?: number | undefined;
          unhealthyAfter?: number | undefined;
        } | undefined;
        slowStartMs?: number | undefined;
        balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
        hashOn?: HashOnInput | undefined;
        zones?: true | {
          [x: string]: string;
        } | undefined;
        subset?: number | undefined;
        maxConcurrent?: number | undefined;
        maxQueued?: number | undefined;
        queueMs?: number | undefined;
        maxLoadPercent?: number | undefined;
      } | undefined;
      breaker?: {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        consecutive?: number | undefined;
        failurePercent?: number | undefined;
        slowPercent?: number | undefined;
        slowMs?: number | undefined;
        minCalls?: number | undefined;
        outlierFactor?: number | undefined;
        maxOpenPercent?: number | undefined;
        openMs?: number | undefined;
        quorum?: number | undefined;
        probes?: number | undefined;
      } | undefined;
      throttle?: {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        belowPercent?: number | undefined;
        minCalls?: number | undefined;
        honor?: "enforce" | "off" | "report" | undefined;
      } | undefined;
      traffic?: {
        canaries?: {
          name: string;
          upstream?: {
            protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
            requestStreams?: "refuse" | "unimplemented" | undefined;
            timeoutHeader?: "always" | "as_called" | undefined;
            retryBudget?: {
              percent?: number | undefined;
              minPerSecond?: number | undefined;
            } | undefined;
            binding: string;
          } | {
            protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
            requestStreams?: "refuse" | "unimplemented" | undefined;
            timeoutHeader?: "always" | "as_called" | undefined;
            retryBudget?: {
              percent?: number | undefined;
              minPerSecond?: number | undefined;
            } | undefined;
            url: string;
          } | {
            binding: string;
            url: string;
            protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
            requestStreams?: "refuse" | "unimplemented" | undefined;
            timeoutHeader?: "always" | "as_called" | undefined;
            retryBudget?: {
              percent?: number | undefined;
              minPerSecond?: number | undefined;
            } | undefined;
          } | {
            protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
            requestStreams?: "refuse" | "unimplemented" | undefined;
            timeoutHeader?: "always" | "as_called" | undefined;
            retryBudget?: {
              percent?: number | undefined;
              minPerSecond?: number | undefined;
            } | undefined;
            endpoints?: ({
              weight?: number | undefined;
              priority?: number | undefined;
              zone?: string | undefined;
              binding: string;
            } | {
              weight?: number | undefined;
              priority?: number | undefined;
              zone?: string | undefined;
              url: string;
            } | {
              binding: string;
              url: string;
              weight?: number | undefined;
              priority?: number | undefined;
              zone?: string | undefined;
            })[] | undefined;
            registry?: boolean | undefined;
            health?: {
              check?: "grpc" | `/${string}` | undefined;
              intervalMs?: number | undefined;
              timeoutMs?: number | undefined;
              healthyAfter?: number | undefined;
              unhealthyAfter?: number | undefined;
            } | undefined;
            slowStartMs?: number | undefined;
            balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
            hashOn?: HashOnInput | undefined;
            zones?: true | {
              [x: string]: string;
            } | undefined;
            subset?: number | undefined;
            maxConcurrent?: number | undefined;
            maxQueued?: number | undefined;
            queueMs?: number | undefined;
            maxLoadPercent?: number | undefined;
          } | undefined;
          percent?: number | undefined;
          header?: string | undefined;
          cookie?: string | undefined;
        }[] | undefined;
        stickOn?: HashOnInput | undefined;
        mirror?: {
          upstream?: {
            protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
            requestStreams?: "refuse" | "unimplemented" | undefined;
            timeoutHeader?: "always" | "as_called" | undefined;
            retryBudget?: {
              percent?: number | undefined;
              minPerSecond?: number | undefined;
            } | undefined;
            binding: string;
          } | {
            protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
            requestStreams?: "refuse" | "unimplemented" | undefined;
            timeoutHeader?: "always" | "as_called" | undefined;
            retryBudget?: {
              percent?: number | undefined;
              minPerSecond?: number | undefined;
            } | undefined;
            url: string;
          } | {
            binding: string;
            url: string;
            protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
            requestStreams?: "refuse" | "unimplemented" | undefined;
            timeoutHeader?: "always" | "as_called" | undefined;
            retryBudget?: {
              percent?: number | undefined;
              minPerSecond?: number | undefined;
            } | undefined;
          } | {
            protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
            requestStreams?: "refuse" | "unimplemented" | undefined;
            timeoutHeader?: "always" | "as_called" | undefined;
            retryBudget?: {
              percent?: number | undefined;
              minPerSecond?: number | undefined;
            } | undefined;
            endpoints?: ({
              weight?: number | undefined;
              priority?: number | undefined;
              zone?: string | undefined;
              binding: string;
            } | {
              weight?: number | undefined;
              priority?: number | undefined;
              zone?: string | undefined;
              url: string;
            } | {
              binding: string;
              url: string;
              weight?: number | undefined;
              priority?: number | undefined;
              zone?: string | undefined;
            })[] | undefined;
            registry?: boolean | undefined;
            health?: {
              check?: "grpc" | `/${string}` | undefined;
              intervalMs?: number | undefined;
              timeoutMs?: number | undefined;
              healthyAfter?: number | undefined;
              unhealthyAfter?: number | undefined;
            } | undefined;
            slowStartMs?: number | undefined;
            balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
            hashOn?: HashOnInput | undefined;
            zones?: true | {
              [x: string]: string;
            } | undefined;
            subset?: number | undefined;
            maxConcurrent?: number | undefined;
            maxQueued?: number | undefined;
            queueMs?: number | undefined;
            maxLoadPercent?: number | undefined;
          } | undefined;
          percent?: number | undefined;
        } | undefined;
      } | undefined;
      methods?: {
        [x: string]: {
          auth?: "off" | "optional" | "required" | {
            mode?: "enforce" | "off" | "report" | undefined;
            percent?: number | undefined;
            callers: "off" | "optional" | "required";
          } | undefined;
          scopes?: string[] | undefined;
          addresses?: {
            mode?: "enforce" | "off" | "report" | undefined;
            percent?: number | undefined;
            allow?: string[] | undefined;
            deny?: string[] | undefined;
          } | undefined;
          allow?: string | false | {
            mode?: "enforce" | "off" | "report" | undefined;
            percent?: number | undefined;
            expression: string;
          } | undefined;
          forwardCredentials?: boolean | undefined;
          http?: {
            get?: string | undefined;
            put?: string | undefined;
            post?: string | undefined;
            delete?: string | undefined;
            patch?: string | undefined;
            custom?: {
              kind?: string | undefined;
              path?: string | undefined;
            } | undefined;
            body?: string | undefined;
            responseBody?: string | undefined;
          }[] | undefined;
          idempotency?: "idempotent" | "no_side_effects" | "unknown" | undefined;
          readTimeoutMs?: number | undefined;
          bodyIdleMs?: number | undefined;
          requestStreamIdleMs?: number | undefined;
          streamTimeoutMs?: number | undefined;
          streamIdleMs?: number | undefined;
          maxBodyBytes?: number | undefined;
          maxInflation?: number | undefined;
          maxMessageElements?: number | undefined;
          maxResponseBytes?: number | undefined;
          maxResponseElements?: number | undefined;
          forwardResponseHeaders?: ("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[] | undefined;
          serverTiming?: boolean | undefined;
          requestHeaders?: {
            remove?: string[] | undefined;
            set?: {
              [x: string]: string;
            } | undefined;
            default?: {
              [x: string]: string;
            } | undefined;
            add?: {
              [x: string]: string | string[];
            } | undefined;
          } | undefined;
          responseHeaders?: {
            remove?: string[] | undefined;
            set?: {
              [x: string]: string;
            } | undefined;
            default?: {
              [x: string]: string;
            } | undefined;
            add?: {
              [x: string]: string | string[];
            } | undefined;
          } | undefined;
          layers?: {
            [x: string]: {
              [x: string]: unknown;
            };
          } | undefined;
          validate?: "enforce" | "off" | "report" | {
            mode?: "enforce" | "off" | "report" | undefined;
            percent?: number | undefined;
          } | undefined;
          rateLimits?: string[] | undefined;
          cost?: number | {
            header?: string | undefined;
            estimate?: number | undefined;
            of?: CostFunction | undefined;
            max: number;
          } | undefined;
          messageCost?: number | undefined;
          retries?: false | {
            max?: number | undefined;
            baseMs?: number | undefined;
            maxMs?: number | undefined;
            perAttemptMs?: number | undefined;
            codes?: ("aborted" | "data_loss" | "deadline_exceeded" | "internal" | "resource_exhausted" | "unavailable" | "unknown")[] | undefined;
          } | undefined;
          hedging?: false | {
            percent?: number | undefined;
            quantile?: number | undefined;
            minMs?: number | undefined;
          } | undefined;
          fallback?: false | {
            upstream?: {
              protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
              requestStreams?: "refuse" | "unimplemented" | undefined;
              timeoutHeader?: "always" | "as_called" | undefined;
              retryBudget?: {
                percent?: number | undefined;
                minPerSecond?: number | undefined;
              } | undefined;
              binding: string;
            } | {
              protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
              requestStreams?: "refuse" | "unimplemented" | undefined;
              timeoutHeader?: "always" | "as_called" | undefined;
              retryBudget?: {
                percent?: number | undefined;
                minPerSecond?: number | undefined;
              } | undefined;
              url: string;
            } | {
              binding: string;
              url: string;
              protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
              requestStreams?: "refuse" | "unimplemented" | undefined;
              timeoutHeader?: "always" | "as_called" | undefined;
              retryBudget?: {
                percent?: number | undefined;
                minPerSecond?: number | undefined;
              } | undefined;
            } | {
              protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
              requestStreams?: "refuse" | "unimplemented" | undefined;
              timeoutHeader?: "always" | "as_called" | undefined;
              retryBudget?: {
                percent?: number | undefined;
                minPerSecond?: number | undefined;
              } | undefined;
              endpoints?: ({
                weight?: number | undefined;
                priority?: number | undefined;
                zone?: string | undefined;
                binding: string;
              } | {
                weight?: number | undefined;
                priority?: number | undefined;
                zone?: string | undefined;
                url: string;
              } | {
                binding: string;
                url: string;
                weight?: number | undefined;
                priority?: number | undefined;
                zone?: string | undefined;
              })[] | undefined;
              registry?: boolean | undefined;
              health?: {
                check?: "grpc" | `/${string}` | undefined;
                intervalMs?: number | undefined;
                timeoutMs?: number | undefined;
                healthyAfter?: number | undefined;
                unhealthyAfter?: number | undefined;
              } | undefined;
              slowStartMs?: number | undefined;
              balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
              hashOn?: HashOnInput | undefined;
              zones?: true | {
                [x: string]: string;
              } | undefined;
              subset?: number | undefined;
              maxConcurrent?: number | undefined;
              maxQueued?: number | undefined;
              queueMs?: number | undefined;
              maxLoadPercent?: number | undefined;
            } | undefined;
            response?: object | undefined;
          } | undefined;
          criticality?: "critical" | "critical_plus" | "sheddable" | "sheddable_plus" | undefined;
          concurrency?: {
            mode?: "enforce" | "off" | "report" | undefined;
            percent?: number | undefined;
            maxQueued?: number | undefined;
            queueMs?: number | undefined;
            callerShare?: number | undefined;
            maxStreams?: number | undefined;
            max?: number | undefined;
            adaptive?: boolean | undefined;
            floor?: number | undefined;
          } | undefined;
          cache?: boolean | {
            ttlMs?: number | undefined;
            override?: boolean | undefined;
            negativeTtlMs?: number | undefined;
            heuristicPercent?: number | undefined;
            jitterPercent?: number | undefined;
            staleWhileRevalidateMs?: number | undefined;
            staleIfErrorMs?: number | undefined;
            scope?: "principal" | "shared" | {
              header: string;
            } | undefined;
            vary?: string[] | undefined;
            query?: "all" | string[] | undefined;
            forward?: "all" | "key" | undefined;
            authorization?: "bypass" | "forward" | "ignore" | undefined;
            clientControl?: "honor" | "ignore" | undefined;
            tags?: string[] | undefined;
            tagHeader?: string | undefined;
            targets?: string[] | undefined;
            storeErrors?: boolean | undefined;
            maxObjectBytes?: number | undefined;
            maxFollowers?: number | undefined;
            adaptive?: boolean | {
              maxFactor?: number | undefined;
              maxMs?: number | undefined;
            } | undefined;
            l2?: "cache-api" | "kv" | "none" | undefined;
          } | undefined;
          invalidates?: string[] | undefined;
        };
      } | undefined;
    };
  }, unknown>, undefined>;
  readonly defaults: v.OptionalSchema<SettingSchema<{
    auth?: "off" | "optional" | "required" | {
      mode?: "enforce" | "off" | "report" | undefined;
      percent?: number | undefined;
      callers: "off" | "optional" | "required";
    } | undefined;
    scopes?: string[] | undefined;
    addresses?: {
      mode?: "enforce" | "off" | "report" | undefined;
      percent?: number | undefined;
      allow?: string[] | undefined;
      deny?: string[] | undefined;
    } | undefined;
    allow?: string | false | {
      mode?: "enforce" | "off" | "report" | undefined;
      percent?: number | undefined;
      expression: string;
    } | undefined;
    forwardCredentials?: boolean | undefined;
    readTimeoutMs?: number | undefined;
    bodyIdleMs?: number | undefined;
    requestStreamIdleMs?: number | undefined;
    streamTimeoutMs?: number | undefined;
    streamIdleMs?: number | undefined;
    maxBodyBytes?: number | undefined;
    maxInflation?: number | undefined;
    maxMessageElements?: number | undefined;
    maxResponseBytes?: number | undefined;
    maxResponseElements?: number | undefined;
    forwardResponseHeaders?: ("alt-svc" | "clear-site-data" | "nel" | "refresh" | "report-to" | "server" | "service-worker-allowed" | "set-cookie" | "strict-transport-security" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-backend-server" | "x-generator" | "x-powered-by" | "x-runtime")[] | undefined;
    serverTiming?: boolean | undefined;
    requestHeaders?: {
      remove?: string[] | undefined;
      set?: {
        [x: string]: string;
      } | undefined;
      default?: {
        [x: string]: string;
      } | undefined;
      add?: {
        [x: string]: string | string[];
      } | undefined;
    } | undefined;
    responseHeaders?: {
      remove?: string[] | undefined;
      set?: {
        [x: string]: string;
      } | undefined;
      default?: {
        [x: string]: string;
      } | undefined;
      add?: {
        [x: string]: string | string[];
      } | undefined;
    } | undefined;
    layers?: {
      [x: string]: {
        [x: string]: unknown;
      };
    } | undefined;
    validate?: "enforce" | "off" | "report" | {
      mode?: "enforce" | "off" | "report" | undefined;
      percent?: number | undefined;
    } | undefined;
    rateLimits?: string[] | undefined;
    cost?: number | {
      header?: string | undefined;
      estimate?: number | undefined;
      of?: CostFunction | undefined;
      max: number;
    } | undefined;
    messageCost?: number | undefined;
    retries?: false | {
      max?: number | undefined;
      baseMs?: number | undefined;
      maxMs?: number | undefined;
      perAttemptMs?: number | undefined;
      codes?: ("aborted" | "data_loss" | "deadline_exceeded" | "internal" | "resource_exhausted" | "unavailable" | "unknown")[] | undefined;
    } | undefined;
    hedging?: false | {
      percent?: number | undefined;
      quantile?: number | undefined;
      minMs?: number | undefined;
    } | undefined;
    fallback?: false | {
      upstream?: {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        binding: string;
      } | {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        url: string;
      } | {
        binding: string;
        url: string;
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
      } | {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        endpoints?: ({
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
          binding: string;
        } | {
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
          url: string;
        } | {
          binding: string;
          url: string;
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
        })[] | undefined;
        registry?: boolean | undefined;
        health?: {
          check?: "grpc" | `/${string}` | undefined;
          intervalMs?: number | undefined;
          timeoutMs?: number | undefined;
          healthyAfter?: number | undefined;
          unhealthyAfter?: number | undefined;
        } | undefined;
        slowStartMs?: number | undefined;
        balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
        hashOn?: HashOnInput | undefined;
        zones?: true | {
          [x: string]: string;
        } | undefined;
        subset?: number | undefined;
        maxConcurrent?: number | undefined;
        maxQueued?: number | undefined;
        queueMs?: number | undefined;
        maxLoadPercent?: number | undefined;
      } | undefined;
      response?: object | undefined;
    } | undefined;
    criticality?: "critical" | "critical_plus" | "sheddable" | "sheddable_plus" | undefined;
    concurrency?: {
      mode?: "enforce" | "off" | "report" | undefined;
      percent?: number | undefined;
      maxQueued?: number | undefined;
      queueMs?: number | undefined;
      callerShare?: number | undefined;
      maxStreams?: number | undefined;
      max?: number | undefined;
      adaptive?: boolean | undefined;
      floor?: number | undefined;
    } | undefined;
    cache?: boolean | {
      ttlMs?: number | undefined;
      override?: boolean | undefined;
      negativeTtlMs?: number | undefined;
      heuristicPercent?: number | undefined;
      jitterPercent?: number | undefined;
      staleWhileRevalidateMs?: number | undefined;
      staleIfErrorMs?: number | undefined;
      scope?: "principal" | "shared" | {
        header: string;
      } | undefined;
      vary?: string[] | undefined;
      query?: "all" | string[] | undefined;
      forward?: "all" | "key" | undefined;
      authorization?: "bypass" | "forward" | "ignore" | undefined;
      clientControl?: "honor" | "ignore" | undefined;
      tags?: string[] | undefined;
      tagHeader?: string | undefined;
      targets?: string[] | undefined;
      storeErrors?: boolean | undefined;
      maxObjectBytes?: number | undefined;
      maxFollowers?: number | undefined;
      adaptive?: boolean | {
        maxFactor?: number | undefined;
        maxMs?: number | undefined;
      } | undefined;
      l2?: "cache-api" | "kv" | "none" | undefined;
    } | undefined;
    invalidates?: string[] | undefined;
  }, unknown>, undefined>;
  readonly auth: v.OptionalSchema<SettingSchema<{
    issuers?: {
      [x: string]: {
        audiences?: string[] | undefined;
        algorithms?: ("ES256" | "ES384" | "ES512" | "EdDSA" | "PS256" | "PS384" | "PS512" | "RS256" | "RS384" | "RS512")[] | undefined;
        types?: string[] | undefined;
        skewSeconds?: number | undefined;
        jwks?: JwkSet | undefined;
        jwksUrl?: string | undefined;
        discoveryUrl?: string | undefined;
        refreshSeconds?: number | undefined;
        refetchSeconds?: number | undefined;
        maxStaleSeconds?: number | undefined;
      };
    } | undefined;
    resource?: {
      url: string;
    } | undefined;
    access?: {
      team: string;
      audiences: string[];
      jwks?: JwkSet | undefined;
    } | undefined;
    certificates?: boolean | undefined;
    keys?: {
      env: string;
      tagSecrets: string[];
      tokenBinding?: string | undefined;
      header?: string | undefined;
      importedPrefixes?: string[] | undefined;
      revocationMaxAgeMs?: number | undefined;
      maxStaleMs?: number | undefined;
      waitMs?: number | undefined;
      cacheBytes?: number | undefined;
    } | undefined;
    signatures?: {
      keys?: {
        [x: string]: {
          algorithm?: "ed25519" | "hmac-sha256" | undefined;
          publicKey?: string | undefined;
          secretBinding?: string | undefined;
          name?: string | undefined;
          scopes?: string[] | undefined;
        };
      } | undefined;
      windowSeconds?: number | undefined;
      replay?: "isolate" | "strict" | undefined;
      digest?: "enforce" | "off" | "report" | {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
      } | undefined;
      fields?: string[] | undefined;
    } | undefined;
    agents?: {
      directories?: string[] | undefined;
      open?: boolean | undefined;
      windowSeconds?: number | undefined;
      scopes?: string[] | undefined;
    } | undefined;
    identity?: {
      name?: string | undefined;
      keyBindings?: string[] | undefined;
      claims?: string[] | undefined;
    } | undefined;
  }, unknown>, undefined>;
  readonly rateLimits: v.OptionalSchema<SettingSchema<{
    [x: string]: {
      capacity: number;
      rate: number;
      intervalMs?: number | undefined;
      key?: "all" | "ip" | "principal" | "route" | {
        header?: string | undefined;
        claim?: string | undefined;
        field?: string | undefined;
      } | undefined;
      mode?: "auto" | "exact" | "leased" | "local" | undefined;
      binding?: string | undefined;
      scope?: "region" | "world" | undefined;
      perAddress?: number | "off" | undefined;
      tiers?: {
        by?: "key" | "principal" | {
          header?: string | undefined;
          claim?: string | undefined;
        } | undefined;
        plans?: {
          [x: string]: {
            capacity: number;
            rate: number;
            intervalMs?: number | undefined;
          };
        } | undefined;
      } | undefined;
      exempt?: string[] | undefined;
      enforcement?: "enforce" | "off" | "report" | {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
      } | undefined;
      enforce?: number | "off" | "report" | undefined;
      fail?: "closed" | "open" | "reuse" | undefined;
      waitMs?: number | undefined;
      compat?: boolean | undefined;
    };
  }, unknown>, undefined>;
  readonly rateLimitShards: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly durableObjects: v.OptionalSchema<Block<{
    readonly jurisdiction: v.OptionalSchema<v.PicklistSchema<readonly ("eu" | "fedramp" | "us")[], ({ input }: v.PicklistIssue) => string>, undefined>;
  }>, {
    jurisdiction?: "eu" | "fedramp" | "us" | undefined;
  }>;
  readonly cors: v.OptionalSchema<SettingSchema<{
    origins: string[];
    credentials?: boolean | undefined;
    maxAgeSeconds?: number | undefined;
    allowHeaders?: string[] | undefined;
    exposeHeaders?: string[] | undefined;
  }, unknown>, undefined>;
  readonly maxUrlBytes: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
    readonly unit: string;
  }>]>, number>;
  readonly headers: v.OptionalSchema<Block<{
    readonly maxCount: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
      readonly unit: string;
    }>]>, number>;
    readonly maxBytes: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
      readonly unit: string;
    }>]>, number>;
    readonly unusualNames: v.OptionalSchema<v.PicklistSchema<readonly ("drop" | "pass" | "refuse")[], ({ input }: v.PicklistIssue) => string>, "drop" | "pass" | "refuse">;
    readonly forward: v.OptionalSchema<v.SchemaWithPipe<readonly [v.ArraySchema<v.SchemaWithPipe<readonly [v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
      readonly shape: string | undefined;
    }>]>, v.ToLowerCaseAction]>, string>, v.MaxLengthAction<string[], number, string>, v.MetadataAction<string[], {
      readonly shape: string;
      readonly fix: string;
    }>]>, string[]>;
  }>, {
    maxCount?: number | undefined;
    maxBytes?: number | undefined;
    unusualNames?: "drop" | "pass" | "refuse" | undefined;
    forward?: string[] | undefined;
  }>;
  readonly rest: v.OptionalSchema<Block<{
    readonly onUnsupportedRule: v.OptionalSchema<v.PicklistSchema<readonly ("refuse" | "skip")[], ({ input }: v.PicklistIssue) => string>, "refuse" | "skip">;
    readonly ignoreUnknownQuery: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
    readonly ignoredQuery: v.OptionalSchema<v.SchemaWithPipe<readonly [v.ArraySchema<v.SchemaWithPipe<readonly [v.StringSchema<"write at most 50 names of query parameters, of 1 to 100 characters: [\"alt\", \"key\"]">, v.MinLengthAction<string, 1, "write at most 50 names of query parameters, of 1 to 100 characters: [\"alt\", \"key\"]">, v.MaxLengthAction<string, 100, "write at most 50 names of query parameters, of 1 to 100 characters: [\"alt\", \"key\"]">]>, "write at most 50 names of query parameters, of 1 to 100 characters: [\"alt\", \"key\"]">, v.MaxLengthAction<string[], 50, "write at most 50 names of query parameters, of 1 to 100 characters: [\"alt\", \"key\"]">, v.MetadataAction<string[], {
      readonly shape: "parameter names";
    }>]>, string[]>;
    readonly ignoreUnknownFields: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
    readonly assumeJson: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
    readonly jsonRequestStreams: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
    readonly caseInsensitiveEnums: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
    readonly inferUpdateMask: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
    readonly printDefaults: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
    readonly enumsAsNumbers: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
    readonly protoFieldNames: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
    readonly events: v.OptionalSchema<Block<{
      readonly headersAfterMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
        readonly unit: string;
      }>]>, number>;
      readonly keepAliveMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.UnionSchema<[v.LiteralSchema<0, undefined>, v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
        readonly unit: string;
      }>]>], "write a whole number from 1000 to 600000 (ms, or 0 for never)">, v.TransformAction<number, number>]>, number>;
    }>, {
      headersAfterMs?: number | undefined;
      keepAliveMs?: number | undefined;
    }>;
  }>, {
    onUnsupportedRule?: "refuse" | "skip" | undefined;
    ignoreUnknownQuery?: boolean | undefined;
    ignoredQuery?: string[] | undefined;
    ignoreUnknownFields?: boolean | undefined;
    assumeJson?: boolean | undefined;
    jsonRequestStreams?: boolean | undefined;
    caseInsensitiveEnums?: boolean | undefined;
    inferUpdateMask?: boolean | undefined;
    printDefaults?: boolean | undefined;
    enumsAsNumbers?: boolean | undefined;
    protoFieldNames?: boolean | undefined;
    events?: {
      headersAfterMs?: number | undefined;
      keepAliveMs?: number | undefined;
    } | undefined;
  }>;
  readonly openapi: v.OptionalSchema<SettingSchema<{
    title?: string | undefined;
    version?: string | undefined;
    description?: string | undefined;
    contact?: {
      name?: string | undefined;
      url?: string | undefined;
      email?: string | undefined;
    } | undefined;
    license?: {
      name: string;
      identifier?: string | undefined;
      url?: string | undefined;
    } | undefined;
    servers?: string[] | undefined;
    security?: {
      [x: string]: {
        description?: string | undefined;
        type: "http";
        scheme: "basic" | "bearer";
        bearerFormat?: string | undefined;
      } | {
        description?: string | undefined;
        type: "apiKey";
        in: "cookie" | "header" | "query";
        name: string;
      } | {
        description?: string | undefined;
        type: "openIdConnect";
        openIdConnectUrl: string;
      } | {
        description?: string | undefined;
        type: "mutualTLS";
      };
    } | undefined;
  }, unknown>, undefined>;
  readonly discovery: v.OptionalSchema<SettingSchema<boolean | {
    maxMessages?: number | undefined;
    maxMessageBytes?: number | undefined;
  }, unknown>, undefined>;
  readonly admin: v.OptionalSchema<SettingSchema<{
    secretBinding?: string | undefined;
    host?: string | undefined;
    roles?: {
      [x: string]: "admin" | "operator" | "viewer";
    } | undefined;
  }, unknown>, undefined>;
  readonly control: v.OptionalSchema<SettingSchema<{
    coldWaitMs?: number | undefined;
    pollMs?: number | undefined;
    kv?: string | undefined;
  }, unknown>, undefined>;
  readonly registry: v.OptionalSchema<SettingSchema<{
    tokenBinding?: string | undefined;
    allowPrivate?: boolean | undefined;
    allowIpAddresses?: boolean | undefined;
    allowHttp?: boolean | undefined;
    allowPorts?: number[] | undefined;
    ownHosts?: string[] | undefined;
    pollMs?: number | undefined;
  }, unknown>, undefined>;
  readonly breakers: v.OptionalSchema<SettingSchema<{
    tokenBinding?: string | undefined;
  }, unknown>, undefined>;
  readonly purge: v.OptionalSchema<SettingSchema<{
    tokenBinding?: string | undefined;
    pollMs?: number | undefined;
    strict?: boolean | undefined;
    waitMs?: number | undefined;
  }, unknown>, undefined>;
  readonly overload: v.OptionalSchema<SettingSchema<{
    mode?: "enforce" | "off" | "report" | undefined;
    percent?: number | undefined;
    maxQueued?: number | undefined;
    queueMs?: number | undefined;
    memoryBytes?: number | undefined;
    callerShare?: number | undefined;
    maxStreams?: number | undefined;
    maxInFlight?: number | undefined;
    trusted?: "principals" | string[] | undefined;
  }, unknown>, undefined>;
  readonly console: v.OptionalSchema<Block<{
    readonly enabled: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
  }>, {
    enabled?: boolean | undefined;
  }>;
  readonly log: v.OptionalSchema<Block<{
    readonly okPercent: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
      readonly unit: string;
    }>]>, number>;
    readonly refusedPercent: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
      readonly unit: string;
    }>]>, number>;
    readonly failedPercent: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
      readonly unit: string;
    }>]>, number>;
    readonly slowPercent: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
      readonly unit: string;
    }>]>, number>;
    readonly slowMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
      readonly unit: string;
    }>]>, number>;
    readonly fields: v.OptionalSchema<v.SchemaWithPipe<readonly [v.ArraySchema<v.PicklistSchema<readonly ("address" | "attempts" | "cache" | "code" | "durationMs" | "endpoint" | "httpMethod" | "identity" | "path" | "protocol" | "reason" | "requestId" | "route" | "status" | "upstream" | "upstreamMs")[], ({ input }: v.PicklistIssue) => string>, string>, v.MaxLengthAction<("address" | "attempts" | "cache" | "code" | "durationMs" | "endpoint" | "httpMethod" | "identity" | "path" | "protocol" | "reason" | "requestId" | "route" | "status" | "upstream" | "upstreamMs")[], number, string>, v.MetadataAction<("address" | "attempts" | "cache" | "code" | "durationMs" | "endpoint" | "httpMethod" | "identity" | "path" | "protocol" | "reason" | "requestId" | "route" | "status" | "upstream" | "upstreamMs")[], {
      readonly shape: string;
      readonly fix: string;
    }>]>, ("address" | "attempts" | "cache" | "code" | "durationMs" | "endpoint" | "httpMethod" | "identity" | "path" | "protocol" | "reason" | "requestId" | "route" | "status" | "upstream" | "upstreamMs")[]>;
    readonly requestHeaders: v.OptionalSchema<v.SchemaWithPipe<readonly [v.ArraySchema<v.SchemaWithPipe<readonly [v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
      readonly shape: string | undefined;
    }>]>, v.ToLowerCaseAction]>, string>, v.MaxLengthAction<string[], number, string>, v.MetadataAction<string[], {
      readonly shape: string;
      readonly fix: string;
    }>]>, string[]>;
    readonly maxValueLength: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
      readonly unit: string;
    }>]>, number>;
  }>, {
    okPercent?: number | undefined;
    refusedPercent?: number | undefined;
    failedPercent?: number | undefined;
    slowPercent?: number | undefined;
    slowMs?: number | undefined;
    fields?: ("address" | "attempts" | "cache" | "code" | "durationMs" | "endpoint" | "httpMethod" | "identity" | "path" | "protocol" | "reason" | "requestId" | "route" | "status" | "upstream" | "upstreamMs")[] | undefined;
    requestHeaders?: string[] | undefined;
    maxValueLength?: number | undefined;
  }>;
  readonly metrics: v.OptionalSchema<Block<{
    readonly enabled: v.OptionalSchema<v.BooleanSchema<"write true or false">, boolean>;
    readonly tokenBinding: v.OptionalSchema<v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
      readonly shape: string | undefined;
    }>]>, undefined>;
    readonly otlpUrl: v.OptionalSchema<v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
      readonly shape: string | undefined;
    }>]>, undefined>;
    readonly otlpSecretBinding: v.OptionalSchema<v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
      readonly shape: string | undefined;
    }>]>, undefined>;
    readonly otlpHeader: v.OptionalSchema<v.SchemaWithPipe<readonly [v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
      readonly shape: string | undefined;
    }>]>, v.ToLowerCaseAction]>, string>;
    readonly otlpIntervalMs: v.OptionalSchema<v.SchemaWithPipe<readonly [v.NumberSchema<string>, v.SafeIntegerAction<number, string>, v.MinValueAction<number, number, string>, v.MaxValueAction<number, number, string>, v.MetadataAction<number, {
      readonly unit: string;
    }>]>, number>;
    readonly analyticsEngine: v.OptionalSchema<v.SchemaWithPipe<readonly [v.StringSchema<string>, v.RegexAction<string, string>, v.MetadataAction<string, {
      readonly shape: string | undefined;
    }>]>, undefined>;
  }>, {
    enabled?: boolean | undefined;
    tokenBinding?: string | undefined;
    otlpUrl?: string | undefined;
    otlpSecretBinding?: string | undefined;
    otlpHeader?: string | undefined;
    otlpIntervalMs?: number | undefined;
    analyticsEngine?: string | undefined;
  }>;
  readonly tracing: v.OptionalSchema<SettingSchema<{
    platform?: boolean | undefined;
    otlpUrl?: string | undefined;
    otlpSecretBinding?: string | undefined;
    otlpHeader?: string | undefined;
    ratio?: number | undefined;
    slowMs?: number | undefined;
    maxKeptPerMinute?: number | undefined;
  }, unknown>, undefined>;
  readonly httpRoutes: v.OptionalSchema<SettingSchema<{
    [x: string]: {
      maxResponseBytes?: number | "unlimited" | undefined;
      stripPrefix?: boolean | undefined;
      replacePrefix?: string | undefined;
      restorePrefix?: boolean | undefined;
      ambiguousPaths?: "forward" | "refuse" | undefined;
      upstream?: {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        binding: string;
      } | {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        url: string;
      } | {
        binding: string;
        url: string;
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
      } | {
        protocol?: "both" | "connect" | "grpc" | "grpc_web" | undefined;
        requestStreams?: "refuse" | "unimplemented" | undefined;
        timeoutHeader?: "always" | "as_called" | undefined;
        retryBudget?: {
          percent?: number | undefined;
          minPerSecond?: number | undefined;
        } | undefined;
        endpoints?: ({
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
          binding: string;
        } | {
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
          url: string;
        } | {
          binding: string;
          url: string;
          weight?: number | undefined;
          priority?: number | undefined;
          zone?: string | undefined;
        })[] | undefined;
        registry?: boolean | undefined;
        health?: {
          check?: "grpc" | `/${string}` | undefined;
          intervalMs?: number | undefined;
          timeoutMs?: number | undefined;
          healthyAfter?: number | undefined;
          unhealthyAfter?: number | undefined;
        } | undefined;
        slowStartMs?: number | undefined;
        balancer?: "consistent_hash" | "learned" | "least_request" | "least_time" | "maglev" | "p2c_ewma" | "random" | "rendezvous" | "round_robin" | "weighted" | undefined;
        hashOn?: HashOnInput | undefined;
        zones?: true | {
          [x: string]: string;
        } | undefined;
        subset?: number | undefined;
        maxConcurrent?: number | undefined;
        maxQueued?: number | undefined;
        queueMs?: number | undefined;
        maxLoadPercent?: number | undefined;
      } | undefined;
      breaker?: {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        consecutive?: number | undefined;
        failurePercent?: number | undefined;
        slowPercent?: number | undefined;
        slowMs?: number | undefined;
        minCalls?: number | undefined;
        outlierFactor?: number | undefined;
        maxOpenPercent?: number | undefined;
        openMs?: number | undefined;
        quorum?: number | undefined;
        probes?: number | undefined;
      } | undefined;
      throttle?: {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        belowPercent?: number | undefined;
        minCalls?: number | undefined;
        honor?: "enforce" | "off" | "report" | undefined;
      } | undefined;
      readTimeoutMs?: number | undefined;
      bodyIdleMs?: number | undefined;
      maxBodyBytes?: number | undefined;
      auth?: "off" | "optional" | "required" | {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        callers: "off" | "optional" | "required";
      } | undefined;
      scopes?: string[] | undefined;
      addresses?: {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        allow?: string[] | undefined;
        deny?: string[] | undefined;
      } | undefined;
      allow?: string | false | {
        mode?: "enforce" | "off" | "report" | undefined;
        percent?: number | undefined;
        expression: string;
      } | undefined;
      forwardCredentials?: boolean | undefined;
      rateLimits?: string[] | undefined;
      cost?: number | undefined;
      cache?: boolean | {
        ttlMs?: number | undefined;
        override?: boolean | undefined;
        negativeTtlMs?: number | undefined;
        heuristicPercent?: number | undefined;
        jitterPercent?: number | undefined;
        staleWhileRevalidateMs?: number | undefined;
        staleIfErrorMs?: number | undefined;
        scope?: "principal" | "shared" | {
          header: string;
        } | undefined;
        vary?: string[] | undefined;
        query?: "all" | string[] | undefined;
        forward?: "all" | "key" | undefined;
        authorization?: "bypass" | "forward" | "ignore" | undefined;
        clientControl?: "honor" | "ignore" | undefined;
        tags?: string[] | undefined;
        tagHeader?: string | undefined;
        targets?: string[] | undefined;
        storeErrors?: boolean | undefined;
        maxObjectBytes?: number | undefined;
        maxFollowers?: number | undefined;
        adaptive?: boolean | {
          maxFactor?: number | undefined;
          maxMs?: number | undefined;
        } | undefined;
        l2?: "cache-api" | "kv" | "none" | undefined;
      } | undefined;
      serverTiming?: boolean | undefined;
      requestHeaders?: {
        remove?: string[] | undefined;
        set?: {
          [x: string]: string;
        } | undefined;
        default?: {
          [x: string]: string;
        } | undefined;
        add?: {
          [x: string]: string | string[];
        } | undefined;
      } | undefined;
      responseHeaders?: {
        remove?: string[] | undefined;
        set?: {
          [x: string]: string;
        } | undefined;
        default?: {
          [x: string]: string;
        } | undefined;
        add?: {
          [x: string]: string | string[];
        } | undefined;
      } | undefined;
      layers?: {
        [x: string]: {
          [x: string]: unknown;
        };
      } | undefined;
    };
  }, unknown>, undefined>;
  readonly cache: v.OptionalSchema<SettingSchema<{
    maxEntries?: number | undefined;
    maxBytes?: number | undefined;
    shards?: number | undefined;
    store?: "lru" | "s3-fifo" | undefined;
    l2WaitPercent?: number | undefined;
    l2WaitMinMs?: number | undefined;
    l2WaitMs?: number | undefined;
  }, unknown>, undefined>;
  readonly descriptors: v.OptionalSchema<SettingSchema<(string | Uint8Array<ArrayBufferLike>)[], unknown>, undefined>;
}>;
type Listed = InputOf<typeof GATEWAY_SETTINGS>;
/** What stands in gateway.config.ts. Every setting is explained in docs/parameters.md. */
type GatewayInput = Listed & {
  readonly services: NonNullable<Listed["services"]>;
};
/** Gives gateway.config.ts its types, with the names of the protos; everything else is checked when it loads. */
declare function defineGateway<const D extends GatewayInput["descriptors"] = undefined>(input: TypedInput<GatewayInput, D>): GatewayInput;
export { defineGateway as n, GatewayInput as t };