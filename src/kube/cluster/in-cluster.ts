import { existsSync } from 'node:fs';

/** Where Kubernetes puts the token into a pod. */
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Whether this is a pod with a service account. */
export const isInCluster = (): boolean => existsSync(TOKEN);
