/**
 * Kubernetes: containerd's files for its nodes, and a ValidatingAdmissionPolicy for the cluster, which refuses pods by
 * repository where containerd knows hosts only. What of an image is refused: image-expressions.ts.
 */
import { createHash } from 'node:crypto';
import { refusesAnything, type Access } from '../../domain/access-scopes.ts';
import type { EnvironmentName } from '../../domain/environment-name.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { containerdFiles, notesOn } from './containerd.ts';
import { hostFile } from './host-file.ts';
import { imageExpressions } from './image-expressions.ts';
import type { HostConfig, HostConfigTooLarge, WantedHostConfig } from './wanted.ts';

const FILE = ['etc', 'pullpass', 'kubernetes', 'image-policy.json'];
const API_VERSION = 'admissionregistration.k8s.io/v1';
/** etcd takes 1.5 MiB for an object, and what the API server adds has to fit, too. */
const MAX_POLICY_BYTES = 1_200_000;

export function kubernetesConfig(wanted: WantedHostConfig): Result<HostConfig, HostConfigTooLarge> {
  const items = itemsFor(wanted);
  const content = `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 2)}\n`;
  if (items.some((item) => Buffer.byteLength(JSON.stringify(item)) > MAX_POLICY_BYTES)) {
    const reason = `the admission policy has more than ${MAX_POLICY_BYTES} bytes, which Kubernetes does not store: use fewer, wider entries`;
    return failure({ kind: 'host_config_too_large', reason });
  }
  return success({
    runtime: 'kubernetes',
    environment: wanted.environment,
    enforces: 'repositories',
    notes: [
      ...(items.length === 0 ? [] : admissionNotes(wanted)),
      ...leftoverNotes(wanted, items.length === 0),
      ...notesOn(wanted),
      ...wanted.notes,
    ],
    files: [...containerdFiles(wanted), ...(items.length === 0 ? [] : [hostFile(FILE, content)])],
  });
}

/** In audit mode what policy refuses is only warned of; what is deactivated is refused all the same. */
function itemsFor(wanted: WantedHostConfig): readonly unknown[] {
  const { mode, policy, enforced } = wanted;
  if (mode === 'enforce') return admission(wanted, { what: 'images', access: enforced, actions: ['Deny'] });
  return [
    ...admission(wanted, { what: 'images', access: policy, actions: ['Audit', 'Warn'] }),
    ...admission(wanted, { what: 'deactivated', access: enforced, actions: ['Deny'] }),
  ];
}

interface Admission {
  /** Names it, beside the environment. */
  readonly what: 'images' | 'deactivated';
  readonly access: Access;
  readonly actions: readonly ('Deny' | 'Audit' | 'Warn')[];
}

function admission(
  { environment, defaultRegistry }: WantedHostConfig,
  { what, access, actions }: Admission,
): readonly unknown[] {
  if (!refusesAnything(access)) return [];
  const name = nameOf(environment, what);
  const metadata = {
    name,
    labels: labelsFor(environment),
    annotations: {
      'pullpass/written-by': `Written by Pullpass for the environment ${environment}. Do not edit: change policy or registries instead.`,
    },
  };
  const { variables, refused } = imageExpressions(access, defaultRegistry);
  return [
    {
      apiVersion: API_VERSION,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: RESOURCE_RULES },
        variables: [...IMAGES, ...variables, { name: 'refused', expression: refused }],
        validations: [
          {
            expression: 'size(variables.refused) == 0',
            message: `an image of this pod is refused by the policy of the environment ${environment} in Pullpass`,
            messageExpression: `"the image " + variables.refused[0] + " is refused by the policy of the environment ${environment} in Pullpass"`,
            reason: 'Forbidden',
          },
        ],
      },
    },
    {
      apiVersion: API_VERSION,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: name, validationActions: actions },
    },
  ];
}

