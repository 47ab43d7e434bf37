// The error budget: how fast the present errors use up what an objective leaves for 30 days.

const PERIOD_HOURS = 30 * 24;

export interface Burn {
  readonly rate: number; // 1: the budget of 30 days lasts for 30 days
  readonly hoursLeft: number; // until a full budget is used up; Infinity without errors
  readonly tone: "good" | "warn" | "bad";
}

/**
 * @param errorRatio 0 to 1
 * @param objective  share of calls that succeed, 0 to 1, exclusive
 * @see Google, The Site Reliability Workbook, chapter 5: a burn rate of 14.4 for an hour uses up 2 % of the budget, one of 6 for six hours 5 %
 */
export function burnOf(errorRatio: number, objective: number): Burn {
  const rate = errorRatio / (1 - objective);
  return {
    rate,
    hoursLeft: rate > 0 ? PERIOD_HOURS / rate : Number.POSITIVE_INFINITY,
    tone: rate >= 14.4 ? "bad" : rate >= 1 ? "warn" : "good",
  };
}
