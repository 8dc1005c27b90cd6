/**
 * Kubernetes: containerd's files for its nodes, and a ValidatingAdmissionPolicy for the cluster, which refuses pods by
 * repository where containerd knows hosts only. What of an image is refused: image-expressions.ts.
 */
import { refusesAnything, type Access } from '../../domain/access-scopes.ts';
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
    notes: [...(items.length === 0 ? [] : admissionNotes(wanted)), ...notesOn(wanted), ...wanted.notes],
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
  // An environment's name may end with "-", which the name of an object must not.
  const name = `pullpass-${environment}-${what}`;
  const metadata = {
    name,
    labels: { 'app.kubernetes.io/managed-by': 'pullpass' },
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
    `Apply the admission policy once for the cluster: kubectl apply --server-side -f /${FILE.join('/')}. It takes Kubernetes 1.30 or later.`,
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
