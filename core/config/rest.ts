// Settings of REST: how requests are read and responses are written.
import * as v from "valibot";
import { block, choice, flag, type InputOf, nested, type PolicyOf, setting, whole } from "./setting.ts";

const MAX_IGNORED = 50;
const IGNORED_FIX = `write at most ${MAX_IGNORED} names of query parameters, of 1 to 100 characters: ["alt", "key"]`;
const ignored = v.pipe(
  v.array(v.pipe(v.string(IGNORED_FIX), v.minLength(1, IGNORED_FIX), v.maxLength(100, IGNORED_FIX)), IGNORED_FIX),
  v.maxLength(MAX_IGNORED, IGNORED_FIX),
  v.metadata({ shape: "parameter names" }),
);

// 15 s as the HTML standard advises: some proxies close a connection that is silent for longer.
const NEVER_UNIT = "ms, or 0 for never";
const keepAliveMs = v.pipe(
  v.union([v.literal(0), whole(1_000, 600_000, NEVER_UNIT)], `write a whole number from 1000 to 600000 (${NEVER_UNIT})`),
  v.transform((ms) => (ms === 0 ? Number.POSITIVE_INFINITY : ms)),
);

export const EVENT_SETTINGS = block({
  headersAfterMs: setting(
    whole(0, 60_000, "ms"),
    2_000,
    "How long the head of a `text/event-stream` response waits for the first message. An error within this time becomes the status of the response.",
  ),
  keepAliveMs: setting(keepAliveMs, 15_000, "Time without a message after which a comment is sent; 0 for never.", {
    shape: `0, or 1,000 to 600,000 ms`,
  }),
});

export const REST_SETTINGS = block({
  onUnsupportedRule: setting(
    choice(["refuse", "skip"]),
    "skip",
    "What happens to an HTTP rule of a proto that is illegal or cannot be served: `skip` leaves it out with a warning, `refuse` makes it a problem of the configuration ([protos](protos.md#rules-that-cannot-be-served)). Rules of `http` in the configuration are always refused.",
  ),
  ignoreUnknownQuery: setting(flag, false, "Whether unknown query parameters are ignored instead of refused."),
  ignoredQuery: setting(
    ignored,
    [],
    'Query parameters that are never bound: `["alt", "key", "fields", "prettyPrint"]` for the system parameters of Google; at most 50, of 1 to 100 characters.',
  ),
  ignoreUnknownFields: setting(
    flag,
    false,
    "Whether fields of a JSON body that the message does not have, and unknown enum names, are dropped, as grpc-gateway does, instead of refused.",
  ),
  assumeJson: setting(
    flag,
    false,
    "Whether a body without a content type, or with the one that `curl -d` sends (`application/x-www-form-urlencoded`), is read as JSON. Pages of any origin can send such requests without a preflight: leave it off where cookies authenticate.",
  ),
  jsonRequestStreams: setting(
    flag,
    false,
    "Whether a stream of requests under `application/json` may also be JSON values one after the other, or an array of them, beside lines of JSON. `maxBodyBytes` limits each value.",
  ),
  caseInsensitiveEnums: setting(flag, false, "Whether enum names are read in any case, in path, query and body: `?state=open`."),
  inferUpdateMask: setting(flag, true, "Whether a PATCH without a mask changes the fields that its body names."),
  printDefaults: setting(flag, false, "Whether responses contain fields that have their default."),
  enumsAsNumbers: setting(flag, false, "Whether responses contain enums as numbers."),
  protoFieldNames: setting(flag, false, "Whether responses use `display_name` instead of `displayName`."),
  events: nested(EVENT_SETTINGS, "Responses in `text/event-stream`."),
});

export type RestInput = InputOf<typeof REST_SETTINGS>;
export interface RestPolicy extends PolicyOf<typeof REST_SETTINGS> {}
