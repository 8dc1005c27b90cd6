/** Times for people: `in 5h 12m`, `3d 4h ago`. The two largest units are enough to act on. */

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

export function durationWords(seconds: number): string {
  let rest = Math.round(Math.abs(seconds));
  const words: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || words.length > 0) words.push(`${count}${unit}`);
    if (words.length === 2) break;
  }
  const [first = '0s', second] = words;
  return second === undefined || second.startsWith('0') ? first : `${first} ${second}`;
}

export function leftWords(secondsLeft: number): string {
  return secondsLeft > 0 ? `${durationWords(secondsLeft)} left` : `ran out ${durationWords(secondsLeft)} ago`;
}

/** Until a calendar date, on which what expires still works. */
export function daysLeftWords(days: number): string {
  if (days < 0) return `expired ${-days}d ago by its date`;
  return days === 0 ? 'expires today' : `${days}d left`;
}

/** `time` is RFC 3339 as Pullpass sends it; one that cannot be read is shown as it came. */
export function relativeWords(time: string, now: number): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return time;
  const seconds = (at - now) / 1000;
  return seconds >= 0 ? `in ${durationWords(seconds)}` : `${durationWords(seconds)} ago`;
}

/** For the detailed view: both readings. */
export function fullTime(time: string | null | undefined, now: number): string | undefined {
  return time === null || time === undefined ? undefined : `${time} (${relativeWords(time, now)})`;
}

const LIFETIME = /^(?<count>[1-9]\d{0,5})(?<unit>[mhdw])$/;
const LIFETIME_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** `90d`, `12h`, `30m`, `4w` in milliseconds; undefined when it is none of these. */
export function parseLifetime(text: string): number | undefined {
  const { count, unit } = LIFETIME.exec(text)?.groups ?? {};
  const seconds = unit === undefined ? undefined : LIFETIME_SECONDS[unit];
  return seconds === undefined ? undefined : Number(count) * seconds * 1000;
}
