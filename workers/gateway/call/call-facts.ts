// Facts of a call that values of header fields may have.
import type { CallFact } from "../../../core/header-edits/value-template.ts";
import type { Call } from "../call.ts";

/** @returns undefined where the call has no such fact; a call that the cache makes for several callers has none about its caller */
export function callFact(call: Call, fact: CallFact): string | undefined {
  switch (fact) {
    case "route.name":
      return call.route.name;
    case "request.id":
      return call.id;
    case "request.host":
      return call.isShared ? undefined : hostOf(call.request.url);
    case "client.address":
      return call.isShared ? undefined : (call.caller.address ?? undefined);
    case "auth.principal":
      return principalOf(call)?.id;
    case "auth.subject":
      return principalOf(call)?.subject;
    case "auth.owner":
      return principalOf(call)?.owner;
    case "auth.plan":
      return principalOf(call)?.plan;
  }
}

function principalOf({ isShared, principal }: Call): Call["principal"] {
  return isShared ? undefined : principal;
}

/** The authority of an absolute URL, without a login. */
function hostOf(url: string): string | undefined {
  return /^[^/]*\/\/(?:[^/?#@]*@)?([^/?#]*)/.exec(url)?.[1];
}
