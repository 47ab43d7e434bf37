// Settings of CORS: the web pages of other origins that may call the gateway. Exact origins, nothing else.
import * as v from "valibot";
import { block, flag, type InputOf, type PolicyOf, required, setting, text, whole } from "./setting.ts";

/** Browsers write an origin in lower case, without a path, a slash at the end or a default port. */
const ORIGIN = /^(https:\/\/[a-z0-9.-]+(?!:443$)(:\d{1,5})?|http:\/\/[a-z0-9.-]+(?!:80$)(:\d{1,5})?)$/;
const ORIGINS_FIX = "write exact origins, such as https://app.example";
const HEADERS_FIX = "write names of headers: letters, digits and '-'";

/** A list of at least `least` items; a problem of an item names its position. */
function items(form: RegExp, fix: string, least: number, shape: string) {
  const whole = `${fix}, in a list`;
  return v.pipe(v.array(text(form, fix, shape), whole), v.minLength(least, whole), v.metadata({ shape }));
}
const headers = items(/^[A-Za-z0-9-]{1,64}$/, HEADERS_FIX, 0, "header names");

export const CORS_SETTINGS = block({
  origins: required(
    items(ORIGIN, ORIGINS_FIX, 1, "exact origins"),
    "Exact origins, such as `https://app.example`; no wildcards, no suffixes, not `null`.",
  ),
  credentials: setting(flag, false, "Whether pages may send cookies and other credentials."),
  maxAgeSeconds: setting(
    whole(0, 86_400, "s"),
    7_200,
    "How long a browser may remember a preflight; Chromium remembers it for 7,200 s at most.",
  ),
  allowHeaders: setting(
    headers,
    [],
    "Request headers that pages may send beside those of Connect, gRPC-Web, REST and the gateway itself, and `Authorization`.",
  ),
  exposeHeaders: setting(
    headers,
    [],
    "Response headers that pages may read beside those of the protocols. Unary trailers of your services are read as `Trailer-<name>`.",
  ),
});

export type CorsInput = InputOf<typeof CORS_SETTINGS>;
export interface CorsPolicy extends PolicyOf<typeof CORS_SETTINGS> {}
