// Settings of the gateway as an OAuth protected resource.
import * as v from "valibot";
import { isKeyUrl } from "../../auth/jwt/public-key.ts";
import type { Checks } from "../problems.ts";
import { readOptional } from "../read.ts";
import { block, required } from "../setting.ts";

const URL_FIX = 'write the public URL of the gateway, as tokens name it in "aud": { url: "https://api.example.com" }';

export const RESOURCE_SETTINGS = block({
  url: required(
    v.pipe(v.string(URL_FIX), v.check(isKeyUrl, URL_FIX), v.metadata({ shape: "https URL" })),
    "Public URL of the gateway, by which its tokens are requested (RFC 8707). It is never taken from a request.",
    URL_FIX,
  ),
});

/** @returns the URL of the resource; undefined where it is not written */
export function parseResource(check: Checks, path: string, value: unknown): string | undefined {
  return readOptional(check, path, RESOURCE_SETTINGS, value)?.url;
}

/** The resource where none is written: the first audience that is an https URL. */
export function defaultResource(audiences: readonly string[]): string | undefined {
  return audiences.find((audience) => isKeyUrl(audience));
}
