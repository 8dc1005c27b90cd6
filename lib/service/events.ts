/**
 * What the services report to whoever operates them: a stable code and fields, one line an outcome. Fields hold ids,
 * codes and figures; never a secret, a vendor's text or a whole document.
 */

export type EventLevel = 'info' | 'warn' | 'error';

export interface ServiceEvent {
  readonly level: EventLevel;
  /** Stable, dotted: what alarms and searches are built on. */
  readonly code: string;
  readonly fields?: Readonly<Record<string, string | number | boolean | undefined>>;
}

export type Report = (event: ServiceEvent) => void;
