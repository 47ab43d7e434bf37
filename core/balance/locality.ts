// The order in which groups of endpoints are tried: by priority, and within one first the isolate's own zone, and a subset of many.
import { hash32 } from "../hash.ts";
import { mix32 } from "./hashing.ts";

/** Where an isolate runs, and which subset of many endpoints it uses. Both are known with its first call. */
export interface IsolateLocation {
  readonly zone: string | undefined; // undefined: zones are ignored
  readonly subset: number; // endpoints of a group that the isolate uses; Infinity for all
  readonly seed: number; // a whole number, drawn by the isolate
}

export const ANYWHERE: IsolateLocation = { zone: undefined, subset: Number.POSITIVE_INFINITY, seed: 0 };

export interface LocalityGroup<M> {
  readonly members: readonly M[];
  readonly isSubset: boolean; // a part of its priority: the whole priority takes over where too few of the part are healthy
}

interface LocatedMember {
  readonly id: string;
  readonly priority: number;
  readonly zone?: string;
}

/** @returns for each priority, the smallest number first: the part that is tried first, if any, then the whole priority */
export function groupsOf<M extends LocatedMember>(members: readonly M[], { zone, subset, seed }: IsolateLocation): LocalityGroup<M>[] {
  const priorities = [...new Set(members.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) => {
    const all = members.filter((member) => member.priority === priority);
    const near = zone === undefined ? all : all.filter((member) => member.zone === zone);
    const groups = [near, all].filter(({ length }) => length > 0).map((group) => subsetOf(group, subset, seed));
    const parts = groups.filter((group, index) => group.length < all.length && group.length !== groups[index - 1]?.length);
    return [...parts.map((part) => ({ members: part, isSubset: true })), { members: all, isSubset: false }];
  });
}

/** The members with the highest draws for this isolate: about as many isolates use each endpoint, and a member that joins or leaves moves few. */
function subsetOf<M extends LocatedMember>(members: readonly M[], size: number, seed: number): readonly M[] {
  if (members.length <= size) return members;
  const draws = members.map((member) => ({ member, draw: mix32(hash32(member.id) ^ mix32(seed)) }));
  const chosen = new Set(
    draws
      .sort((a, b) => b.draw - a.draw || (a.member.id < b.member.id ? -1 : 1))
      .slice(0, size)
      .map(({ member }) => member),
  );
  return members.filter((member) => chosen.has(member));
}