/** An environment's name may end with "-", which the name of an object must not. */
function nameOf(environment: EnvironmentName, what: Admission['what']): string {
  return `pullpass-${environment}-${what}`;
}

const MANAGED_BY = 'app.kubernetes.io/managed-by';
const ENVIRONMENT = 'pullpass/environment';

function labelsFor(environment: EnvironmentName): Readonly<Record<string, string>> {
  return { [MANAGED_BY]: 'pullpass', [ENVIRONMENT]: labelValue(environment) };
}

/** A label's value begins and ends with a letter or digit; a name that does not is told apart by a hash, as no name has a dot. */
function labelValue(environment: EnvironmentName): string {
  if (!environment.startsWith('-') && !environment.endsWith('-')) return environment;
  return `name.${createHash('sha256').update(environment).digest('hex').slice(0, 40)}`;
}

const POD = { apiGroups: [''], apiVersions: ['v1'] };
const RESOURCE_RULES = [
  { ...POD, resources: ['pods'], operations: ['CREATE', 'UPDATE'] },
  { ...POD, resources: ['pods/ephemeralcontainers'], operations: ['UPDATE'] },
];

/**
 * What is in the pod already was let in before: a pod whose image is refused by now can still be changed, and so deleted,
 * which takes changes where it has finalizers.
 */
const IMAGES = [
  { name: 'oldImages', expression: `oldObject == null ? [] : ${imagesOf('oldObject')}` },
  { name: 'images', expression: `(${imagesOf('object')}).filter(i, !(i in variables.oldImages))` },
];

/** The last are images that are mounted as volumes. */
function imagesOf(pod: string): string {
  const ofContainers = ['containers', 'initContainers', 'ephemeralContainers'].map((field) => {
    const containers = `${pod}.spec.${field}`;
    return `(has(${containers}) ? ${containers}.map(c, has(c.image) ? string(c.image) : "") : [])`;
  });
  const volumes = `${pod}.spec.volumes`;
  const ofVolumes = `(has(${volumes}) ? ${volumes}.filter(v, has(v.image)).map(v, has(v.image.reference) ? string(v.image.reference) : "") : [])`;
  return [...ofContainers, ofVolumes].join(' + ');
}

function admissionNotes({ environment, mode, defaultRegistry }: WantedHostConfig): readonly string[] {
  return [
    `Apply the admission policy to the cluster, and again after every change of it, which no node does: kubectl apply --server-side -f /${FILE.join('/')}. It takes Kubernetes 1.30 or later.`,
    'It holds in every namespace, kube-system included: have the images of the platform always allowed, or look at what it would refuse in mode audit first.',
    ...(mode === 'audit'
      ? [`In mode audit it warns and writes to the audit log of Kubernetes, for ${environment}.`]
      : []),
    ...(defaultRegistry === undefined
      ? []
      : [
          `Kubernetes takes an image without a registry from Docker Hub, not from ${defaultRegistry}: such an image has to be allowed on both.`,
        ]),
  ];
}

const DELETE = 'kubectl delete --ignore-not-found validatingadmissionpolicybindings,validatingadmissionpolicies';

/**
 * Applying takes nothing away. `kubectl apply --prune` does not help: it passes over objects that were applied on the server's
 * side, which those have to be that are too large for an annotation.
 */
function leftoverNotes({ environment, mode, enforced }: WantedHostConfig, nothingToApply: boolean): readonly string[] {
  if (nothingToApply) {
    const labels = Object.entries(labelsFor(environment)).map(([name, value]) => `${name}=${value}`);
    return [
      `No admission policy is wanted: where one was applied before, it holds until it is deleted: ${DELETE} -l ${labels.join(',')}`,
    ];
  }
  if (mode === 'audit' && refusesAnything(enforced)) return [];
  const name = nameOf(environment, 'deactivated');
  return [
    `${name}, which mode audit has for deactivated registries, is not wanted now: where it was applied before, it holds until it is deleted: ${DELETE} ${name}`,
  ];
}
