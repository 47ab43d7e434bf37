// Times as HTTP writes them: the three forms of RFC 9110, each read strictly but for its case.

const DAY = "(?:mon|tue|wed|thu|fri|sat|sun)";
const LONG_DAY = "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)";
const CLOCK = "(\\d\\d):(\\d\\d):(\\d\\d)";
const IMF = new RegExp(`^${DAY}, (\\d\\d) ([a-z]{3}) (\\d{4}) ${CLOCK} gmt$`, "i");
const RFC_850 = new RegExp(`^${LONG_DAY}, (\\d\\d)-([a-z]{3})-(\\d\\d) ${CLOCK} gmt$`, "i");
const ASCTIME = new RegExp(`^${DAY} ([a-z]{3}) ([ \\d]\\d) ${CLOCK} (\\d{4})$`, "i");
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * `Date.parse` would take much more for a date than HTTP does, and what is no date has to count as one that has passed.
 *
 * @param now epoch ms; a year of two digits that seems more than 50 years ahead is one of the last century
 * @returns epoch ms, or undefined for what is no date
 * @see RFC 9110, section 5.6.7
 */
export function parseHttpDate(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const imf = IMF.exec(text);
  if (imf !== null) return timeOf(Number(imf[3]), imf[2]!, imf[1]!, imf.slice(4));
  const old = RFC_850.exec(text);
  if (old !== null) {
    const century = timeOf(2000 + Number(old[3]), old[2]!, old[1]!, old.slice(4));
    const isAhead = century !== undefined && century - now > 50 * 365.25 * 86_400_000;
    return isAhead ? timeOf(1900 + Number(old[3]), old[2]!, old[1]!, old.slice(4)) : century;
  }
  const ansi = ASCTIME.exec(text);
  return ansi === null ? undefined : timeOf(Number(ansi[6]), ansi[1]!, ansi[2]!, ansi.slice(3, 6));
}

function timeOf(year: number, month: string, day: string, [hours, minutes, seconds]: readonly string[]): number | undefined {
  const index = MONTHS.indexOf(month.toLowerCase());
  const clock = [Number(hours), Number(minutes), Number(seconds)] as const;
  if (index < 0 || Number(day) < 1 || Number(day) > 31 || clock[0] > 23 || clock[1] > 59 || clock[2] > 60) return undefined;
  return Date.UTC(year, index, Number(day), ...clock);
}
