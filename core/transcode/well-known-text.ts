// Checks texts of bytes and of well-known types that are strings in JSON. The parsers that read them afterwards are less strict.

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$/;
const DURATION = /^-?(0|[1-9]\d{0,11})(?:\.\d{1,9})?s$/;
const FIELD_PATH = /^[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)*$/;
const STANDARD = /^[A-Za-z0-9+/]*={0,2}$/;
const URL_SAFE = /^[A-Za-z0-9_-]*={0,2}$/;

const LAST_OF_TWO = "AQgw"; // digits whose lower four bits are 0, in either alphabet
const LAST_OF_THREE = "AEIMQUYcgkosw048"; // digits whose lower two bits are 0

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MAX_DURATION_SECONDS = 315_576_000_000; // 10,000 years
const MINUTES_PER_DAY = 1440;

/**
 * Whether a text is a google.protobuf.Timestamp: a time from year 1 to year 9999, with at most 9 digits of a second. A leap second (`:60`)
 * is refused, because a Timestamp cannot represent it.
 *
 * @see https://protobuf.dev/programming-guides/json, "Timestamp"; RFC 3339, section 5.6, with T and Z in upper case only
 */
export function isTimestamp(text: string): boolean {
  const match = TIMESTAMP.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const offsetHour = Number(match[8] ?? 0);
  const offsetMinute = Number(match[9] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false;
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return false;
  if (year > 1 && year < 9999) return true;
  // At both ends of the range the offset matters: 0001-01-01T00:30:00+01:00 is in year 0.
  const ahead = (offsetHour * 60 + offsetMinute) * (match[7] === "-" ? -1 : 1);
  const minuteOfDay = hour * 60 + minute - ahead;
  if (year === 9999) return !(month === 12 && day === 31 && minuteOfDay >= MINUTES_PER_DAY);
  if (year === 1) return !(month === 1 && day === 1 && minuteOfDay < 0);
  return month === 12 && day === 31 && minuteOfDay >= MINUTES_PER_DAY; // the last hours of year 0, with a negative offset
}

/**
 * Whether a text is a google.protobuf.Duration: seconds within 10,000 years, with at most 9 digits of a second.
 *
 * @see google/protobuf/duration.proto
 */
export function isDuration(text: string): boolean {
  const match = DURATION.exec(text);
  return match !== null && Number(match[1]) <= MAX_DURATION_SECONDS;
}

/** Whether a text is a google.protobuf.FieldMask: paths in lowerCamelCase with a comma between them; empty for no path. */
export function isFieldMask(text: string): boolean {
  return text === "" || text.split(",").every((path) => FIELD_PATH.test(path));
}

/**
 * Whether a text is base64 in one of its two alphabets, with complete padding or with none.
 *
 * @see RFC 4648, sections 3.2, 3.3 and 3.5: no other characters, and unused bits are 0
 */
export function isBase64(text: string): boolean {
  if (!STANDARD.test(text) && !URL_SAFE.test(text)) return false;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  const rest = digits % 4; // digits after the last whole group; each carries 6 bits of whole bytes
  if (padding > 0 && (rest === 0 || rest + padding !== 4)) return false;
  if (rest === 0) return true;
  return rest !== 1 && (rest === 2 ? LAST_OF_TWO : LAST_OF_THREE).includes(text[digits - 1]!);
}

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : DAYS_IN_MONTH[month - 1]!;
}
