/** Values of options on the command line, checked before anything is sent. */
import { InvalidArgumentError } from 'commander';

/** For an option that is given several times, or with commas in it, or both. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, ...splitCommas(value)];
}

export function splitCommas(value: string): readonly string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
