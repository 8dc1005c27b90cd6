/**
 * How the SDK's `adaptive` mode paces a client: nothing until it is throttled; from then on it sends at a rate that falls to
 * 70 % with each throttled answer and grows again along a cubic curve. Modelled on the SDK's description of it; of one client,
 * which is that of one warm function.
 */
import type { Clock } from './simulated-account.ts';

export interface ClientPace {
  /** Waits for its turn. */
  turn(clock: Clock): Promise<void>;
  answered(throttled: boolean): void;
}

const BACK_OFF = 0.7;
const CURVE = 0.4;
const SLOWEST = 0.5;
const MEASURED_EVERY_S = 0.5;
const SMOOTHING = 0.8;

export function adaptivePace(now: () => number): ClientPace {
  const seconds = (): number => now() / 1000;
  let rate: number | undefined;
  let credit = 0;
  let creditAt = seconds();
  let peak = 0;
  let throttledAt = 0;
  const sent = { count: 0, rate: 0, since: seconds() };

  function measure(): void {
    sent.count += 1;
    const elapsed = seconds() - sent.since;
    if (elapsed < MEASURED_EVERY_S) return;
    sent.rate = (sent.count / elapsed) * SMOOTHING + sent.rate * (1 - SMOOTHING);
    sent.count = 0;
    sent.since = seconds();
  }

  function setRate(wanted: number): void {
    earn();
    rate = Math.max(SLOWEST, wanted);
    credit = Math.min(credit, Math.max(1, rate));
  }

  function earn(): void {
    if (rate !== undefined) credit = Math.min(Math.max(1, rate), credit + (seconds() - creditAt) * rate);
    creditAt = seconds();
  }

  return {
    async turn(clock) {
      if (rate === undefined) return;
      earn();
      // Taken now, and waited for: whoever comes next waits behind.
      credit -= 1;
      if (credit < 0) await clock.sleep((-credit / rate) * 1000);
    },
    answered(throttled) {
      measure();
      if (throttled) {
        peak = rate === undefined ? sent.rate : Math.min(sent.rate, rate);
        throttledAt = seconds();
        setRate(peak * BACK_OFF);
        return;
      }
      if (rate === undefined) return;
      const toThePeak = Math.cbrt((peak * (1 - BACK_OFF)) / CURVE);
      const cubic = CURVE * (seconds() - throttledAt - toThePeak) ** 3 + peak;
      setRate(Math.min(cubic, 2 * sent.rate));
    },
  };
}
