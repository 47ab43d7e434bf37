// What `perf` has sampled of workerd: native code, JavaScript and the kernel in one picture. The profiler of the inspector sees JavaScript
// alone, and most of a request is spent outside of it.

/** A sample: the functions on the stack, the innermost first. Those of JavaScript begin with `JS:`. */
export type NativeSample = readonly string[];

/** @param text of `perf script -F ip,sym`: a line for each frame, an empty line after each sample */
export function parseSamples(text: string): NativeSample[] {
  const samples: NativeSample[] = [];
  for (const block of text.split(/\n\s*\n/)) {
    const frames = block
      .split("\n")
      .map((line) => /^\s*[0-9a-f]+ (.+?)\s*$/.exec(line)?.[1])
      .filter((frame) => frame !== undefined);
    if (frames.length > 0) samples.push(frames);
  }
  return samples;
}

/** What V8 does for all functions, by a name that is on the stack; whoever was interrupted for it. */
const OF_V8: readonly (readonly [RegExp, string])[] = [
  [/CollectGarbage|MinorGC|Scaveng|Sweep|MarkCompact|Marking/, "garbage collection"],
  [/v8::internal::(?:compiler|maglev|baseline)::|Compil/, "compiling JavaScript"],
];
/** The areas of samples without JavaScript. The first one that fits counts. */
const OUTSIDE: readonly (readonly [RegExp, string])[] = [
  [/IoContext::runImpl|runInContextScope/, "entering the isolate, promises"],
  [/hyper|serve_connection|HttpClient|tokio|mio::|kj::Http/i, "HTTP"],
  [/entry_SYSCALL|do_syscall|asm_/, "kernel"],
];

const isJavaScript = (frame: string): boolean => frame.startsWith("JS:");

function areaOfV8(sample: NativeSample): string | undefined {
  return OF_V8.find(([pattern]) => sample.some((frame) => !isJavaScript(frame) && pattern.test(frame)))?.[1];
}

/** What a sample was spent on: an area, or the API of workerd that JavaScript has called. */
export function areaOf(sample: NativeSample): string {
  const area = areaOfV8(sample);
  if (area !== undefined) return area;
  const innermost = sample.findIndex(isJavaScript);
  if (innermost < 0) return OUTSIDE.find(([pattern]) => sample.some((frame) => pattern.test(frame)))?.[1] ?? "other";
  const called = apiOf(sample.slice(0, innermost));
  return called === undefined ? "JavaScript" : `API ${called}`;
}

/** @param below frames that a function of JavaScript has called, the innermost first */
function apiOf(below: readonly string[]): string | undefined {
  const outer = below.toReversed();
  const named = outer.map((frame) => /^workerd::api::(?:\(anonymous namespace\)::)?(\w+(?:::~?\w+)?)/.exec(frame)?.[1]);
  const found = named.find((name) => name !== undefined);
  if (found !== undefined) return found;
  // The arguments and the result of a call are converted in a function whose name is mangled, and has the class in it.
  const converted = outer.map((frame) => /_3api\d+(\w+?)15registerMembers/.exec(frame)).find((match) => match !== null);
  return converted?.[1] === undefined ? undefined : `${converted[1]}, arguments`;
}

/** The innermost function of JavaScript, as `name file:line:column`; undefined where none is on the stack, and for what V8 does for all. */
export function functionOf(sample: NativeSample): string | undefined {
  if (areaOfV8(sample) !== undefined) return undefined;
  return sample
    .find(isJavaScript)
    ?.replace(/^JS:[~^+*]*'?/, "")
    .trim();
}

/** @returns how many samples each name has, the largest first */
export function countBy(samples: readonly NativeSample[], nameOf: (sample: NativeSample) => string | undefined): [string, number][] {
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const name = nameOf(sample);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a);
}
