/**
 * A stack with one Pullpass and nothing else, chosen by literal values: what the construct takes as objects is found
 * here by its name.
 */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { Pullpass } from './pullpass.ts';
import type { CustomDomain, Network, PullpassProps } from './settings.ts';

/** One way to deploy Pullpass, written down as values. */
export interface PullpassStage extends Omit<PullpassProps, 'customDomain' | 'network'> {
  readonly customDomain?: { readonly name: string; readonly certificateArn: string };
  readonly network?: NetworkByName;
}

export interface NetworkByName {
  readonly vpcId: string;
  /** Private ones, with a way to the AWS services and to the registries. */
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

export class PullpassStack extends Stack {
  readonly pullpass: Pullpass;

  constructor(scope: Construct, id: string, props: StackProps & { readonly stage: PullpassStage }) {
    const { stage, ...stackProps } = props;
    super(scope, id, { description: `Pullpass ${stage.installation}`, ...stackProps });
    const { customDomain, network, ...settings } = stage;
    this.pullpass = new Pullpass(this, 'Pullpass', {
      ...settings,
      ...(customDomain === undefined ? {} : { customDomain: domainOf(this, customDomain) }),
      ...(network === undefined ? {} : { network: networkOf(this, network) }),
    });
    this.output('Url', this.pullpass.url, 'Where agents and administrators call');
    this.output('FirstAdminSecret', this.pullpass.firstAdminSecretArn, "Holds the first administrator's token");
    this.output('Table', this.pullpass.tableName, 'The catalogue');
    this.output('EcrRefresherRole', this.pullpass.ecrRefresherRole.roleArn, 'Whom roles in other accounts must trust');
    this.output('AlarmTopic', this.pullpass.alarmTopic.topicArn, 'Where alarms go to');
    const { domainTarget } = this.pullpass;
    if (domainTarget !== undefined) this.output('DomainTarget', domainTarget, 'What the DNS name has to point to');
  }

  private output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}

function domainOf(scope: Construct, domain: { readonly name: string; readonly certificateArn: string }): CustomDomain {
  return {
    name: domain.name,
    certificate: Certificate.fromCertificateArn(scope, 'Certificate', domain.certificateArn),
  };
}

function networkOf(scope: Construct, { vpcId, subnetIds, securityGroupIds }: NetworkByName): Network {
  return {
    // Zones are only looked at where subnets are chosen by them; here each is named.
    vpc: Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId, availabilityZones: ['any'] }),
    subnets: { subnets: subnetIds.map((subnetId) => Subnet.fromSubnetId(scope, subnetId, subnetId)) },
    securityGroups: securityGroupIds.map((id) => SecurityGroup.fromSecurityGroupId(scope, id, id)),
  };
}
