// Says how much the call matters: what its route says, or its caller, where its word is taken. The upstream is told what is not ordinary.
import {
  CRITICAL,
  CRITICALITIES,
  CRITICALITY_HEADER,
  isTrusted,
  type Rank,
  rankIn,
  type Trust,
} from "../../../core/overload/criticality.ts";
import type { Layer } from "../call.ts";

export interface CriticalitySettings {
  readonly own: Rank; // of the route
  readonly trust: Trust;
  readonly principalHeader: string | undefined;
}

export function criticality({ own, trust, principalHeader }: CriticalitySettings): Layer {
  return (next) => (call) => {
    const { headers } = call.request;
    const told = trust.kind === "nobody" ? undefined : rankIn(headers.get(CRITICALITY_HEADER));
    const isHeard = told !== undefined && principalHeader !== undefined && isTrusted(trust, headers.get(principalHeader));
    const rank = isHeard ? told : own;
    if (rank === CRITICAL) return next(call);
    call.outgoing.headers.set(CRITICALITY_HEADER, CRITICALITIES[rank]!);
    return next({ ...call, rank });
  };
}
