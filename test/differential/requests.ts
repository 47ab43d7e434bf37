// Requests of a seed: values of every kind in every place, paths that are hard to read, and bodies that are nearly right.

/** What was put into a request: a family of values, or of paths. Differences are listed by it. */
export interface DifferentialRequest {
  readonly tags: readonly string[];
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

type Texts = Readonly<Record<string, readonly string[]>>; // texts per family

const INTEGER: Texts = {
  integer: ["0", "1", "-7", "42", "2147483647"],
  "integer with fraction or exponent": ["1.0", "1e2", "10e-1", "1.50e1"],
  "no integer": ["1.5", "", "x", "NaN", "true", "0x10", "1_000", "9e99"],
  "sign or leading zero": ["+1", "01", "-01"],
  "minus zero": ["-0"],
  "space around": [" 1", "1 "],
};
const UNSIGNED: Texts = {
  integer: ["0", "1", "42", "4294967295"],
  "integer with fraction or exponent": ["1.0", "1e2"],
  "no integer": ["-1", "4294967296123456789012", "x", ""],
  "sign or leading zero": ["+1", "007"],
};
const WIDE: Texts = {
  integer: ["9007199254740993", "9223372036854775807", "-1"],
  "no integer": ["9223372036854775808", "1e400", "0b1", "1,000"],
};
const REAL: Texts = {
  number: ["0.5", "-1.25e10", "1e-7", "3", "NaN", "Infinity", "-Infinity"],
  "number out of range": ["1e400", "-1e400"],
  "no number": ["", "x", "1.", "1e", "1_0", "0x1.8"],
  "sign or leading zero": ["+1.5", "01.5"],
  "number spelled otherwise": ["inf", "nan", "infinity", "+Inf", "-inf"],
  "fraction alone": [".5"],
};
const FLOAT: Texts = { ...REAL, "largest float": ["3.4028235e38", "3.4028234663852886e38"], "number out of range": ["3.5e38", "1e39"] };
const BYTES: Texts = {
  base64: ["aGVsbG8=", "aGVsbG8", "YQ==", "-_8", "-_8="],
  "no base64": ["aGVsbG8==", "=====", "a", "aGVs bG8", "%"],
  "base64 with bits left over": ["aGl=", "YR=="],
};
const TIME: Texts = {
  time: [
    "2026-01-31T12:00:00Z",
    "2024-02-29T23:59:59.5Z",
    "2026-01-01T00:00:00+05:30",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
  ],
  "impossible time": [
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-02T24:00:00Z",
    "2026-01-02T00:00:60Z",
    "2026-04-31T10:00:00Z",
    "0000-01-01T00:00:00Z",
  ],
  "no time": [
    "2026-01-02",
    "today",
    "",
    "2026-01-02T00:00:00",
    "10000-01-01T00:00:00Z",
    "2026-01-02T00:00:00.1234567890Z",
    "2026-01-02 00:00:00Z",
  ],
  "time in lower case": ["2026-01-02t00:00:00z"],
  "offset out of range": ["2026-01-02T00:00:00+24:00", "2026-01-02T00:00:00+00:60"],
  "time with a comma": ["2026-01-02T00:00:00,5Z"],
};
const SPAN: Texts = {
  duration: ["1.5s", "0s", "-3.000000001s", "315576000000s"],
  "no duration": ["1m", "1", "", "s", "315576000001s", "1.0000000001s", "1e3s", "1ms"],
  "duration spelled otherwise": ["+1s", ".5s", "1.s", "01s"],
};
const MASK: Texts = {
  mask: ["a", "longName,part.time", ""],
  "mask with an empty path": ["a,,b", "a,", ",a"],
  "no mask": ["long_name", "a-b", "a..b", "1a"],
};
const FLAG: Texts = { bool: ["true", "false"], "no bool": ["True", "1", "", "yes", "t", "F"] };
const COLOR: Texts = {
  enum: ["RED", "GREEN", "COLOR_UNSPECIFIED"],
  "enum by number": ["1", "2"],
  "unknown number of an enum": ["7", "-3"],
  "no enum": ["red", "NOPE", ""],
};
const TEXT: Texts = { text: ["a", "a b", "ü", "a/b", "x:y", "%", "+", "\u{1f600}"] };

/** By field. */
const FIELDS: Readonly<Record<string, Texts>> = {
  ...{ text: TEXT, raw: BYTES, flag: FLAG, real: REAL, small_real: FLOAT, i32: INTEGER, i64: { ...INTEGER, ...WIDE }, u32: UNSIGNED },
  ...{ u64: UNSIGNED, color: COLOR, time: TIME, span: SPAN, mask: MASK },
};
const IN_QUERY: Readonly<Record<string, Texts>> = {
  ...FIELDS,
  ...{ w_i32: INTEGER, w_text: TEXT, w_flag: FLAG, w_real: REAL, w_raw: BYTES, numbers: INTEGER, reals: REAL, colors: COLOR, times: TIME },
  ...{ "part.n": INTEGER, "part.time": TIME, one_number: INTEGER, s32: INTEGER, f64: UNSIGNED, sf32: INTEGER, maybe: INTEGER },
};

/** Bodies, by family; `X` stands for a value. */
const BODIES: Texts = {
  "body: nesting": [
    '{"part":{"name":"a","n":1},"parts":[{"n":2},{}],"inner":{"inner":{"text":"x"}}}',
    '{"byText":{"a":"b"},"byI32":{"-1":"x"}}',
  ],
  "body: null": ['{"text":null,"part":null,"numbers":null,"wText":null}', '{"value":null}', '{"nothing":{}}'],
  "body: null element": ['{"numbers":[1,null]}', '{"texts":[null]}', '{"parts":[null]}', '{"byText":{"a":null}}', '{"wNumbers":[null]}'],
  "body: unknown field": ['{"nope":1}', '{"part":{"nope":1}}'],
  "body: unknown enum name": ['{"color":"NOPE"}', '{"colors":["RED","PINK"]}'],
  "body: duplicate key": ['{"i32":1,"i32":2}', '{"longName":"a","long_name":"b"}', '{"part":{"n":1,"n":2}}'],
  "body: text after its end": ["{} {}", '{"i32":1}x', "{}]"],
  "body: no JSON": ["{", "[]", '"x"', "{'a':1}", '{"i32":01}', '{"i32":+1}', '{"text":"\u0001"}'],
  "body: wrong kind": [
    '{"i32":true}',
    '{"text":1}',
    '{"flag":"true"}',
    '{"part":[]}',
    '{"numbers":{}}',
    '{"raw":5}',
    '{"time":5}',
    '{"mask":["a"]}',
  ],
  "body: 64 bits": [
    '{"i64":9007199254740993,"u64":18446744073709551615}',
    '{"i64":"-9223372036854775808"}',
    '{"i64ByText":{"a":9007199254740993}}',
  ],
  "body: float out of range": ['{"real":1e400}', '{"smallReal":3.5e38}', '{"wReal":-1e400}'],
  "body: largest float": ['{"smallReal":3.4028235e38}'],
  "body: Value out of range": ['{"value":1e400}', '{"fields":{"a":[1e400]}}', '{"list":[-1e400]}'],
  "body: Value": ['{"value":{"a":[1,"x",null,true]}}', '{"fields":{"a":{"b":{}}},"list":[[],{}]}', '{"values":[null,1]}'],
  "body: lone surrogate": ['{"text":"\\ud800"}', '{"byText":{"\\udc00":"a"}}', '{"value":"\\ud800"}'],
  "body: key of a map": [
    '{"byI32":{"x":"a"}}',
    '{"byFlag":{"1":"a"}}',
    '{"byU32":{"-1":"a"}}',
    '{"byI32":{"0x1":"a"}}',
    '{"byI64":{" 1":"a"}}',
  ],
  "body: key of a map with leading zero or sign": ['{"byI32":{"01":"a"}}', '{"byI64":{"+1":"a"}}'],
  "body: oneof given twice": ['{"oneText":"a","oneNumber":1}', '{"onePart":{},"oneTime":"2026-01-01T00:00:00Z"}'],
  "body: oneof beside null": ['{"oneText":"a","oneNumber":null}', '{"onePart":null,"oneText":"a"}'],
  "body: Any": [
    '{"any":{"@type":"type.googleapis.com/differential.v1.Part","n":1}}',
    '{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.5s"}}',
    '{"any":{}}',
  ],
  "body: bad Any": [
    '{"any":{"@type":"type.googleapis.com/nobody.Knows"}}',
    '{"any":{"n":1}}',
    '{"any":{"@type":"type.googleapis.com/google.protobuf.Timestamp","value":"2026-02-30T00:00:00Z"}}',
  ],
  "body: required field": ['{"two":{}}', '{"two":{"level":"LEVEL_LOW"}}', '{"two":{"name":"a","inner":{}}}'],
  "body: proto2": ['{"two":{"name":"a","level":"LEVEL_HIGH"}}'],
  "body: closed enum": ['{"two":{"name":"a","level":3}}'],
};

const PATHS: Texts = {
  "path: plain": ["/v1/shelves/a/books/b", "/v1/many/a/b/c", "/v1/path/text/abc", "/v1/path/part/x"],
  "path: escaped": ["/v1/path/text/a%20b", "/v1/path/text/%C3%BC", "/v1/many/a%20b/c"],
  "path: escaped slash in one segment": ["/v1/path/text/a%2Fb"],
  "path: escaped slash in several segments": ["/v1/many/a%2Fb/c", "/v1/shelves/a%2Fx/books/b"],
  "path: escaped percent": ["/v1/path/text/%25", "/v1/many/%2541/b"],
  "path: colon as data": ["/v1/path/text/a:b", "/v1/many/a:b", "/v1/shelves/a/books/b:c"],
  "path: escaped colon": ["/v1/path/text/a%3Ab", "/v1/many/a%3Ab"],
  "path: empty segment": ["/v1/path/text/", "/v1/shelves//books/b", "/v1/shelves/a/books/"],
  "path: none": ["/v1/nope", "/v2/read", "/v1/shelves/a", "/v1/path/text/a/b", "/"],
  "path: control character": ["/v1/path/text/%00", "/v1/path/text/%0A", "/v1/path/text/a%5Cb"],
  "path: not UTF-8": ["/v1/path/text/%FF"],
};

const QUERIES: Texts = {
  "query: unknown parameter": ["nope=1", "part.nope=1"],
  "query: map or message": ["byText[a]=b", "by_text.a=b", "part=x", "fields=%7B%7D"],
  "query: given twice": ["i32=1&i32=2", "text=a&text=b"],
  "query: oneof given twice": ["one_text=a&one_number=1"],
  "query: JSON name": ["longName=a", "smallReal=1.5", "wI32=5"],
  "query: repeated": ["numbers=1&numbers=2", "texts=a,b&texts=c"],
  "query: empty": ["", "text=", "&&", "text"],
  "query: plus": ["text=a+b"],
  "query: field of a repeated message": ["parts.n=1"],
  "query: field of a well-known type": ["time.seconds=5", "span.nanos=1", "value.number_value=1"],
};

/** A generator of numbers in [0, 1). @see https://github.com/cprosche/mulberry32, public domain */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function requestsOf(seed: number, count: number): DifferentialRequest[] {
  const random = seeded(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const pickFrom = (texts: Texts): [string, string] => {
    const family = pick(Object.keys(texts));
    return [family, pick(texts[family]!)];
  };
  const inQuery = (): DifferentialRequest => {
    const tags: string[] = [];
    const pairs = new Map<string, string>();
    for (let left = random() < 0.7 ? 1 : 3; left > 0; left--) {
      const field = pick(Object.keys(IN_QUERY));
      const [family, text] = pickFrom(IN_QUERY[field]!);
      if (pairs.has(field)) continue;
      pairs.set(field, `${field}=${encodeURIComponent(text)}`);
      tags.push(`query: ${family}`);
    }
    return { tags, method: "GET", path: `/v1/read?${[...pairs.values()].join("&")}` };
  };
  const inPath = (): DifferentialRequest => {
    const field = pick(Object.keys(FIELDS));
    const [family, text] = pickFrom(FIELDS[field]!);
    return {
      tags: [`path: ${text === "" ? "empty segment" : family}`, ...shapesOf(text)],
      method: "GET",
      path: `/v1/path/${field}/${encodeURIComponent(text)}`,
    };
  };
  const inBody = (): DifferentialRequest => {
    const field = pick(Object.keys(FIELDS));
    const [family, text] = pickFrom(FIELDS[field]!);
    const name = field.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const wrap = pick(["X", '{"inner":X}', '{"inner":{"inner":X}}']);
    return {
      tags: [`body: ${family} as text`],
      method: "POST",
      path: "/v1/send",
      body: wrap.replace("X", () => JSON.stringify({ [name]: text })),
    };
  };
  const ofShape = (): DifferentialRequest => {
    const [family, body] = pickFrom(BODIES);
    return { tags: [family], method: "POST", path: "/v1/send", body };
  };
  const ofPath = (): DifferentialRequest => {
    const [family, path] = pickFrom(PATHS);
    return { tags: [family], method: "GET", path };
  };
  const ofQuery = (): DifferentialRequest => {
    const [family, query] = pickFrom(QUERIES);
    return { tags: [family], method: "GET", path: `/v1/read?${query}` };
  };
  const ofMethod = (): DifferentialRequest =>
    pick<DifferentialRequest>([
      { tags: ["verb"], method: "POST", path: "/v1/shelves/a/books/b:publish", body: '{"i32":1}' },
      { tags: ["verb: method without it"], method: "GET", path: "/v1/shelves/a/books/b:publish" },
      { tags: ["body of one field: PATCH"], method: "PATCH", path: "/v1/shelves/a/books/b", body: '{"n":5}' },
      { tags: ["body of one field"], method: "POST", path: "/v1/part/a", body: '{"name":"x"}' },
      { tags: ["body of one field: query beside it"], method: "POST", path: "/v1/part/a?i32=5", body: '{"name":"x"}' },
      { tags: ["body of one field: query into it"], method: "POST", path: "/v1/part/a?part.n=5", body: '{"name":"x"}' },
      { tags: ["body of one scalar"], method: "POST", path: "/v1/text", body: '"x"' },
      { tags: ["body of one list"], method: "POST", path: "/v1/numbers", body: "[1,2]" },
      { tags: ["body of one well-known type"], method: "POST", path: "/v1/time", body: '"2026-01-31T12:00:00Z"' },
      { tags: ["body: impossible time alone"], method: "POST", path: "/v1/time", body: '"2026-02-30T00:00:00Z"' },
      { tags: ["whole body: query beside it"], method: "POST", path: "/v1/send?i32=5", body: "{}" },
      { tags: ["method: other"], method: "PUT", path: "/v1/send", body: "{}" },
      { tags: ["method: other"], method: "POST", path: "/v1/read", body: "{}" },
      { tags: ["method: DELETE"], method: "DELETE", path: "/v1/shelves/a/books/b?i32=1" },
    ]);
  const makers = [inQuery, inQuery, inQuery, inBody, inBody, ofShape, ofShape, inPath, inPath, ofPath, ofQuery, ofMethod];
  return Array.from({ length: count }, () => pick(makers)());
}

/** What of a text changes how a path is read. */
function shapesOf(text: string): string[] {
  return [...(text.includes("/") ? ["path: escaped slash in one segment"] : []), ...(text.includes(":") ? ["path: escaped colon"] : [])];
}
