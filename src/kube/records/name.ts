/** Whether `name` may name a cluster-wide object: a DNS subdomain in lower case, at most 253 characters (RFC 1123 §2.1). */
export function isObjectName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
}
