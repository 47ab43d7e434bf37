// Settings of the identity that services get: what the gateway states about the caller of each call.
import { block, type InputOf, list, type PolicyOf, secretName, setting, text } from "../setting.ts";

const NAME_FIX = 'write 1 to 64 letters, digits, "-", "_", ".": "tidegate"';
const KEYS_FIX = 'write the names of one or two secrets: ["IDENTITY_KEY_A", "IDENTITY_KEY_B"]';
const CLAIMS_FIX = 'write names of claims in a list, at most 16: ["email"]';

export const IDENTITY_SETTINGS = block({
  name: setting(
    text(/^[A-Za-z0-9._-]{1,64}$/, NAME_FIX, "name"),
    "tidegate",
    "Name of the gateway: `iss` of its tokens, and `caller` in `props` of the service bindings to its services.",
  ),
  keyBindings: setting(
    list(secretName("IDENTITY_KEY"), 2, KEYS_FIX, "names of secrets"),
    [],
    "Secrets with the Ed25519 keys that sign tokens for services at URLs, each with one key; `npm run identity` writes them. The second one is needed to rotate. Services behind bindings need none.",
    { shownDefault: "none: services at URLs get no identity" },
  ),
  claims: setting(
    list(text(/^[\x21-\x7e]{1,64}$/, CLAIMS_FIX), 16, CLAIMS_FIX, "names of claims"),
    [],
    "Verified claims of the caller's own token that services get, too.",
  ),
});

export type IdentityInput = InputOf<typeof IDENTITY_SETTINGS>;
export interface IdentityPolicy extends PolicyOf<typeof IDENTITY_SETTINGS> {}
