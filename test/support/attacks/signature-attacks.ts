// Attacks on signed requests, as data: what digest, components, times and nonces have to prevent. Each is refused, and the upstream gets nothing.
import { rest, unary } from "../gateway.ts";
import { digestOf, type Signing, signed } from "../signed-requests.ts";

export interface SignatureAttack {
  readonly kind: "digest" | "components" | "replay" | "times" | "duplicates" | "size" | "encoding" | "algorithm";
  readonly name: string;
  /** All but the last are sent before, and pass. */
  readonly build: () => Promise<readonly Request[]>;
  readonly reason: string; // `reason` of the log event `auth_refused`
}

const S = (): number => Math.floor(Date.now() / 1_000);
const get = (path = "/files/a?b=1") => rest("GET", path);
const post = (body = '{"id":"a"}') => unary("GetUser", body);
const ALL = ['"@method"', '"@authority"', '"@path"', '"@query"'];

/** One request with a signature that lacks something. */
function wrong(
  kind: SignatureAttack["kind"],
  name: string,
  reason: string,
  request: () => Request,
  signing: Signing | (() => Signing),
): SignatureAttack {
  const build = async () => [await signed(request(), typeof signing === "function" ? signing() : signing)];
  return { kind, name, reason, build };
}

/** A request that was signed, and is changed after that. */
function changed(
  kind: SignatureAttack["kind"],
  name: string,
  reason: string,
  request: () => Request,
  change: (headers: Headers, from: Request) => { readonly url?: string; readonly body?: BodyInit; readonly method?: string } | undefined,
  signing: Signing = {},
): SignatureAttack {
  const build = async () => {
    const from = await signed(request(), signing);
    const headers = new Headers(from.headers);
    const { url = from.url, method = from.method, body } = change(headers, from) ?? {};
    const bytes = body ?? (from.body === null ? null : await from.arrayBuffer());
    return [new Request(url, { method, headers, body: bytes })];
  };
  return { kind, name, reason, build };
}

/** The same value in both fields, changed as text. */
const replaced = (name: string, from: string | RegExp, to: string) => (headers: Headers) => {
  headers.set(name, headers.get(name)!.replace(from, to));
  return undefined;
};

