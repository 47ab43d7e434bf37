// The error responses of the document: google.rpc.Status or a Connect error under each HTTP status, and the headers of responses.
import type { Schema } from "./schemas/values.ts";

const STATUS = "#/components/schemas/google.rpc.Status";
const CONNECT_ERROR = "#/components/schemas/ConnectError";

export const STATUS_SCHEMA: Schema = {
  title: "Status",
  type: "object",
  description: "The error of a failed call.",
  properties: {
    code: { type: "integer", format: "int32", description: "The `google.rpc.Code`: 3 is `invalid_argument`, 5 is `not_found`." },
    message: { type: "string", description: "The error in English, for developers." },
    details: {
      type: "array",
      description: "Machine-readable details, such as `google.rpc.BadRequest` or `google.rpc.RetryInfo`.",
      items: { type: "object", properties: { "@type": { type: "string" } }, required: ["@type"], additionalProperties: true },
    },
  },
  required: ["code", "message", "details"],
};

export const STREAM_ERROR_SCHEMA: Schema = {
  title: "StreamError",
  type: "object",
  description: "The last element of a stream that failed after its first element. In an event stream its event is named `error`.",
  properties: { error: { $ref: STATUS } },
  required: ["error"],
};

/** @see https://connectrpc.com/docs/protocol#error-end-stream */
export const CONNECT_ERROR_SCHEMA: Schema = {
  title: "ConnectError",
  type: "object",
  description: "The error of a failed Connect call.",
  properties: {
    code: { type: "string", description: "The name of the code, such as `invalid_argument` or `not_found`." },
    message: { type: "string", description: "The error in English, for developers." },
    details: {
      type: "array",
      description: "Protobuf messages: the type, and the bytes in base64.",
      items: {
        type: "object",
        properties: { type: { type: "string" }, value: { type: "string" }, debug: {} },
        required: ["type", "value"],
      },
    },
  },
  required: ["code"],
};

export const HEADERS = {
  RateLimit: {
    description:
      "State of the rate limits that apply to the call: `r` is the number of calls left, `t` the seconds until there is one more.",
    schema: { type: "string", examples: ['"per-caller";r=99;t=1'] },
  },
  "RateLimit-Policy": {
    description: "The rate limits that apply to the call: `q` calls at once, refilled over `w` seconds.",
    schema: { type: "string", examples: ['"per-caller";q=100;w=2'] },
  },
  "Retry-After": { description: "Seconds to wait before the next attempt.", schema: { type: "integer", minimum: 1 } },
  "X-Request-Id": { description: "ID of the call in logs and traces.", schema: { type: "string" } },
};

interface Failure {
  readonly name: string;
  readonly status: number;
  readonly code: number;
  readonly description: string;
  readonly message: string;
  readonly details?: readonly unknown[];
  readonly headers?: readonly (keyof typeof HEADERS)[];
  /** Operations that can have this error; all by default. */
  readonly only?: "with a body" | "with side effects";
}

const violation = { field: "user.email", description: "must be an email address" };
const badRequest = { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [violation] };
const keyReused = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "IDEMPOTENCY_KEY_REUSED", domain: "tidegate" };
const retryInfo = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1s" };
const LIMITS = ["Retry-After", "RateLimit", "RateLimit-Policy"] as const;

