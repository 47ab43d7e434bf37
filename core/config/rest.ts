// How REST requests are read and answers written, as an operator sets it.
import type { Checks } from "./problems.ts";

/** Switches of transcoding, all false but `inferUpdateMask`; and what becomes of rules that cannot be served. */
export interface RestInput {
  /**
   * What an HTTP rule of a proto does that is illegal, or that this gateway cannot serve: "skip" leaves the rule out with a warning,
   * "refuse" makes it a mistake in the configuration. Default "skip". Rules of `http` in this file are always refused.
   */
  readonly onUnsupportedRule?: "refuse" | "skip";
  readonly ignoreUnknownQuery?: boolean;
  /** Query parameters that are never bound, such as "alt", "key", "fields" and "prettyPrint". Default none. */
  readonly ignoredQuery?: readonly string[];
  /** Whether fields of a JSON body that the message does not have are dropped. */
  readonly ignoreUnknownFields?: boolean;
  /** Whether a body without a content type, or with the one that curl sends by itself, is read as JSON. */
  readonly assumeJson?: boolean;
  /** Whether a stream of requests may come as JSON values, or as an array of them, under `application/json`. */
  readonly jsonRequestStreams?: boolean;
  readonly caseInsensitiveEnums?: boolean;
  readonly inferUpdateMask?: boolean;
  readonly printDefaults?: boolean;
  readonly enumsAsNumbers?: boolean;
  readonly protoFieldNames?: boolean;
  /** How responses in `text/event-stream` wait for their messages. */
  readonly events?: {
    /** ms that the head of a response waits for the first message or the error, 0 to 60,000; default 2,000. */
    readonly headersAfterMs?: number;
    /** ms without a message after which a comment is sent, 1,000 to 600,000, or 0 for never; default 15,000. */
    readonly keepAliveMs?: number;
  };
}

export interface RestPolicy extends Omit<RestInput, "onUnsupportedRule" | "events"> {
  readonly events: { readonly headersAfterMs: number; readonly keepAliveMs: number }; // keepAliveMs: Infinity for never
  readonly onUnsupportedRule: "refuse" | "skip";
}

const MAX_IGNORED = 50;

const REST_FLAGS = [
  "ignoreUnknownQuery",
  "ignoreUnknownFields",
  "assumeJson",
  "jsonRequestStreams",
  "caseInsensitiveEnums",
  "inferUpdateMask",
  "printDefaults",
  "enumsAsNumbers",
  "protoFieldNames",
] as const;

export function parseRest(check: Checks, value: unknown): RestPolicy {
  const fields = check.fields("rest", value, [...REST_FLAGS, "ignoredQuery", "onUnsupportedRule", "events"]);
  const flags = REST_FLAGS.map(
    (name) => [name, check.oneOf(`rest.${name}`, fields[name], [true, false], name === "inferUpdateMask")] as const,
  );
  const onUnsupportedRule = check.oneOf("rest.onUnsupportedRule", fields["onUnsupportedRule"], ["refuse", "skip"], "skip");
  return {
    ...Object.fromEntries(flags),
    ignoredQuery: parseIgnored(check, fields["ignoredQuery"]),
    onUnsupportedRule,
    events: parseEvents(check, fields["events"]),
  };
}

/** 15 s as the HTML standard advises: some proxies close a connection that is silent for longer. */
function parseEvents(check: Checks, value: unknown): RestPolicy["events"] {
  const at = "rest.events";
  const fields = check.fields(at, value, ["headersAfterMs", "keepAliveMs"]);
  const headersAfterMs = check.integer(`${at}.headersAfterMs`, fields["headersAfterMs"], {
    min: 0,
    max: 60_000,
    fallback: 2_000,
    unit: "ms",
  });
  if (fields["keepAliveMs"] === 0) return { headersAfterMs, keepAliveMs: Number.POSITIVE_INFINITY };
  const range = { min: 1_000, max: 600_000, fallback: 15_000, unit: "ms, or 0 for never" };
  return { headersAfterMs, keepAliveMs: check.integer(`${at}.keepAliveMs`, fields["keepAliveMs"], range) };
}

function parseIgnored(check: Checks, value: unknown): readonly string[] {
  const path = "rest.ignoredQuery";
  const fix = `write at most ${MAX_IGNORED} names of query parameters, of 1 to 100 characters: ["alt", "key"]`;
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_IGNORED) {
    check.report(path, value, fix);
    return [];
  }
  return value.filter((name: unknown, index): name is string => {
    const isName = typeof name === "string" && name.length >= 1 && name.length <= 100;
    if (!isName) check.report(`${path}[${index}]`, name, fix);
    return isName;
  });
}
