// Paths that servers read in different ways: what is a part of a name for one of them, separates, hides or ends a segment for another.

/** Where none of this occurs, all servers read a canonical path alike, except for case. */
const SUSPECT = /[%;]|\/\/|\.(?:\/|$)|:\$/;
const FORMS: readonly (readonly [form: RegExp, name: string])[] = [
  [/\/\//, "an empty segment"],
  [/%2f/i, "an encoded separator"],
  [/%25[0-9a-f]{2}/i, "an escape that is encoded twice"],
  [/;|%3B/, "a path parameter"],
  [/(?:\.|%20)(?:\/|$)|\/%20/, "a segment that starts with a space, or ends with a dot or a space"],
  [/(?::|%3A)(?:\$|%24)/, "the name of a file stream"],
];
/** Escapes of anything beyond ASCII. */
const NOT_ASCII = /%[89A-F]/;
const SPECIAL = /[/\\.;%:\s]/;

/**
 * What servers read in different ways in a path: empty segments, encoded separators, escapes that are encoded twice, parameters (`;x=y`),
 * spaces and dots at the ends of segments, which file systems drop, and characters that Unicode's compatibility forms turn into one of
 * these.
 *
 * @param path canonical
 * @returns the first of them, in words for the caller; undefined where there is none
 * @see RFC 3986, section 3.3; Java Servlet 6.1, section 3.5.2; Unicode UAX 15, NFKC
 */
export function ambiguityOf(path: string): string | undefined {
  if (!SUSPECT.test(path)) return undefined;
  for (const [form, name] of FORMS) if (form.test(path)) return name;
  if (NOT_ASCII.test(path) && hasDisguise(path)) return "a character that some servers read as a separator, a dot or a space";
  return undefined;
}

/** The paths of other routes, among which a plain HTTP route has its prefix. */
export interface OtherRoutes {
  /** Literal beginnings of the paths of other routes below the prefix. */
  readonly prefixes: readonly string[];
  /** Paths of RPC methods below the prefix. */
  readonly methods: readonly string[];
}

export const NO_OTHERS: OtherRoutes = { prefixes: [], methods: [] };

/**
 * Judges paths that a plain HTTP route is about to forward. Segments of dots that are hidden by escapes or parameters (`..;`, `..%2f`) are
 * always refused: some servers leave the prefix of the route with them.
 *
 * @param forwardsAmbiguous whether the route also forwards what `ambiguityOf` finds, and paths that differ from another route only by case
 * @returns a function of the canonical path: what is wrong with it, in words for the caller; undefined for nothing
 */
export function pathCheck(forwardsAmbiguous: boolean, others: OtherRoutes): (path: string) => string | undefined {
  if (forwardsAmbiguous) return (path) => (hidesDots(path) ? HIDDEN_DOTS : undefined);
  const prefixes = others.prefixes.map((exact) => ({ exact, folded: folded(exact) }));
  const methods = new Set(others.methods.map(folded));
  return (path) => {
    const ambiguity = ambiguityOf(path);
    if (ambiguity !== undefined) return hidesDots(path) ? HIDDEN_DOTS : `path has ${ambiguity}`;
    const reading = folded(path);
    const isDisguised =
      methods.has(reading) || prefixes.some(({ exact, folded: prefix }) => isBelow(reading, prefix) && !path.startsWith(exact));
    return isDisguised ? "path differs from another one that is served here only by the case or form of its letters" : undefined;
  };
}

const HIDDEN_DOTS = "path has a hidden segment of dots";

/** Whether a server that decodes a path again, as often as it likes, or drops parameters and spaces, finds a segment `.` or `..` in it. */
function hidesDots(path: string): boolean {
  if (!/[%;]/.test(path)) return false;
  const { readings, isSettled } = readingsOf(path);
  return !isSettled || readings.some(hasDots);
}

function hasDots(path: string): boolean {
  return path.split(/[/\\]/).some((segment) => /^\.\.?$/.test(segment.split(";")[0]!.trim()));
}

/** Whether a character beyond ASCII becomes a special one in its compatibility form. */
function hasDisguise(path: string): boolean {
  for (const character of decodeURIComponent(path)) {
    if (character > "\u007f" && SPECIAL.test(character.normalize("NFKC"))) return true;
  }
  return false;
}

/** A path as a server reads it that decodes as often as it can, and knows no case. */
function folded(path: string): string {
  return (path.includes("%") ? readingsOf(path).readings.at(-1)! : path).toLowerCase();
}

/** Decoding settles after three rounds at most where nothing is nested in compatibility forms of `%`. */
const MAX_ROUNDS = 8;

/**
 * A path as servers read it that decode it again and again: bytes that are no UTF-8 do not keep them from reading the rest, and characters
 * take their compatibility form in between.
 *
 * @returns the path as it is, and after each round; whether another round would change nothing
 */
function readingsOf(path: string): { readonly readings: readonly string[]; readonly isSettled: boolean } {
  const readings = [path];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = readings.at(-1)!;
    const after = before
      .replace(/%(?:25)+(?=[0-9a-f]{2})/gi, "%") // `%25252e` is `%2e`, at any depth
      .replace(ESCAPED, characterOf)
      .normalize("NFKC");
    if (after === before) return { readings, isSettled: true };
    readings.push(after);
  }
  return { readings, isSettled: false };
}

/** Escapes of one character each, in UTF-8. */
const ESCAPED = /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi;

function characterOf(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch {
    return escaped; // longer than it had to be, or no character
  }
}

function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path[prefix.length] === "/" || path[prefix.length] === ":";
}
