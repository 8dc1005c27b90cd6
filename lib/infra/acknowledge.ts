/**
 * Findings of rule packs (cdk-nag) that are meant to be: each with its reason, at the construct that it is about. They
 * are recorded by the CDK itself, so nothing here needs the rule packs.
 */
import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** By the rule's id; a rule with several findings on one resource names each in brackets. */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(construct).acknowledge({ id, reason });
}
