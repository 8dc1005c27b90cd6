/** Reads synthesised templates: resources by type, and references as the values that they would have once deployed. */
import { ACCOUNT, FUNCTIONS, REGION, type CfnTemplate, type Resource } from './synthesise.ts';

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::URLSuffix': 'amazonaws.com',
};

const REGIONAL: Readonly<Record<string, (id: string) => string>> = {
  'AWS::DynamoDB::GlobalTable': (id) => `dynamodb:${REGION}:${ACCOUNT}:table/${id}`,
  'AWS::KMS::Key': (id) => `kms:${REGION}:${ACCOUNT}:key/${id}`,
  'AWS::Lambda::Function': (id) => `lambda:${REGION}:${ACCOUNT}:function:${id}`,
  'AWS::Logs::LogGroup': (id) => `logs:${REGION}:${ACCOUNT}:log-group:${id}:*`,
  'AWS::SQS::Queue': (id) => `sqs:${REGION}:${ACCOUNT}:${id}`,
  'AWS::SNS::Topic': (id) => `sns:${REGION}:${ACCOUNT}:${id}`,
  'AWS::SecretsManager::Secret': (id) => `secretsmanager:${REGION}:${ACCOUNT}:secret:${id}-AbCdEf`,
  'AWS::IAM::Role': (id) => `iam::${ACCOUNT}:role/${id}`,
};

export class Deployed {
  private readonly template: CfnTemplate;

  constructor(template: CfnTemplate) {
    this.template = template;
  }

  /** With references resolved. */
  ofType(type: string): ReadonlyMap<string, Resource['Properties']> {
    return new Map(this.resources(type).map(([id, { Properties }]) => [id, this.properties(Properties)]));
  }

  resources(type: string): readonly (readonly [string, Resource])[] {
    return Object.entries(this.template.Resources).filter(([, resource]) => resource.Type === type);
  }

  /** The one resource of its type whose logical id begins so. */
  one(type: string, begins = ''): Resource['Properties'] & { readonly id: string } {
    const found = [...this.ofType(type)].filter(([id]) => id.startsWith(begins));
    const [first] = found;
    if (first === undefined || found.length > 1) throw new Error(`${found.length} resources ${type} ${begins}`);
    return { ...first[1], id: first[0] };
  }

  arnOf(type: string, begins = ''): string {
    return this.arn(this.one(type, begins).id);
  }

  function(name: keyof typeof FUNCTIONS): Resource['Properties'] & { readonly id: string } {
    return this.one('AWS::Lambda::Function', `${FUNCTIONS[name]}Function`);
  }

  outputs(): Readonly<Record<string, unknown>> {
    const outputs = Object.entries(this.template.Outputs);
    return Object.fromEntries(outputs.map(([name, { Value }]) => [name, this.resolve(Value)]));
  }

  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item));
    if (!isRecord(value)) return value;
    const [only, ...others] = Object.entries(value);
    if (only !== undefined && others.length === 0) {
      const [name, argument] = only;
      if (name === 'Ref' && typeof argument === 'string') return this.reference(argument);
      if (name === 'Fn::GetAtt' && Array.isArray(argument)) return this.attribute(argument);
      if (name === 'Fn::Join' && Array.isArray(argument)) return this.join(argument);
    }
    return this.properties(value);
  }

  private properties(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.resolve(item)]));
  }

  private reference(id: string): string {
    const type = this.template.Resources[id]?.Type;
    // The reference to a secret or a topic is its ARN, that of most others their name.
    return type === 'AWS::SNS::Topic' || type === 'AWS::SecretsManager::Secret' ? this.arn(id) : (PSEUDO[id] ?? id);
  }

  private attribute([id, name]: readonly unknown[]): string {
    if (typeof id !== 'string' || typeof name !== 'string') throw new Error('no such attribute');
    return /^(?:Arn|Id|TopicArn)$/.test(name) ? this.arn(id) : `${id}.${name}`;
  }

  private arn(id: string): string {
    const known = REGIONAL[this.template.Resources[id]?.Type ?? ''];
    if (known === undefined) throw new Error(`no ARN is known for ${id}`);
    return `arn:aws:${known(id)}`;
  }

  private join([separator, parts]: readonly unknown[]): string {
    if (typeof separator !== 'string' || !Array.isArray(parts)) throw new Error('no such join');
    return parts.map((part) => String(this.resolve(part))).join(separator);
  }
}

export function statementsOf(document: unknown): readonly unknown[] {
  const statements = isRecord(document) ? document['Statement'] : undefined;
  if (!Array.isArray(statements)) throw new Error('no policy document');
  return statements;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
