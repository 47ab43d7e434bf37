// Which web pages of other origins may call the gateway, as an operator writes it: exact origins, nothing else.
import { type Checks, join } from "./problems.ts";

export interface CorsInput {
  /** Exact origins, `https://app.example`; no wildcards, no suffixes, not `null`. */
  readonly origins: readonly string[];
  /** Whether pages may send cookies and other credentials. Default false. */
  readonly credentials?: boolean;
  /** How long a browser may remember a preflight. Default 7 200 s, the most that Chromium heeds. */
  readonly maxAgeSeconds?: number;
  /** Request headers that pages may send beside those of the protocols and `Authorization`. */
  readonly allowHeaders?: readonly string[];
  /** Response headers that pages may read beside those of the protocols, `Trailer-X` of your services say. */
  readonly exposeHeaders?: readonly string[];
}

export type CorsPolicy = Required<CorsInput>;

/** @returns undefined where no page of another origin may call */
export function parseCors(check: Checks, path: string, value: unknown): CorsPolicy | undefined {
  if (value === undefined) return undefined;
  const fields = check.fields(path, value, ["origins", "credentials", "maxAgeSeconds", "allowHeaders", "exposeHeaders"]);
  const isOrigin = (text: string): boolean => URL_ORIGIN.test(text);
  return {
    origins: list(check, join(path, "origins"), fields["origins"], isOrigin, "write exact origins, such as https://app.example"),
    credentials: check.oneOf(join(path, "credentials"), fields["credentials"], [true, false], false),
    maxAgeSeconds: check.integer(join(path, "maxAgeSeconds"), fields["maxAgeSeconds"], { min: 0, max: 86_400, fallback: 7_200, unit: "s" }),
    allowHeaders: headers(check, join(path, "allowHeaders"), fields["allowHeaders"]),
    exposeHeaders: headers(check, join(path, "exposeHeaders"), fields["exposeHeaders"]),
  };
}

/** As browsers write it: lower case, no path, no slash at the end, no default port. */
const URL_ORIGIN = /^(https:\/\/[a-z0-9.-]+(?!:443$)(:\d{1,5})?|http:\/\/[a-z0-9.-]+(?!:80$)(:\d{1,5})?)$/;

function headers(check: Checks, path: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  return list(check, path, value, (text) => /^[A-Za-z0-9-]{1,64}$/.test(text), "write names of headers: letters, digits and '-'");
}

function list(check: Checks, path: string, value: unknown, fits: (text: string) => boolean, fix: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) {
    check.report(path, value, `${fix}, in a list`);
    return [];
  }
  return value.flatMap((item: unknown, index) => {
    if (typeof item === "string" && fits(item)) return [item];
    check.report(`${path}[${index}]`, item, fix);
    return [];
  });
}