/** Messages as the gateway writes them, and HTTP statuses of Connect's table. */
const FAILURES: readonly Failure[] = [
  {
    name: "BadRequest",
    status: 400,
    code: 3,
    description: "`invalid_argument`, `failed_precondition` or `out_of_range`",
    message: "request is invalid",
    details: [badRequest],
  },
  { name: "Unauthenticated", status: 401, code: 16, description: "`unauthenticated`", message: "credentials are missing or invalid" },
  { name: "PermissionDenied", status: 403, code: 7, description: "`permission_denied`", message: "permission denied" },
  { name: "NotFound", status: 404, code: 5, description: "`not_found`", message: "resource not found" },
  {
    name: "Conflict",
    status: 409,
    code: 6,
    description: "`already_exists` or `aborted`",
    message: "resource already exists",
    only: "with side effects",
  },
  {
    name: "TooLarge",
    status: 413,
    code: 8,
    description: "`resource_exhausted`: the body is too large",
    message: "request is larger than 1048576 bytes",
    only: "with a body",
  },
  {
    name: "UnsupportedMediaType",
    status: 415,
    code: 3,
    description: "The content type is not accepted",
    message: 'content type "text/plain" is not accepted, use application/json',
    only: "with a body",
  },
  {
    name: "KeyReused",
    status: 422,
    code: 9,
    description: "`failed_precondition`: the idempotency key was used before, for another request",
    message: "this idempotency key was used before, for a request that differs; send a new key with a new request",
    details: [keyReused],
    only: "with side effects",
  },
  {
    name: "TooManyRequests",
    status: 429,
    code: 8,
    description: "`resource_exhausted`: a rate limit is exceeded; retry after the time in `Retry-After`",
    message: 'rate limit "per-caller" exceeded',
    details: [retryInfo],
    headers: LIMITS,
  },
  { name: "Unimplemented", status: 501, code: 12, description: "`unimplemented`", message: "method is not implemented" },
  { name: "Internal", status: 500, code: 13, description: "`internal`, `unknown` or `data_loss`", message: "internal error" },
  {
    name: "Unavailable",
    status: 503,
    code: 14,
    description: "`unavailable`: the service is unreachable or overloaded",
    message: "upstream is unreachable",
    headers: ["Retry-After"],
  },
  { name: "DeadlineExceeded", status: 504, code: 4, description: "`deadline_exceeded`", message: "no response within 15000 ms" },
];

const CONNECT_CODES: Readonly<Record<string, string>> = {
  BadRequest: "invalid_argument",
  Unauthenticated: "unauthenticated",
  PermissionDenied: "permission_denied",
  NotFound: "not_found",
  Conflict: "already_exists",
  UnsupportedMediaType: "unknown",
  TooManyRequests: "resource_exhausted",
  Unimplemented: "unimplemented",
  Internal: "internal",
  Unavailable: "unavailable",
  DeadlineExceeded: "deadline_exceeded",
};

const CONNECT_FAILURES = FAILURES.flatMap((failure) => {
  const connect = CONNECT_CODES[failure.name];
  return connect === undefined ? [] : [{ ...failure, connect }];
});

/** `components.responses`. */
export function errorResponses(): Schema {
  return Object.fromEntries(FAILURES.map((failure) => [failure.name, responseOf(failure, STATUS, failure.code)]));
}

/** The same in the form of Connect, with the name of the code. */
export function connectErrorResponses(): Schema {
  return Object.fromEntries(
    CONNECT_FAILURES.map((failure) => [`Connect${failure.name}`, responseOf(failure, CONNECT_ERROR, failure.connect)]),
  );
}

function responseOf(failure: Failure, schema: string, code: number | string): Schema {
  const { description, message, details = [], headers = [] } = failure;
  const example = { code, message, details: typeof code === "string" ? [] : details };
  return {
    description,
    headers: headerRefs([...headers, "X-Request-Id"]),
    content: { "application/json": { schema: { $ref: schema }, example } },
  };
}

/** The error responses of one operation, by HTTP status. */
export function failuresOf(has: { readonly body: boolean; readonly sideEffects: boolean }): Schema {
  const possible = FAILURES.filter(({ only }) => {
    if (only === "with a body") return has.body;
    return only === undefined || has.sideEffects;
  });
  return Object.fromEntries(possible.map(({ status, name }) => [status, { $ref: `#/components/responses/${name}` }]));
}

/** The error responses of a Connect call, by HTTP status. */
export function connectFailuresOf(sideEffects: boolean): Schema {
  const possible = CONNECT_FAILURES.filter(({ only }) => only !== "with side effects" || sideEffects);
  const responses = possible.map(({ status, name }) => [status, { $ref: `#/components/responses/Connect${name}` }]);
  return Object.fromEntries(responses);
}

export function headerRefs(names: readonly (keyof typeof HEADERS)[]): Schema {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
