// Proves callers by API keys, from `Authorization: Bearer` or from the configured header; never from a URL.
import type { Authenticator, CallHead, Credential } from "../authenticator.ts";
import { bearerIn } from "../bearer-in.ts";
import type { ApiKeys } from "./api-keys.ts";

interface KeyCredential extends Credential {
  readonly isDouble: boolean; // two headers have two keys
}

/** @param header that may have the key, too; in lower case */
export function keyAuthenticator(keys: ApiKeys, header: string | undefined): Authenticator<KeyCredential> {
  return {
    name: "key",
    readsAuthorization: true,
    find({ request, received }: CallHead) {
      const bearer = bearerIn(received.authorization);
      const fromBearer = bearer !== undefined && keys.isKey(bearer) ? bearer : undefined;
      const fromHeader = header === undefined ? undefined : (request.headers.get(header) ?? undefined);
      const text = fromBearer ?? fromHeader;
      if (text === undefined) return undefined;
      return { text, isDouble: fromBearer !== undefined && fromHeader !== undefined && fromBearer !== fromHeader };
    },
    known({ text, isDouble }, { caller }, now) {
      return isDouble ? undefined : keys.known(text, caller.address, now);
    },
    prove({ text, isDouble }, { caller, deadlineAt }, now) {
      if (isDouble) return { kind: "unauthenticated", reason: "two_credentials" };
      return keys.prove(text, caller.address, now, Math.max(1, deadlineAt - now));
    },
  };
}
