// In what order groups of endpoints are asked: by priority; within one, first those of the isolate's own zone, and a part of many.
import { hash32 } from "../hash.ts";
import { mix32 } from "./hashing.ts";

/** Where an isolate is, and which part of many endpoints it uses; both are known with its first call. */
export interface IsolateLocation {
  readonly zone: string | undefined; // undefined: all zones are alike
  readonly subset: number; // endpoints of a group that it uses; Infinity for all
  readonly seed: number; // a whole number of its own
}

export const ANYWHERE: IsolateLocation = { zone: undefined, subset: Number.POSITIVE_INFINITY, seed: 0 };

export interface LocalityGroup<M> {
  readonly members: readonly M[];
  readonly isSubset: boolean; // of its priority: others take over where too few of it are well
}

interface Placed {
  readonly id: string;
  readonly priority: number;
  readonly zone?: string;
}

/** @returns for each priority, the smallest number first: the part that is asked first, if any, then all of it */
export function groupsOf<M extends Placed>(members: readonly M[], { zone, subset, seed }: IsolateLocation): LocalityGroup<M>[] {
  const priorities = [...new Set(members.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) => {
    const all = members.filter((one) => one.priority === priority);
    const near = zone === undefined ? all : all.filter((one) => one.zone === zone);
    const groups = [near, all].filter(({ length }) => length > 0).map((group) => subsetOf(group, subset, seed));
    const parts = groups.filter((group, index) => group.length < all.length && group.length !== groups[index - 1]?.length);
    return [...parts.map((part) => ({ members: part, isSubset: true })), { members: all, isSubset: false }];
  });
}

/** Those that draw highest for this isolate: each endpoint is used by about as many isolates, and one that comes or goes moves few. */
function subsetOf<M extends Placed>(members: readonly M[], size: number, seed: number): readonly M[] {
  if (members.length <= size) return members;
  const drawn = members.map((one) => ({ one, draw: mix32(hash32(one.id) ^ mix32(seed)) }));
  const chosen = new Set(
    drawn
      .sort((a, b) => b.draw - a.draw || (a.one.id < b.one.id ? -1 : 1))
      .slice(0, size)
      .map(({ one }) => one),
  );
  return members.filter((one) => chosen.has(one));
}
