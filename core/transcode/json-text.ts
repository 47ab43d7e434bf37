// Finds in a JSON text what JSON.parse does not report: how deep it nests, duplicate keys, and numbers that may lose digits.

export type JsonSurvey =
  | { readonly kind: "ok"; readonly hasLongNumber: boolean } // a number may not fit a double: it has many digits or an exponent
  | { readonly kind: "invalid"; readonly problem: string };

const SAFE_DIGITS = 15;

export type JsonKeySurvey = Extract<JsonSurvey, { kind: "invalid" }> | (Extract<JsonSurvey, { kind: "ok" }> & { readonly keys: number });

/**
 * Scans a text once before it is parsed: JSON.parse accepts millions of levels, and of two equal keys it uses the last one.
 * Text that is not JSON may pass; JSON.parse refuses it afterwards.
 *
 * @param maxDepth most arrays and objects within one another
 */
export function surveyJson(text: string, maxDepth: number): JsonSurvey {
  const survey = scan(text, maxDepth, true);
  return survey.kind === "ok" ? { kind: "ok", hasLongNumber: survey.hasLongNumber } : survey;
}

/**
 * As `surveyJson`, but counts the keys of all objects and remembers none, which takes a tenth of the memory. If the parsed value has fewer,
 * a key is given twice; `surveyJson` names it.
 */
export function countJsonKeys(text: string, maxDepth: number): JsonKeySurvey {
  return scan(text, maxDepth, false);
}

const NOT_REMEMBERED: Set<string> = new Set();

function scan(text: string, maxDepth: number, remembersKeys: boolean): JsonKeySurvey {
  const keys: (Set<string> | undefined)[] = []; // keys read so far, for each open object; undefined for an array
  let count = 0;
  let hasLongNumber = false;
  let isKey = false; // whether the next string is a key
  for (let at = 0; at < text.length; ) {
    const character = text[at]!;
    let end = at + 1;
    if (character === "{" || character === "[") {
      if (keys.length === maxDepth) return { kind: "invalid", problem: `nests deeper than ${maxDepth} levels` };
      isKey = character === "{";
      keys.push(!isKey ? undefined : remembersKeys ? new Set() : NOT_REMEMBERED);
    } else if (character === "}" || character === "]") {
      keys.pop();
      isKey = false;
    } else if (character === ",") {
      isKey = keys.at(-1) !== undefined;
    } else if (character === '"') {
      end = endOfString(text, at);
      if (isKey) count += 1;
      // A text that ends with a key is cut off: the key may not be whole, and the parser refuses the text.
      if (isKey && remembersKeys && end < text.length && repeats(keys.at(-1)!, text.slice(at, end)))
        return { kind: "invalid", problem: `has the key ${text.slice(at, Math.min(end, at + 100))} twice` };
      isKey = false;
    } else if (isDigit(character)) {
      while (isDigit(text[end]) || text[end] === ".") end += 1;
      hasLongNumber ||= end - at > SAFE_DIGITS || text[end] === "e" || text[end] === "E";
    }
    at = end;
  }
  return { kind: "ok", hasLongNumber, keys: count };
}

/** @returns the index after the closing quote; the length of the text if there is none */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function repeats(keys: Set<string>, quoted: string): boolean {
  const key = quoted.includes("\\") ? unquote(quoted) : quoted.slice(1, -1);
  const size = keys.size;
  keys.add(key);
  return keys.size === size;
}

function unquote(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted; // not JSON; the parser refuses it
  }
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}
