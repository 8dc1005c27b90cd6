import { describe, expect, it } from 'vitest';
import { daysUntil, endOfDay, stageToReport, type Expiring } from '../../lib/domain/expiry-date.ts';

const at = (time: string): number => Date.parse(time);

describe('days until an expiry date, in UTC', () => {
  it.each([
    ['the day itself begins', '2027-01-31', '2027-01-31T00:00:00Z', 0],
    ['the day itself ends', '2027-01-31', '2027-01-31T23:59:59.999Z', 0],
    ['the day is over', '2027-01-31', '2027-02-01T00:00:00Z', -1],
    ['the day before', '2027-01-31', '2027-01-30T23:59:59.999Z', 1],
    ['two days after', '2027-01-31', '2027-02-02T12:00:00Z', -2],
    ['over a leap day', '2028-03-01', '2028-02-28T12:00:00Z', 2],
    ['over the end of a year', '2028-01-01', '2027-12-31T00:00:00Z', 1],
    ['elsewhere it is another day already', '2027-01-31', '2027-02-01T01:00:00+14:00', 0],
    ['as far away as can be', '9999-12-31', '9999-12-01T00:00:00Z', 30],
  ])('%s', (_name, date, now, days) => {
    expect(daysUntil(date, at(now))).toBe(days);
  });

  it('end with the first moment of the next day', () => {
    expect(endOfDay('2028-02-29')).toBe(at('2028-03-01T00:00:00Z'));
  });
});

describe('what is to be reported', () => {
  const ON = '2027-01-31';
  const reported = (stage: NonNullable<Expiring['expiryReported']>['stage'], on = ON): Expiring => ({
    ...{ expiresOn: ON, expiryReported: { on, stage } },
  });

  it.each([
    ['nothing, without a date', {}, '2027-01-31', undefined],
    ['nothing, 31 days before', { expiresOn: ON }, '2026-12-31', undefined],
    ['30 days before', { expiresOn: ON }, '2027-01-01', 30],
    ['nothing between, when it was', reported(30), '2027-01-16', undefined],
    ['14 days before', reported(30), '2027-01-17', 14],
    ['3 days before', reported(14), '2027-01-28', 3],
    ['nothing on the day itself, when that was', reported(3), ON, undefined],
    ['that it has expired', reported(3), '2027-02-01', 'expired'],
    ['nothing more after that', reported('expired'), '2027-06-01', undefined],
    ['only the last one of those that were missed', { expiresOn: ON }, '2027-01-30', 3],
    ['that it has expired, where all before was missed', { expiresOn: ON }, '2027-04-01', 'expired'],
    ['anew, where what was reported was another date', reported('expired', '2026-12-31'), '2027-01-17', 14],
    ['nothing, where a clock went back', reported(3), '2027-01-17', undefined],
  ] satisfies [string, Expiring, string, unknown][])('is %s', (_name, expiring, day, stage) => {
    expect(stageToReport(expiring, at(`${day}T12:00:00Z`))).toBe(stage);
  });
});
