// Fetches the public keys of an issuer. What comes is not trusted to be right, small, or soon.
import { keysUrlIn, type Published, publicKeysIn } from "../../core/auth/jwt/jwks.ts";
import type { JwkSet } from "../../core/auth/jwt/public-key.ts";
import { directoryKeysIn, MAX_DIRECTORY_BYTES } from "../../core/auth/signature/directory.ts";
import type { IssuerRequest } from "../../core/exchange/relayed-issuer.ts";

const TIMEOUT_MS = 5_000; // metadata and keys together, with their bodies
const MAX_BYTES = 262_144; // largest response

/** @throws Error with what is wrong: the keys that are known stay */
export async function fetchIssuerKeys({ issuer, source }: Pick<IssuerRequest, "issuer" | "source">): Promise<JwkSet> {
  const [late, over] = [new AbortController(), new AbortController()];
  // The timer ends with the fetch: a Durable Object with a timer cannot hibernate.
  scheduler.wait(TIMEOUT_MS, { signal: over.signal }).then(
    () => late.abort(new Error(`${source.url}: no response within ${TIMEOUT_MS} ms`)),
    () => undefined,
  );
  try {
    return await keysFrom(issuer, source, late.signal);
  } finally {
    over.abort();
  }
}

async function keysFrom(issuer: string, source: IssuerRequest["source"], signal: AbortSignal): Promise<JwkSet> {
  if (source.kind === "directory") return valueIn(directoryKeysIn(await fetchJson(source.url, signal, DIRECTORY)), source.url);
  const url = source.kind === "jwks" ? source.url : valueIn(keysUrlIn(await fetchJson(source.url, signal), issuer, source.url), source.url);
  return valueIn(publicKeysIn(await fetchJson(url, signal)), url);
}

function valueIn<T>(published: Published<T>, url: string): T {
  if (published.kind === "invalid") throw new Error(`${url}: ${published.problem}`);
  return published.value;
}

interface Reading {
  readonly accept: string;
  readonly maxBytes: number;
}

const JSON_DOCUMENT: Reading = { accept: "application/json", maxBytes: MAX_BYTES };
const DIRECTORY: Reading = {
  accept: "application/http-message-signatures-directory+json, application/json",
  maxBytes: MAX_DIRECTORY_BYTES,
};

async function fetchJson(url: string, signal: AbortSignal, { accept, maxBytes } = JSON_DOCUMENT): Promise<unknown> {
  const response = await fetch(url, { headers: { accept }, redirect: "manual", signal });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`${url}: responds with status ${response.status}`);
  }
  const text = await textOf(response, url, maxBytes);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${url}: is no JSON, but ${response.headers.get("content-type") ?? "of no type"}`);
  }
}

/** @throws Error where the body is too large: no more of it is read */
async function textOf(response: Response, url: string, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = (response.body ?? new Blob([]).stream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > maxBytes) {
      await reader.cancel();
      throw new Error(`${url}: is larger than ${maxBytes} bytes`);
    }
    parts.push(value);
  }
  return new Blob(parts as Uint8Array<ArrayBuffer>[]).text();
}
