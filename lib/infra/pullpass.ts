/** Pullpass in an account, as one construct: the architecture, from the data outwards. */
import { Stack } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { alarmTopic } from './alarm-topic.ts';
import { Alarms } from './alarms.ts';
import { Api } from './api.ts';
import { dashboard } from './dashboard.ts';
import { deadLetterQueue } from './dead-letters.ts';
import { copyDecisions } from './decision-log.ts';
import { FirstAdmin } from './first-admin.ts';
import { adminFunction } from './functions/admin.ts';
import { recordDecisionsFunction } from './functions/record-decisions.ts';
import { refresherFunctions } from './functions/refreshers.ts';
import { rejectFunction } from './functions/reject.ts';
import { resolveFunction } from './functions/resolve.ts';
import { sweepVaultFunction } from './functions/sweep-vault.ts';
import { Schedules } from './schedules.ts';
import { settingsOf, type PullpassProps } from './settings.ts';
import { Storage } from './storage.ts';

export class Pullpass extends Construct {
  readonly installation: string;
  /** Where agents and administrators call, without a slash at its end. */
  readonly url: string;
  /** The catalogue. */
  readonly tableName: string;
  /** The secret that holds the first administrator's token. */
  readonly firstAdminSecretArn: string;
  /** Whom roles in other accounts must trust. */
  readonly ecrRefresherRole: IRole;
  readonly alarmTopic: ITopic;
  /** With a custom domain: what its DNS name points to. */
  readonly domainTarget: string | undefined;

  constructor(scope: Construct, id: string, props: PullpassProps) {
    super(scope, id);
    const settings = settingsOf(props);
    const { installation } = settings;
    this.installation = installation;
    requireOnlyOne(this);

    const storage = new Storage(this, 'Storage', settings);
    const deadLetters = deadLetterQueue(this);
    const context = { settings, storage, deadLetters };

    const functions = new Construct(this, 'Functions');
    const refreshers = refresherFunctions(functions, context);
    const resolve = resolveFunction(functions, context);
    const reject = rejectFunction(functions, context);
    const admin = adminFunction(functions, context, refreshers);
    const recordDecisions = recordDecisionsFunction(functions, context);
    const sweepVault = sweepVaultFunction(functions, context);

    const api = new Api(this, 'Api', { settings, storage, resolve, reject, admin });
    new Schedules(this, 'Schedules', { refreshers, sweepVault, deadLetters });
    copyDecisions(this, { from: resolve, to: recordDecisions, recorded: settings.recordedDecisions });
    const firstAdmin = new FirstAdmin(this, 'FirstAdmin', context);

    const topic = alarmTopic(this, settings, storage);
    const called = [resolve, reject, admin];
    const unattended = [refreshers.ecr, refreshers.google, refreshers.static, recordDecisions, sweepVault];
    const watched = [...called, ...unattended];
    const alarms = new Alarms(this, 'AlarmList', { installation, topic, api, called, functions: watched, deadLetters });
    dashboard(this, { installation, alarms, api, functions: watched });

    this.url = api.url;
    this.tableName = storage.tableName;
    this.firstAdminSecretArn = firstAdmin.secretArn;
    this.ecrRefresherRole = refreshers.ecr.role;
    this.alarmTopic = topic;
    this.domainTarget = api.domain?.regionalDomainName;
  }
}

/** Two of one name in one place would read and write each other's secrets. */
function requireOnlyOne(pullpass: Pullpass): void {
  const same = Stack.of(pullpass)
    .node.findAll()
    .find((other) => other !== pullpass && other instanceof Pullpass && other.installation === pullpass.installation);
  if (same === undefined) return;
  throw new Error(
    `Pullpass: ${same.node.path} has installation "${pullpass.installation}" already: choose another name`,
  );
}
