// The agent that a signature of Web Bot Auth names, and the directory of its keys.
import { isAddress } from "../../ip.ts";
import { type Item, isInnerList } from "../../structured-fields/item.ts";
import { parseDictionary, parseItem } from "../../structured-fields/parse.ts";

/** Tag of signatures of agents. @see draft-ietf-webbotauth-httpsig-protocol */
export const AGENT_TAG = "web-bot-auth";
/** Components that the signature of an agent covers at least; the second one may be a member of the field. */
export const AGENT_COMPONENTS = ["@authority"] as const;
export const AGENT_FIELD = "signature-agent";

const MAX_CHARACTERS = 1_024;
const ORIGIN = /^https:\/\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?\/?$/;

/**
 * The origin of an agent's directory. Only names count, no addresses: what is fetched for a caller has to be public.
 *
 * @returns `https://agent.example`; undefined for anything but an https origin in lower case
 */
export function directoryUrl(text: string): string | undefined {
  const host = text.length > 253 + 16 ? undefined : ORIGIN.exec(text)?.[1];
  if (host === undefined || !host.includes(".") || /^[\d.]+$/.test(host) || isAddress(host)) return undefined;
  if (/(?:^|\.)(?:localhost|local|internal|localdomain|home\.arpa)$/.test(host)) return undefined;
  return text.replace(/(?::443)?\/?$/, "");
}

/**
 * The agent of a signature: the field as one string, or the member of the field that the signature covers.
 *
 * @param value      of `Signature-Agent`
 * @param components that the signature covers
 * @returns its origin; undefined where the signature covers no agent that can have a directory
 */
export function coveredAgent(value: string | null, components: readonly Item[]): string | undefined {
  const covering = components.filter(({ item }) => item.value === AGENT_FIELD);
  const [component] = covering;
  if (value === null || value.length > MAX_CHARACTERS || component === undefined || covering.length > 1) return undefined;
  const key = component.parameters.get("key");
  const text = key?.kind === "string" ? memberOf(value, key.value) : component.parameters.size === 0 ? soleMember(value) : undefined;
  return text === undefined ? undefined : directoryUrl(text);
}

function memberOf(value: string, key: string): string | undefined {
  const member = parseDictionary(value, "invalid")?.get(key);
  return member === undefined || isInnerList(member) || member.item.kind !== "string" ? undefined : member.item.value;
}

/** The whole field is covered: it has to name one agent, as a string or as the only member of a dictionary. */
function soleMember(value: string): string | undefined {
  const item = parseItem(value, "invalid");
  if (item !== undefined) return item.item.kind === "string" ? item.item.value : undefined;
  const [key, ...others] = parseDictionary(value, "invalid")?.keys() ?? [];
  return key === undefined || others.length > 0 ? undefined : memberOf(value, key);
}
