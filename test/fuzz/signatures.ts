// Fuzz target of signed requests: structured fields, signatures and what they cover.
import { parseContentDigest } from "../../core/auth/signature/content-digest.ts";
import { readSignature } from "../../core/auth/signature/received-signature.ts";
import { signatureBase } from "../../core/auth/signature/signature-base.ts";
import { checkSignatureRules } from "../../core/auth/signature/signature-rules.ts";
import { parseDictionary, parseItem, parseList } from "../../core/structured-fields/parse.ts";
import { serializeDictionary, serializeItem, serializeList } from "../../core/structured-fields/serialize.ts";
import { promise, type Target } from "./target.ts";

const NOW = 1_618_884_480_000;
const RULES = { required: ["@method"], windowMs: 300_000, tag: undefined, needsNonce: false };

/** Lines: Signature-Input, Signature, and the value of each field and of the query. */
export const signatureTarget: Target = {
  name: "signatures",
  run(bytes) {
    const [input = "", signature = "", value = ""] = bytes.toString("latin1").split("\n");
    for (const text of [input, signature, value]) checkStable(text);
    const digests = parseContentDigest(value) ?? [];
    promise(
      digests.every((digest) => digest.value.byteLength === (digest.algorithm === "SHA-256" ? 32 : 64)),
      "a digest has another length than its algorithm",
    );
    const reading = readSignature(input, signature);
    if (reading.kind !== "signature") return;
    const { components, parameters } = reading.received;
    const message = {
      method: "POST",
      scheme: "https",
      authority: "a.example",
      path: "/a",
      query: `?${value}`,
      field: () => value,
    } as const;
    const base = signatureBase(message, components, parameters);
    if (base.kind === "base") {
      promise(base.text.split("\n").length === components.length + 1, "a value makes a line of its own");
      promise(/^[\t\n\x20-\x7e]*$/.test(base.text), "the base is not ASCII");
    }
    const facts = checkSignatureRules(components, parameters, RULES, true, NOW);
    if (typeof facts === "string") return;
    promise(facts.endsAt > NOW && facts.endsAt <= NOW + 330_000, `a signature counts until ${facts.endsAt}`);
    promise(facts.keyId.length > 0 && facts.keyId.length <= 256, "the key id is not bounded");
  },
};

/** What is written reads the same again. */
function checkStable(text: string): void {
  const dictionary = parseDictionary(text);
  if (dictionary !== undefined) {
    const written = serializeDictionary(dictionary);
    const again = parseDictionary(written, "invalid");
    promise(again !== undefined && serializeDictionary(again) === written, `a dictionary is not stable: ${written}`);
  }
  const list = parseList(text);
  if (list !== undefined) {
    const written = serializeList(list);
    promise(serializeList(parseList(written, "invalid") ?? []) === written, `a list is not stable: ${written}`);
  }
  const item = parseItem(text);
  if (item !== undefined)
    promise(serializeItem(parseItem(serializeItem(item), "invalid")!) === serializeItem(item), "an item is not stable");
}
