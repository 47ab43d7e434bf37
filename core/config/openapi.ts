// Settings of the OpenAPI document that no proto has: title and contact of the API, its servers, and the credentials that callers need.
import * as v from "valibot";
import { type Checks, join } from "./problems.ts";
import { readBlock, readOptional } from "./read.ts";
import { type Block, block, type Entries, type InputOf, list, readByCode, required, setting, text } from "./setting.ts";

const filled = text(/./s, "write text that is not empty, or remove it", "text");
const described = { description: setting(filled, undefined, "Markdown.", { shownDefault: "none" }) };
const oneOf = <const T extends string>(choices: readonly T[], missing: string, doc: string) =>
  required(v.picklist(choices, `write ${choices.map((one) => `"${one}"`).join(" or ")}`), doc, missing);
const must = (type: string) => `a scheme of type "${type}" has it`;

/** A security scheme as OpenAPI 3.1 has it. The gateway documents it; the services, or what is in front of the gateway, enforce it. */
const SCHEMES = {
  http: block({
    type: required(v.literal("http"), "HTTP authentication."),
    scheme: oneOf(["bearer", "basic"], must("http"), "The HTTP authentication scheme."),
    bearerFormat: setting(filled, undefined, "Format of the token, such as JWT."),
    ...described,
  }),
  apiKey: block({
    type: required(v.literal("apiKey"), "A key in a header, query parameter or cookie."),
    in: oneOf(["header", "query", "cookie"], must("apiKey"), "Where the key is."),
    name: required(filled, "Name of the header, parameter or cookie.", must("apiKey")),
    ...described,
  }),
  openIdConnect: block({
    type: required(v.literal("openIdConnect"), "OpenID Connect."),
    openIdConnectUrl: required(filled, "URL of the discovery document.", must("openIdConnect")),
    ...described,
  }),
  mutualTLS: block({ type: required(v.literal("mutualTLS"), "Client certificates."), ...described }),
};
type SchemeType = keyof typeof SCHEMES;

const CONTACT_SETTINGS = block({
  name: setting(filled, undefined, "Name."),
  url: setting(filled, undefined, "URL."),
  email: setting(filled, undefined, "Address."),
});
const LICENSE_SETTINGS = block({
  name: required(filled, "Name, such as Apache-2.0.", 'name the license: "Apache-2.0"'),
  identifier: setting(filled, undefined, "SPDX identifier."),
  url: setting(filled, undefined, "URL."),
});

const SERVERS_FIX = 'write a list of base URLs: ["https://api.example.com"]';
const server = text(/^(?:https?:\/\/[^\s/?#]+)?(?:\/[^\s?#]*)?$/, SERVERS_FIX);
const servers = v.pipe(
  list(v.pipe(server, v.nonEmpty(SERVERS_FIX)), Number.POSITIVE_INFINITY, SERVERS_FIX, "base URLs"),
  v.nonEmpty(SERVERS_FIX),
);
const scheme = v.variant("type", [SCHEMES.http, SCHEMES.apiKey, SCHEMES.openIdConnect, SCHEMES.mutualTLS]);

export const OPENAPI_SETTINGS = block({
  title: setting(filled, undefined, "Title of the API.", { shownDefault: '"Tidegate"' }),
  version: setting(filled, undefined, "Version of the API.", { shownDefault: "the version of the gateway" }),
  description: setting(filled, undefined, "Markdown.", { shownDefault: "a sentence" }),
  contact: readByCode(CONTACT_SETTINGS, "Who answers questions about the API.", { shape: "`{ name, url, email }`", shownDefault: "none" }),
  license: readByCode(LICENSE_SETTINGS, "License of the API; `name` is required.", {
    shape: "`{ name, identifier, url }`",
    shownDefault: "none",
  }),
  servers: setting(servers, ["/"], "Base URLs, such as `https://api.example.com`. They never come from the `Host` header.", {
    fix: SERVERS_FIX,
  }),
  security: readByCode(
    v.record(v.string(), scheme),
    'Security schemes by a name of your choice, `{ bearer: { type: "http", scheme: "bearer" } }`: `http` (`scheme`: `bearer`, `basic`), `apiKey` (`in`, `name`), `openIdConnect` (`openIdConnectUrl`) or `mutualTLS`. Any one of them is enough for a call. They are only documented here; the services, or what is in front of the gateway, enforce them.',
    { shape: "schemes by name", shownDefault: "none" },
  ),
});

export type OpenApiInput = InputOf<typeof OPENAPI_SETTINGS>;
type Texts = Readonly<Record<string, string>>;

export interface OpenApiPolicy {
  readonly title: string | undefined;
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly contact: Texts | undefined;
  readonly license: Texts | undefined;
  readonly servers: readonly string[];
  readonly security: Readonly<Record<string, Texts>>;
}

export function parseOpenApi(check: Checks, path: string, value: unknown): OpenApiPolicy {
  const { title, version, description, contact, license, servers: urls, security } = readBlock(check, path, OPENAPI_SETTINGS, value);
  const schemes = check.entries(join(path, "security"), security).map(([name, written]) => {
    const at = join(join(path, "security"), name);
    if (!/^[A-Za-z0-9._-]+$/.test(name)) check.report(at, name, "name it with letters, digits, '.', '_' and '-'");
    return [name, parseScheme(check, at, written)] as const;
  });
  return {
    title,
    version,
    description,
    contact: textsIn(readOptional(check, join(path, "contact"), CONTACT_SETTINGS, contact)),
    license: textsIn(readOptional(check, join(path, "license"), LICENSE_SETTINGS, license)),
    servers: urls,
    security: Object.fromEntries(schemes),
  };
}

/** The texts that are there. */
function textsIn(read: Readonly<Record<string, unknown>> | undefined): Texts | undefined {
  return read && Object.fromEntries(Object.entries(read).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function parseScheme(check: Checks, path: string, value: unknown): Texts {
  const type = (value as { readonly type?: unknown } | null)?.type;
  if (typeof type !== "string" || !Object.hasOwn(SCHEMES, type)) {
    const choices = Object.keys(SCHEMES).map((one) => `"${one}"`);
    check.report(join(path, "type"), type, `write ${choices.join(" or ")}`);
    return {};
  }
  const known: Block<Entries> = SCHEMES[type as SchemeType];
  return textsIn(readBlock(check, path, known, value)) ?? {};
}
