// What names the callers of a rate-limit rule: the key of its buckets, the plan of a caller, and who is exempt.
import { type AddressRange, parseAddressRange } from "../ip.ts";
import { CLAIM_FIX, KEYS_FIX, PRINCIPAL_FIX, type Proves } from "./auth.ts";
import { type Checks, join } from "./problems.ts";
import { readBlock, readSetting } from "./read.ts";
import { type Block, block, choice, type Entries, headerName, setting, text } from "./setting.ts";

const KEYS = ["ip", "route", "all", "principal"] as const;

const named = text(/^[\w.:/-]{1,128}$/, "write a name: 1 to 128 letters, digits and . : / - _", "name");
/** A header is not verified: something you trust in front of the gateway has to set it. A claim is: it comes from the principal. */
export const NAMED_BY_SETTINGS = block({
  header: setting(headerName, undefined, "Request header that names the caller."),
  claim: setting(named, undefined, "Claim of the verified JWT that names the caller (`auth.issuers`)."),
});
export const KEY_SETTINGS = block({
  ...NAMED_BY_SETTINGS.entries,
  field: setting(
    named,
    undefined,
    "Field of the request message, for which the call waits. A message that cannot be read has none: `validate` refuses it.",
  ),
});

export const keyName = choice(KEYS, { everybody: "all" });
export const planSource = choice(["principal", "key"]);

export type KeySource =
  | { readonly kind: (typeof KEYS)[number] }
  | { readonly kind: "key" } // plan of the API key
  | { readonly kind: "header"; readonly header: string }
  | { readonly kind: "claim"; readonly claim: string }
  | { readonly kind: "field"; readonly field: string };

export interface Exemptions {
  readonly ranges: readonly AddressRange[];
  readonly names: ReadonlySet<string>;
}

export function keySource(check: Checks, path: string, value: unknown, proves: Proves): KeySource {
  if (typeof value === "object" && value !== null) return namedSource(check, path, value, KEY_SETTINGS, proves);
  const kind = readSetting(check, path, keyName, value, { value: "ip" }) as (typeof KEYS)[number];
  if (kind === "principal") checkPrincipal(check, path, kind, proves);
  return { kind };
}

export function planKey(check: Checks, path: string, value: unknown, proves: Proves): KeySource {
  if (typeof value === "object" && value !== null) return namedSource(check, path, value, NAMED_BY_SETTINGS, proves);
  if (value === "key") {
    if (proves.keys !== true) check.report(path, value, KEYS_FIX);
    return { kind: "key" };
  }
  readSetting(check, path, planSource, value, { value: "principal" });
  checkPrincipal(check, path, value, proves);
  return { kind: "principal" };
}

function checkPrincipal(check: Checks, path: string, value: unknown, proves: Proves): void {
  if (!proves.principals) check.report(path, value, PRINCIPAL_FIX);
}

function namedSource<E extends Entries>(check: Checks, path: string, value: object, settings: Block<E>, { claims }: Proves): KeySource {
  const { header, claim, field } = readBlock(check, path, settings, value) as { header?: string; claim?: string; field?: string };
  if (Object.keys(value).length !== 1) check.report(path, value, 'name one thing: { header: "x-api-key" }');
  if (claim !== undefined && !claims) check.report(join(path, "claim"), claim, CLAIM_FIX);
  if (claim !== undefined) return { kind: "claim", claim };
  if (field !== undefined) return { kind: "field", field };
  return { kind: "header", header: header ?? "" };
}

export function exemptions(check: Checks, path: string, value: unknown): Exemptions {
  const ranges: AddressRange[] = [];
  const names = new Set<string>();
  if (value !== undefined && !Array.isArray(value)) check.report(path, value, 'write a list: ["10.0.0.0/8", "batch-import"]');
  for (const [index, one] of (Array.isArray(value) ? value : []).entries()) {
    const range = typeof one === "string" ? parseAddressRange(one) : undefined;
    if (range !== undefined) ranges.push(range);
    else if (typeof one === "string" && one.length > 0 && one.length <= 128 && !/^[\d.:a-f]+\/\d+$/i.test(one)) names.add(one);
    else check.report(`${path}[${index}]`, one, "write an address range such as 10.0.0.0/8, or a value of the key of 1 to 128 letters");
  }
  return { ranges, names };
}
