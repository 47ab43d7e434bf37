// HTTP dates in the three formats of RFC 9110. Each is read strictly, except that letters may have any case.

const DAY = "(?:mon|tue|wed|thu|fri|sat|sun)";
const LONG_DAY = "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)";
const CLOCK = "(\\d\\d):(\\d\\d):(\\d\\d)";
const IMF = new RegExp(`^${DAY}, (\\d\\d) ([a-z]{3}) (\\d{4}) ${CLOCK} gmt$`, "i");
const RFC_850 = new RegExp(`^${LONG_DAY}, (\\d\\d)-([a-z]{3})-(\\d\\d) ${CLOCK} gmt$`, "i");
const ASCTIME = new RegExp(`^${DAY} ([a-z]{3}) ([ \\d]\\d) ${CLOCK} (\\d{4})$`, "i");
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const FIFTY_YEARS_MS = 50 * 365.25 * 86_400_000;

/**
 * `Date.parse` accepts much more than HTTP does; here text that is no HTTP date is undefined, so that callers can treat it as expired.
 *
 * @param now epoch ms; a two-digit year that would be more than 50 years ahead belongs to the last century
 * @returns epoch ms; undefined where the text is no HTTP date
 * @see RFC 9110, section 5.6.7
 */
export function parseHttpDate(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const imf = IMF.exec(text);
  if (imf !== null) return timeOf(Number(imf[3]), imf[2]!, imf[1]!, imf.slice(4));
  const rfc850 = RFC_850.exec(text);
  if (rfc850 !== null) {
    const inThisCentury = timeOf(2000 + Number(rfc850[3]), rfc850[2]!, rfc850[1]!, rfc850.slice(4));
    const isAhead = inThisCentury !== undefined && inThisCentury - now > FIFTY_YEARS_MS;
    return isAhead ? timeOf(1900 + Number(rfc850[3]), rfc850[2]!, rfc850[1]!, rfc850.slice(4)) : inThisCentury;
  }
  const asctime = ASCTIME.exec(text);
  return asctime === null ? undefined : timeOf(Number(asctime[6]), asctime[1]!, asctime[2]!, asctime.slice(3, 6));
}

function timeOf(year: number, month: string, day: string, [hours, minutes, seconds]: readonly string[]): number | undefined {
  const index = MONTHS.indexOf(month.toLowerCase());
  const clock = [Number(hours), Number(minutes), Number(seconds)] as const;
  if (index < 0 || Number(day) < 1 || Number(day) > 31 || clock[0] > 23 || clock[1] > 59 || clock[2] > 60) return undefined;
  return Date.UTC(year, index, Number(day), ...clock);
}
