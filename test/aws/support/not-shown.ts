/**
 * What AWS does and the stand-in does not, so that no test here shows it. Said on every run; where it is shown instead stands
 * beside it. Each of the first group has a test that expects the stand-in to fail, and so tells when it no longer does.
 */
export const NOT_SHOWN = [
  "access logs: it writes none. Their fields are tested on the template, and the functions' own logs here",
  'metrics: it makes none of embedded ones, so alarms never change. The lines that hold them are looked at here',
  "the table's expiry, point-in-time recovery, deletion protection and encryption: CloudFormation drops them. Tested on the template",
  "the key: services do not use it in the caller's name, so its policy and kms:ViaService are not evaluated. Tested on the template",
  'deleting a secret for good: the condition key that forbids it is unknown to it. Tested on the template',
  "an IAM route's 403 for a bearer token: it passes it on, and the function refuses it itself",
  'throttling of the API, arm64, memory and time limits: functions are plain processes of this machine. See test/aws/runtime',
] as const;

export function sayNotShown(): void {
  const line = '!'.repeat(100);
  console.warn(`${line}\nNOT SHOWN HERE, because the stand-in for AWS does not do it:`);
  for (const each of NOT_SHOWN) console.warn(`  ${each}`);
  console.warn(line);
}
