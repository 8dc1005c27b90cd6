/** Entries into and out of a policy's lists. Compared in their canonical form, as Pullpass keeps them. */
import { parsePolicyEntry, type PolicyList } from '../../domain/policy-entry.ts';
import { CommandFailure, usageFailure } from '../command-failure.ts';
import { EXIT } from '../exit-codes.ts';
import { remark } from '../print.ts';
import type { Terminal } from '../terminal.ts';
import type { PolicyFields } from './policy-change.ts';

export function canonicalEntries(entries: readonly string[], list: PolicyList): readonly string[] {
  return entries.map((entry) => {
    const parsed = parsePolicyEntry(entry, list);
    if (!parsed.ok) throw usageFailure(`the entry ${entry} ${parsed.failure.rule}`);
    return parsed.value.canonical;
  });
}

export function withAllowed(present: PolicyFields, entries: readonly string[]): PolicyFields {
  return { ...present, whitelist: united(present.whitelist ?? [], canonicalEntries(entries, 'whitelist')) };
}

export function withDenied(present: PolicyFields, entries: readonly string[]): PolicyFields {
  return { ...present, deny: united(present.deny, canonicalEntries(entries, 'deny')) };
}

export function withAlwaysAllowed(present: PolicyFields, entries: readonly string[]): PolicyFields {
  return { ...present, alwaysAllow: united(present.alwaysAllow, canonicalEntries(entries, 'alwaysAllow')) };
}

/** Out of the three lists. An entry that is in none is a mistake that must not look like a success. */
export function withoutEntries(present: PolicyFields, entries: readonly string[]): PolicyFields {
  const fromWhitelist = canonicalEntries(entries, 'whitelist');
  const fromDeny = canonicalEntries(entries, 'deny');
  const fromAlways = canonicalEntries(entries, 'alwaysAllow');
  for (const [index, entry] of entries.entries()) {
    const allowed = fromWhitelist[index] ?? entry;
    const denied = fromDeny[index] ?? entry;
    if (present.whitelist?.includes(allowed) === true || present.deny.includes(denied)) continue;
    if (present.alwaysAllow.includes(fromAlways[index] ?? entry)) continue;
    throw notThere(entry, present);
  }
  const whitelist = present.whitelist?.filter((entry) => !fromWhitelist.includes(entry)) ?? null;
  if (whitelist?.length === 0) {
    throw usageFailure(
      'that would leave an empty whitelist, which is not the same as none',
      '`pullpass policy set --no-whitelist` lifts the restriction: then everything is allowed that is not denied',
    );
  }
  return {
    ...present,
    whitelist,
    deny: present.deny.filter((entry) => !fromDeny.includes(entry)),
    alwaysAllow: present.alwaysAllow.filter((entry) => !fromAlways.includes(entry)),
  };
}

function notThere(entry: string, present: PolicyFields): CommandFailure {
  const [canonical] = canonicalEntries([entry], 'whitelist');
  const excepted = present.exceptions.some((exception) => exception.entry === canonical);
  return new CommandFailure({
    exitCode: EXIT.notFound,
    what: `${entry} is neither in the whitelist nor in the deny list, nor always allowed`,
    advice: excepted
      ? 'there is an exception for it: `pullpass policy exception remove` ends that'
      : 'see all lists with `pullpass policy show`',
  });
}

/** Credential helpers are asked for a host, so a path cannot hold for what asks them. */
export function remarkPaths(entries: readonly string[], terminal: Terminal): void {
  if (!entries.some((entry) => entry.includes('/'))) return;
  remark(
    terminal,
    'a path is enforced when a client names the image (resolve); docker, podman and skopeo ask their helper for the ' +
      'host only and get its credential if anything on it is allowed',
  );
}

function united(present: readonly string[], added: readonly string[]): readonly string[] {
  return [...new Set([...present, ...added])];
}