export const SIGNATURE_ATTACKS: readonly SignatureAttack[] = [
  changed("digest", "another body under the digest that was signed", "signature_digest_mismatch", post, () => ({ body: '{"id":"b"}' })),
  changed("digest", "no body under the digest of one", "signature_digest_mismatch", post, () => ({ body: "" })),
  changed("digest", "another body with its own digest", "signature_invalid", post, (headers) => {
    headers.set("content-digest", "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
    return { body: '{"hello": "world"}' };
  }),
  changed("digest", "the digest taken away", "signature_component_absent", post, (headers) => void headers.delete("content-digest")),
  wrong("digest", "a digest that is insecure", "signature_digest_unsupported", post, { digest: "md5=:Sd/dVLAcvNLSq16eXua5uQ==:" }),
  wrong("digest", "a digest of half its length", "signature_digest_unsupported", post, { digest: "sha-256=:X48E9qOokqqrvdts8nOJRA==:" }),
  {
    ...{ kind: "digest", name: "one right digest and a wrong one", reason: "signature_digest_mismatch" },
    build: async () => [await signed(post(), { digest: `${await digestOf('{"id":"a"}')}, ${await digestOf("x", "SHA-512")}` })],
  },
  changed("digest", "a body beside a signature of none", "signature_component_missing", get, () => ({ method: "POST", body: "x" })),

  ...ALL.map((left) =>
    wrong("components", `${left} not covered`, "signature_component_missing", get, { components: ALL.filter((one) => one !== left) }),
  ),
  changed("components", "another path", "signature_invalid", get, (_, { url }) => ({ url: url.replace("/files/a", "/files/b") })),
  changed("components", "another query", "signature_invalid", get, (_, { url }) => ({ url: url.replace("b=1", "b=2") })),
  changed("components", "another host", "signature_invalid", get, (_, { url }) => ({
    url: url.replace("gateway.example", "other.example"),
  })),
  changed("components", "another method", "signature_invalid", get, () => ({ method: "DELETE" })),
  changed(
    "components",
    "a component taken out of the list",
    "signature_component_missing",
    get,
    replaced("signature-input", '"@path" ', ""),
  ),
  ...["bs", "tr", "req"].map((flag) =>
    wrong("components", `a component with ;${flag}`, "signature_component_unsupported", get, {
      components: [...ALL, `"accept";${flag}`],
      headers: { accept: "a" },
    }),
  ),
  wrong("components", "the signature parameters as a component", "signature_component_unsupported", get, {
    components: [...ALL, '"@signature-params"'],
    values: { '"@signature-params"': "x" },
  }),
  wrong("components", "a field that is not there", "signature_component_absent", get, { components: [...ALL, '"x-none"'] }),

  ...(["nonce-1", "nonce-2"] as const).map((nonce): SignatureAttack => {
    const isSame = nonce === "nonce-1";
    const build = async () => {
      const first = await signed(get(), { parameters: { nonce } });
      return [first.clone(), isSame ? first : await signed(get("/files/c"), { parameters: { nonce } })];
    };
    return {
      kind: "replay",
      name: isSame ? "the same request again" : "the nonce of another request",
      reason: "signature_nonce_repeated",
      build,
    };
  }),
  changed("replay", "a nonce taken away", "signature_invalid", get, replaced("signature-input", /;nonce="[^"]*"/, ""), {
    parameters: { nonce: "n" },
  }),
  changed("replay", "another nonce", "signature_invalid", get, replaced("signature-input", /;nonce="[^"]*"/, ';nonce="m"'), {
    parameters: { nonce: "n" },
  }),
  changed("replay", "a later time", "signature_invalid", get, (headers) =>
    replaced("signature-input", /created=\d+/, `created=${S() + 5}`)(headers),
  ),

  wrong("times", "an old signature", "signature_expired", get, () => ({ parameters: { created: S() - 301 } })),
  wrong("times", "a signature of later", "signature_created_future", get, () => ({ parameters: { created: S() + 60 } })),
  wrong("times", "a signature that is over", "signature_expired", get, () => ({ parameters: { expires: S() - 1 } })),
  wrong("times", "no time", "signature_created_missing", get, { parameters: { created: undefined } }),
  wrong("times", "a time that is no number", "signature_created_missing", get, { parameters: { created: "now" } }),
  wrong("times", "a long life in expires", "signature_expired", get, () => ({ parameters: { created: S() - 400, expires: S() + 86_400 } })),

  wrong("duplicates", "a component twice", "signature_component_repeated", get, { components: [...ALL, '"@path"'] }),
  changed("duplicates", "a parameter twice", "signature_malformed", get, replaced("signature-input", /$/, ";created=1")),
  changed("duplicates", "two signatures", "signature_multiple", get, (headers) => {
    for (const name of ["signature", "signature-input"])
      headers.set(name, `${headers.get(name)}, ${headers.get(name)!.replace("sig1", "sig2")}`);
    return undefined;
  }),
  changed(
    "duplicates",
    "a label twice",
    "signature_malformed",
    get,
    (headers) => void headers.append("signature-input", headers.get("signature-input")!),
  ),
  wrong("duplicates", "a digest twice", "signature_digest_unsupported", post, {
    digest: "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
  }),

  changed(
    "size",
    "a long list of components",
    "signature_too_large",
    get,
    replaced("signature-input", '"@method"', `"@method"${' "x"'.repeat(40)}`),
  ),
  changed("size", "a long Signature-Input", "signature_too_large", get, replaced("signature-input", /$/, `;tag="${"t".repeat(2_100)}"`)),
  changed("size", "a long Signature", "signature_too_large", get, replaced("signature", /:$/, `${"A".repeat(2_100)}:`)),
  changed("size", "a short signature", "signature_invalid", get, replaced("signature", /:.*:/, ":aGk=:")),
  wrong("size", "a long key id", "signature_key_missing", get, { parameters: { keyid: "k".repeat(300) } }),

  changed("encoding", "a signature that is no base64", "signature_malformed", get, replaced("signature", /:.*:/, ":a:")),
  changed("encoding", "a signature as text", "signature_malformed", get, replaced("signature", /:.*:/, '"aGk="')),
  changed("encoding", "a list that is no list", "signature_malformed", get, replaced("signature-input", /\(.*?\)/, '"@method"')),
  changed("encoding", "tokens in the place of strings", "signature_malformed", get, replaced("signature-input", '"@method"', "method")),
  wrong("encoding", "a component in upper case", "signature_component_unsupported", get, {
    components: [...ALL, '"Accept"'],
    headers: { accept: "a" },
  }),

  wrong("algorithm", "the algorithm of another key", "signature_algorithm", get, { parameters: { alg: "hmac-sha256" } }),
  wrong("algorithm", "an HMAC under the id of a public key", "signature_invalid", get, {
    key: "hmac",
    parameters: { keyid: "key-ed25519" },
  }),
  wrong("algorithm", "no algorithm", "signature_algorithm", get, { parameters: { alg: "none" } }),
  wrong("algorithm", "the public key as the secret", "signature_invalid", get, {
    key: { secret: "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=" },
    parameters: { keyid: "key-ed25519" },
  }),
  wrong("algorithm", "a key that is not known", "signature_key_unknown", get, { parameters: { keyid: "__proto__" } }),
];
