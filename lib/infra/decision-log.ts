/**
 * Decisions are in the log of resolve, written before a secret leaves; from there they are copied to where they are
 * listed. The log is the record, the list is a convenience: what is lost on the way is in the log still.
 */
import { FilterPattern, SubscriptionFilter } from 'aws-cdk-lib/aws-logs';
import { LambdaDestination } from 'aws-cdk-lib/aws-logs-destinations';
import type { Construct } from 'constructs';
import type { BundledFunction } from './bundled-function.ts';

export interface DecisionLogProps {
  readonly from: BundledFunction;
  readonly to: BundledFunction;
  readonly recorded: 'all' | 'refused';
}

const PATTERNS = {
  all: '{ $.event = "decision" }',
  // In audit mode nothing is refused, but what would have been is what one looks for.
  refused: '{ $.event = "decision" && ($.outcome != "released" || $.wouldRefuse IS TRUE) }',
} as const;

export function copyDecisions(scope: Construct, { from, to, recorded }: DecisionLogProps): void {
  new SubscriptionFilter(scope, 'DecisionLog', {
    logGroup: from.logGroup,
    destination: new LambdaDestination(to.lambda),
    filterPattern: FilterPattern.literal(PATTERNS[recorded]),
  });
}
