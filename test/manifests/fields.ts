import * as client from '@kubernetes/client-node';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}

const models = client as unknown as Readonly<
  Record<string, { readonly getAttributeTypeMap?: () => readonly Attribute[] } | undefined>
>;

/** Models of the API by kind. What has none here is not of Kubernetes itself. */
const modelOf: Readonly<Record<string, string>> = {
  ClusterRole: 'V1ClusterRole',
  ClusterRoleBinding: 'V1ClusterRoleBinding',
  ConfigMap: 'V1ConfigMap',
  CustomResourceDefinition: 'V1CustomResourceDefinition',
  DaemonSet: 'V1DaemonSet',
  Job: 'V1Job',
  Namespace: 'V1Namespace',
  Role: 'V1Role',
  RoleBinding: 'V1RoleBinding',
  ServiceAccount: 'V1ServiceAccount',
  ValidatingAdmissionPolicy: 'V1ValidatingAdmissionPolicy',
  ValidatingAdmissionPolicyBinding: 'V1ValidatingAdmissionPolicyBinding',
};

/** What is wrong with an object by the API's own types, with paths; undefined where its kind is not of Kubernetes itself. */
export function misfits(object: { readonly kind: string }): readonly string[] | undefined {
  const model = modelOf[object.kind];
  return model === undefined ? undefined : [...visit(model, object, object.kind)];
}

function* visit(type: string, value: unknown, path: string): Generator<string> {
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (list !== undefined) yield* visitList(list, value, path);
  else if (map !== undefined) yield* visitMap(map, value, path);
  else if (models[type]?.getAttributeTypeMap === undefined) yield* visitScalar(type, value, path);
  else yield* visitModel(type, value, path);
}

function* visitList(type: string, value: unknown, path: string): Generator<string> {
  if (!Array.isArray(value)) yield `${path} is no list`;
  else for (const [i, item] of value.entries()) yield* visit(type, item, `${path}[${i}]`);
}

function* visitMap(type: string, value: unknown, path: string): Generator<string> {
  if (!isMap(value)) yield `${path} is no map`;
  else for (const [key, item] of Object.entries(value)) yield* visit(type, item, `${path}.${key}`);
}

function* visitModel(type: string, value: unknown, path: string): Generator<string> {
  if (!isMap(value)) {
    yield `${path} is no ${type}`;
    return;
  }
  const attributes = new Map(models[type]?.getAttributeTypeMap?.().map((a) => [a.baseName, a.type]));
  for (const [key, item] of Object.entries(value)) {
    const attribute = attributes.get(key);
    if (attribute === undefined) yield `${path} has no field ${key}`;
    else yield* visit(attribute, item, `${path}.${key}`);
  }
}

function* visitScalar(type: string, value: unknown, path: string): Generator<string> {
  const isFit =
    type === 'any' ||
    (type === 'IntOrString' ? ['string', 'number'].includes(typeof value) : typeof value === type);
  if (!isFit) yield `${path} is no ${type}`;
}

const isMap = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
