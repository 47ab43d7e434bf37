// Requests that are signed as RFC 9421 has it. The base is written here by hand: it is not the code that is tested.

/** Of these tests alone: the keys of the examples in RFC 9421, appendix B.1. */
export const ED25519 = {
  kty: "OKP",
  crv: "Ed25519",
  x: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
  d: "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",
};
export const HMAC_SECRET = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

/** The configuration of a gateway whose callers sign with these keys; the secret is the binding PARTNER_KEY. */
export const SIGNATURES = {
  keys: {
    "key-ed25519": { algorithm: "ed25519", publicKey: ED25519.x, name: "ada", scopes: ["users.read"] },
    "key-hmac": { algorithm: "hmac-sha256", secretBinding: "PARTNER_KEY" },
  },
} as const;

export interface Signing {
  readonly key?: "ed25519" | "hmac" | { readonly secret: string };
  readonly components?: readonly string[]; // with their quotes and parameters
  readonly parameters?: Readonly<Record<string, string | number | undefined>>; // beside `created` and `keyid`, or in their place
  readonly digest?: string; // value of Content-Digest; that of the body where it is not given
  readonly label?: string;
  readonly values?: Readonly<Record<string, string>>; // what is signed for a component, in the place of what the request has
  readonly headers?: Readonly<Record<string, string>>; // added before signing
}

const ALL = ['"@method"', '"@authority"', '"@path"', '"@query"'];

/** @returns the request with its signature; a body is covered by its digest */
export async function signed(request: Request, signing: Signing = {}): Promise<Request> {
  const { key = "ed25519", label = "sig1" } = signing;
  const headers = new Headers(request.headers);
  for (const [name, value] of Object.entries(signing.headers ?? {})) headers.set(name, value);
  const body = request.body === null ? null : new Uint8Array(await request.arrayBuffer());
  if (body !== null) headers.set("content-digest", signing.digest ?? (await digestOf(body)));
  const components = signing.components ?? (body === null ? ALL : [...ALL, '"content-digest"']);
  const parameters = {
    created: Math.floor(Date.now() / 1_000),
    keyid: key === "ed25519" ? "key-ed25519" : "key-hmac",
    ...signing.parameters,
  };
  const input = `(${components.join(" ")})${Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `;${name}=${typeof value === "number" ? value : `"${value}"`}`)
    .join("")}`;
  const lines = components.map((one) => `${one}: ${signing.values?.[one] ?? componentValue(one, request, headers)}`);
  const base = [...lines, `"@signature-params": ${input}`].join("\n");
  headers.set("signature-input", `${label}=${input}`);
  headers.set("signature", `${label}=:${btoa(String.fromCharCode(...(await signatureOf(key, base))))}:`);
  return new Request(request.url, { method: request.method, headers, body });
}

export async function digestOf(body: Uint8Array<ArrayBuffer> | string, algorithm: "SHA-256" | "SHA-512" = "SHA-256"): Promise<string> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const hash = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
  return `${algorithm.toLowerCase()}=:${btoa(String.fromCharCode(...hash))}:`;
}

/** @param component with its quotes */
function componentValue(component: string, { url, method }: Request, headers: Headers): string {
  const { host, pathname, search } = new URL(url);
  const derived = { '"@method"': method, '"@authority"': host, '"@path"': pathname, '"@query"': search || "?" };
  return (derived as Record<string, string>)[component] ?? headers.get(component.slice(1).split('"')[0]!) ?? "";
}

async function signatureOf(key: NonNullable<Signing["key"]>, base: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(base);
  if (key === "ed25519") {
    const imported = await crypto.subtle.importKey("jwk", ED25519, "Ed25519", false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("Ed25519", imported, bytes));
  }
  const secret = Uint8Array.from(atob(key === "hmac" ? HMAC_SECRET : key.secret), (character) => character.charCodeAt(0));
  const imported = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, bytes));
}
