/** The command that adds by hand what could not be imported: which one it is, is the host's to say. */
import { parseAddress } from '../../domain/address.ts';
import { parseEcrHost } from '../../domain/ecr-host.ts';
import { isGoogleHost } from '../../domain/google-host.ts';
import { AZURE_INSTEAD, isAzureHost } from '../../domain/short-lived-login.ts';
import { environmentFlags, shellWord } from './shown.ts';

/** @param address undefined where it is not known, or not one to show. */
export function commandToAdd(address: string | undefined, environments: readonly string[]): string {
  const command = `pullpass registry add ${shellWord(address ?? 'HOST')} ${environmentFlags(environments)}`;
  const host = hostOf(address);
  if (parseEcrHost(host) !== undefined) return command;
  return isGoogleHost(host) ? `${command} --key-file FILE` : `${command} --username NAME`;
}

/** For a name of one's own before ECR. */
export function commandToAddUpstream(address: string, environments: readonly string[]): string {
  return `pullpass registry add ${shellWord(address)} ${environmentFlags(environments)} --upstream ECR_HOST`;
}

/** What to have ready for it, and the command. */
export function addingByHand(address: string, environments: readonly string[]): string {
  const command = commandToAdd(address, environments);
  const host = hostOf(address);
  if (isGoogleHost(host)) return `give it a service account key: ${command}`;
  return isAzureHost(host) ? `${AZURE_INSTEAD}: ${command}` : `add it by hand: ${command}`;
}

function hostOf(address = ''): string {
  const parsed = parseAddress(address);
  return parsed.ok ? parsed.value.host : '';
}
